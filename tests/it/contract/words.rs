//! Comments and texts use the terms of the field.
//!
//! An earlier style of this code base described everything as people and errands: clients were
//! "whoever", processes were "told" and "looked after", pending work was "on its way" and failed
//! work "came to nothing". A reader had to translate that into the terms that logs, papers and other
//! projects use, and could search for neither.
//!
//! The list below has phrases of that style only. Each hides a component (name it), a standard term
//! (use it) or a negation (state it plainly). Words with an ordinary technical use are not on the
//! list, even if the old style was fond of them: "leads to", "stands for", "of its own", "by itself".

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};

use super::source::rust_files;

/// Files and directories that are checked. Add each room once its texts have been revised.
const REVISED: &[&str] = &[
    "benches",
    "fuzz/fuzz_targets",
    "protocol/src/error.rs",
    "protocol/src/event",
    "protocol/src/handshake.rs",
    "protocol/src/payload",
    "protocol/src/request",
    "src/app",
    "src/app.rs",
    "src/browser",
    "src/cdp",
    "src/cli",
    "src/cli.rs",
    "src/client",
    "src/clock.rs",
    "src/config",
    "src/console",
    "src/doctor",
    "src/egress",
    "src/exposition.rs",
    "src/flow",
    "src/lib.rs",
    "src/locator",
    "src/lock.rs",
    "src/main.rs",
    "src/metrics.rs",
    "src/operations",
    "src/policy",
    "src/runtime.rs",
    "src/schema.rs",
    "src/server",
    "src/systemd.rs",
    "src/tabs",
    "src/telemetry.rs",
    "src/timer.rs",
    "src/tokens",
    "src/units",
    "tests/it/actor",
    "tests/it/fake",
    "tests/it/support",
];

/// Phrases, with what to write instead.
const PHRASES: &[(&str, &str)] = &[
    ("whoever", "the caller, the client, the owner"),
    ("whomever", "the caller, the client, the owner"),
    ("nobody", "no client, no task, no process"),
    ("somebody", "a client, a task, a process"),
    ("anybody", "any client, any task, any process"),
    ("everybody", "all clients, all subscribers"),
    ("who asks", "the caller, the client that requests"),
    ("who waits", "pending requests, waiters"),
    ("is told", "receives, is notified, gets the event"),
    ("are told", "receive, are notified, get the event"),
    ("was told", "received, was notified"),
    ("were told", "received, were notified"),
    ("hear of", "receive, are notified"),
    ("hears of", "receives, is notified"),
    ("heard of", "reported, received"),
    ("looks after", "supervises, owns, manages"),
    ("look after", "supervise, own, manage"),
    ("looked after", "supervised, owned, managed"),
    ("at work", "running, in progress, active"),
    ("on its way", "pending, in flight, queued"),
    ("on their way", "pending, in flight, queued"),
    ("comes to nothing", "fails, is cancelled"),
    ("come to nothing", "fail, are cancelled"),
    ("came to nothing", "failed, was cancelled"),
    ("of its own accord", "by itself, without a request"),
    ("what is no", "anything other than; invalid"),
    ("that is none", "invalid, missing"),
    ("which is none", "invalid, missing"),
    ("for so long", "for this duration, until the timeout"),
    ("at most so", "up to N, at most `limit`"),
    ("let go of", "release, detach, drop"),
    ("lets go of", "releases, detaches, drops"),
    ("stands in", "is in, contains"),
    ("for want of", "because … is missing, without"),
    ("in vain", "without effect, unsuccessfully"),
    ("all the same", "nevertheless, anyway"),
    ("in good order", "gracefully"),
    ("way out", "proxy, egress"),
    ("ways out", "proxies, egress"),
    ("anew", "again"),
    ("newcomer", "the new entry"),
];

/// The comments and string literals of a file, each with the number of its first line. Consecutive
/// comment lines are one comment.
fn prose(text: &str) -> Vec<(usize, String)> {
    let tokens: TokenStream = text.parse().unwrap();
    let mut found = Vec::new();
    // The column behind the last token of each line: what follows can only be a comment.
    let mut code_ends = BTreeMap::new();
    read(tokens, &mut found, &mut code_ends);
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    // The tokenizer turns doc comments into attributes with string literals.
    found.retain(|(line, _)| !lines[line - 1].starts_with("//"));
    let mut comments: Vec<(usize, String)> = Vec::new();
    let mut last_line = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let end = code_ends.get(&number).copied().unwrap_or(0);
        let rest: String = line.chars().skip(end).collect();
        if lines[number - 1].starts_with("//") {
            match comments.last_mut() {
                Some((_, comment)) if last_line + 1 == number => *comment += line,
                _ => comments.push((number, line.to_owned())),
            }
            last_line = number;
        } else if rest.contains("//") {
            comments.push((number, rest));
        }
    }
    found.extend(comments);
    found.sort();
    found
}

fn read(
    tokens: TokenStream,
    found: &mut Vec<(usize, String)>,
    code_ends: &mut BTreeMap<usize, usize>,
) {
    for token in tokens {
        let (start, end) = (token.span().start(), token.span().end());
        match token {
            TokenTree::Group(group) => {
                read(group.stream(), found, code_ends);
                let close = group.span_close().end();
                code_ends.insert(close.line, close.column);
                continue;
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.contains('"') {
                    found.push((start.line, text));
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
        for line in start.line..end.line {
            code_ends.insert(line, usize::MAX);
        }
        code_ends.insert(end.line, end.column);
    }
}

/// The phrases in a text, as whole words in any case.
fn phrases(text: &str) -> Vec<&'static (&'static str, &'static str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: String = text
        .to_lowercase()
        .split(|c: char| !is_word(c))
        .filter(|word| !word.is_empty())
        .flat_map(|word| [" ", word])
        .collect();
    let words = words + " ";
    let occurs = |phrase: &str| words.contains(&format!(" {phrase} "));
    PHRASES
        .iter()
        .filter(|(phrase, _)| occurs(phrase))
        .collect()
}

#[test]
fn revised_rooms_use_the_terms_of_the_field() {
    let mut found = Vec::new();
    for (path, text) in REVISED.iter().flat_map(|path| rust_files(path)) {
        for (line, text) in prose(&text) {
            for (phrase, instead) in phrases(&text) {
                found.push(format!("{path}:{line}: `{phrase}`; write: {instead}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn comments_and_string_literals_are_read_and_code_is_not() {
    let text = r##"//! Whoever reads this.

/// Nobody.
fn nobody() {
    let whoever = 1; // In vain.
    // On its
    // way.
    log("it is told", 'x', r#"for so long
        as it lasts"#);
}
"##;
    let found: Vec<(usize, &str)> = prose(text)
        .iter()
        .flat_map(|(line, text)| {
            phrases(text)
                .into_iter()
                .map(|(phrase, _)| (*line, *phrase))
        })
        .collect();
    let expected = [
        (1, "whoever"),
        (3, "nobody"),
        (5, "in vain"),
        (6, "on its way"),
        (8, "is told"),
        (8, "for so long"),
    ];
    assert_eq!(found, expected);
    assert!(phrases("An everybodys way_out, retold").is_empty());
}
