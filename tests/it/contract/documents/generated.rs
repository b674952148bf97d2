//! Parts of documents that the code writes, between two markers.

use crate::contract::schemas::repository;

/// The line that opens and the line that closes a generated part.
fn markers(name: &str) -> (String, String) {
    (
        format!("<!-- generated: {name} -->\n"),
        format!("<!-- end of {name} -->"),
    )
}

/// A document with another text in a generated part, where it has that part.
fn replaced(document: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = markers(name);
    let from = document.find(&begin)? + begin.len();
    let to = from + document[from..].find(&end)?;
    Some(format!(
        "{}\n{}\n\n{}",
        &document[..from],
        text.trim(),
        &document[to..]
    ))
}

/// Fails unless the part of this name in a document is this text. `UPDATE_EXPECT=1` writes it.
#[track_caller]
pub(super) fn check(path: &str, name: &str, text: &str) {
    let file = repository(path);
    let document = std::fs::read_to_string(&file).unwrap();
    let expected = replaced(&document, name, text)
        .unwrap_or_else(|| panic!("{path} has no part `{}`", markers(name).0.trim()));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &expected).unwrap();
    } else {
        assert!(
            document == expected,
            "the part `{name}` of {path} differs from the code; write it anew with \
             `UPDATE_EXPECT=1 cargo test --test it -- contract::documents` and commit it"
        );
    }
}

#[test]
fn only_what_is_between_the_markers_is_replaced() {
    let document = "a\n<!-- generated: x -->\nold\n<!-- end of x -->\nb\n";
    let new = replaced(document, "x", "new\n").unwrap();
    assert_eq!(
        new,
        "a\n<!-- generated: x -->\n\nnew\n\n<!-- end of x -->\nb\n"
    );
    assert_eq!(
        replaced(&new, "x", "new"),
        Some(new.clone()),
        "it is stable"
    );
    assert_eq!(replaced(document, "y", "new"), None);
}
