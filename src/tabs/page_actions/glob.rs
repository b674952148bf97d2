//! URL globs.

/// Whether a URL matches a glob: `*` matches anything except `/`, `**` matches anything, `?` matches
/// one character except `/`, and a backslash escapes the next character.
pub(super) fn fits(glob: &str, url: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let url: Vec<char> = url.chars().collect();
    // `places[n]`: the glob up to here matches the first `n` characters of the URL.
    let mut places = vec![false; url.len() + 1];
    places[0] = true;
    let mut at = 0;
    while at < glob.len() {
        let (piece, length) = match (glob[at], glob.get(at + 1)) {
            ('*', Some('*')) => (Piece::Anything, 2),
            ('*', _) => (Piece::Part, 1),
            ('?', _) => (Piece::One, 1),
            ('\\', Some(next)) => (Piece::Exactly(*next), 2),
            (c, _) => (Piece::Exactly(c), 1),
        };
        places = advance(&piece, &places, &url);
        at += length;
    }
    places[url.len()]
}

enum Piece {
    Anything,
    Part,
    One,
    Exactly(char),
}

fn advance(piece: &Piece, before: &[bool], url: &[char]) -> Vec<bool> {
    let mut after = vec![false; before.len()];
    match piece {
        Piece::Anything | Piece::Part => {
            let mut open = false;
            for at in 0..before.len() {
                let crossed = at.checked_sub(1).map(|last| url[last]) == Some('/');
                open &= matches!(piece, Piece::Anything) || !crossed;
                open |= before[at];
                after[at] = open;
            }
        }
        Piece::One | Piece::Exactly(_) => {
            for (at, c) in url.iter().enumerate() {
                let fits = match piece {
                    Piece::Exactly(wanted) => wanted == c,
                    _ => *c != '/',
                };
                after[at + 1] = before[at] && fits;
            }
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_star_stays_between_slashes_and_two_do_not() {
        for (glob, url, expected) in [
            ("http://a.test/", "http://a.test/", true),
            ("http://a.test/", "http://a.test/b", false),
            ("**/b", "http://a.test/b", true),
            ("**", "", true),
            ("*", "a/b", false),
            ("http://*/b", "http://a.test/b", true),
            ("http://*/b", "http://a.test/x/b", false),
            ("http://**/b?c", "http://a.test/x/bxc", true),
            ("http://**/b?c", "http://a.test/x/b/c", false),
            ("**/b\\?c=*", "http://a.test/b?c=1", true),
            ("**/b\\?c=*", "http://a.test/bxc=1", false),
            ("**done**", "http://a.test/#done", true),
        ] {
            assert_eq!(fits(glob, url), expected, "{glob} {url}");
        }
    }

    proptest! {
        #[test]
        fn any_url_fits_itself_without_its_special_characters(url in "[a-z/:.#=&]{0,40}") {
            prop_assert!(fits(&url, &url));
            prop_assert!(fits("**", &url));
        }
    }
}
