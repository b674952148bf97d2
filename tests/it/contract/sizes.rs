//! One idea a file: none is long.

use super::source;

/// The most lines of code a file may have: without its tests, blank lines and comments.
const MOST: usize = 500;

/// Files that may be longer, each with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn no_file_is_longer_than_one_idea_needs() {
    for source in source::read_all(&["src", "protocol/src"]) {
        let lines = source.lines_of_code();
        let exception = EXCEPTIONS.iter().find(|(path, _)| *path == source.path);
        match exception {
            None => assert!(
                lines <= MOST,
                "{} has {lines} lines of code, more than {MOST}: it holds more than one idea",
                source.path
            ),
            Some((path, reason)) => assert!(
                lines > MOST,
                "{path} is no longer too long; take its exception away ({reason})"
            ),
        }
    }
}
