//! Suggestions for unknown keys and variables.

use super::catalogue::catalogue;

/// For a dotted key: the nearest one in its section, and all of them.
pub(crate) fn for_key(key: &str) -> String {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let names = catalogue().names_in(section);
    let (what, known) = match section {
        "" => ("Sections".to_owned(), names.join(", ")),
        _ if names.is_empty() => {
            let near = nearest(key, catalogue().keys().map(|key| key.path.as_str()));
            return match near {
                Some(near) => format!("did you mean {near}?"),
                None => format!("sections are {}", catalogue().names_in("").join(", ")),
            };
        }
        _ => (format!("Keys of {section}"), names.join(", ")),
    };
    match nearest(name, names) {
        Some(near) => format!("did you mean {near}? {what}: {known}"),
        None => format!("{}: {known}", what.to_lowercase()),
    }
}

/// For an environment variable: the nearest one.
pub(crate) fn for_variable(name: &str, known: &[String]) -> String {
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "expected CDP_BRIDGE_SECTION_KEY, such as CDP_BRIDGE_SERVER_LISTEN".to_owned(),
    }
}

/// The candidate with the smallest edit distance, if that is small enough for a typing error.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_name() {
        let names = ["browser.path", "browser.cdp_port", "server.listen"];
        assert_eq!(nearest("browser.cdpport", names), Some("browser.cdp_port"));
        assert_eq!(nearest("server.lisen", names), Some("server.listen"));
    }

    #[test]
    fn a_name_that_is_far_from_all_finds_none() {
        assert_eq!(nearest("zzz", ["browser.path", "server.listen"]), None);
    }
}
