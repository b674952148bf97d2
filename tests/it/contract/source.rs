//! The source as the tests of its structure see it: files, the modules they are, what they name
//! outside their tests, and which of their lines are tests.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::schemas::repository;

/// One file.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Its path in the repository.
    pub(super) path: String,
    /// The module it is: `["tabs", "actor"]`.
    module: Vec<String>,
    /// The room it belongs to: the first module of its path.
    pub(super) room: String,
    /// What it names of the crate's own rooms, and of the crate `cdp_bridge_protocol` as
    /// `protocol`, outside tests.
    pub(super) named: Vec<Named>,
    /// The same, each with its whole path: `["tabs", "fact", "Fact"]`.
    pub(super) paths: Vec<NamedPath>,
    /// Modules in files of their own that are tests only.
    test_modules: Vec<Vec<String>>,
    test_lines: Vec<RangeInclusive<usize>>,
    text: String,
}

/// A room that is named somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) room: String,
}

/// An item that is named somewhere, by a path through its room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NamedPath {
    pub(super) line: usize,
    pub(super) path: Vec<String>,
}

impl Source {
    /// Reads one text. The path stands below a directory `src`.
    pub(super) fn new(path: &str, text: String) -> Self {
        let (_, below) = path.split_once("src/").expect("sources stand in src/");
        let mut module: Vec<String> = below
            .trim_end_matches(".rs")
            .split('/')
            .map(str::to_owned)
            .collect();
        module.pop_if(|last| last == "mod");
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{path} is no Rust: {error}"));
        let mut source = Self {
            path: path.to_owned(),
            room: module[0].clone(),
            module: module.clone(),
            text,
            ..Self::default()
        };
        // What stands in the root of the crate names its rooms without `crate::`.
        source
            .module
            .retain(|name| !["lib", "main"].contains(&name.as_str()));
        let module = source.module.clone();
        source.read(&tokens.into_iter().collect::<Vec<_>>(), &module);
        source
    }

    /// Whether this is the file that a room is entered by: `src/room.rs` or `src/room/mod.rs`.
    pub(super) fn is_room_file(&self) -> bool {
        self.module.len() <= 1
    }

    /// Whether it begins with a comment on the whole module.
    pub(super) fn has_module_doc(&self) -> bool {
        self.text.starts_with("//! ")
    }

    /// Lines that hold code: neither blank nor only a comment, nor a test.
    pub(super) fn lines_of_code(&self) -> usize {
        let holds_code = |(number, line): &(usize, &str)| {
            let line = line.trim_start();
            let is_test = self.test_lines.iter().any(|lines| lines.contains(number));
            !(line.is_empty() || line.starts_with("//") || is_test)
        };
        (1..).zip(self.text.lines()).filter(holds_code).count()
    }

    /// Looks through the tokens between two brackets, and inside all that they hold.
    fn read(&mut self, tokens: &[TokenTree], module: &[String]) {
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            if let Some(length) = test_item(rest) {
                self.skip_test(&rest[..length], module);
                at += length;
                continue;
            }
            match &rest[0] {
                TokenTree::Ident(word) if word == "mod" => {
                    if let [_, TokenTree::Ident(name), TokenTree::Group(body), ..] = rest {
                        let inner = [module, &[name.to_string()]].concat();
                        self.read(&body.stream().into_iter().collect::<Vec<_>>(), &inner);
                        at += 3;
                        continue;
                    }
                }
                TokenTree::Ident(word) if word == "cdp_bridge_protocol" => {
                    self.name("protocol".to_owned(), &rest[0]);
                    read_paths(rest, &[], &mut self.paths);
                }
                TokenTree::Ident(word) if word == "crate" || word == "super" => {
                    at += self.read_path(rest, module);
                    continue;
                }
                TokenTree::Group(group) => {
                    self.read(&group.stream().into_iter().collect::<Vec<_>>(), module);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads the start of a path at `crate` or `super` as far as the name of the room, and says how
    /// many tokens that took.
    fn read_path(&mut self, tokens: &[TokenTree], module: &[String]) -> usize {
        let mut at = 0;
        let mut depth = module.len();
        while let TokenTree::Ident(word) = &tokens[at] {
            if word == "crate" {
                depth = 0;
            } else if word == "super" {
                depth = depth.saturating_sub(1);
            } else {
                break;
            }
            at += 1;
            if !is_path_separator(&tokens[at..]) || at + 2 >= tokens.len() {
                // `pub(crate)`, `pub(super)`
                return at;
            }
            at += 2;
        }
        read_paths(&tokens[at..], &module[..depth], &mut self.paths);
        if depth > 0 {
            return at;
        }
        match &tokens[at] {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let is_comma =
                    |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
                for entry in inner.split(is_comma) {
                    if let Some(first) = entry.first() {
                        self.name(first.to_string(), first);
                    }
                }
            }
            token => self.name(token.to_string(), token),
        }
        at + 1
    }

    fn name(&mut self, room: String, token: &TokenTree) {
        let line = token.span().start().line;
        self.named.push(Named { line, room });
    }

    fn skip_test(&mut self, item: &[TokenTree], module: &[String]) {
        let (first, last) = (&item[0], &item[item.len() - 1]);
        self.test_lines
            .push(first.span().start().line..=last.span().end().line);
        let name = item.windows(3).find_map(|window| match window {
            [
                TokenTree::Ident(word),
                TokenTree::Ident(name),
                TokenTree::Punct(_),
            ] if word == "mod" => Some(name.to_string()),
            _ => None,
        });
        if let Some(name) = name {
            self.test_modules.push([module, &[name]].concat());
        }
    }
}

/// Reads a path, or a tree of paths in braces, to its ends.
fn read_paths(tokens: &[TokenTree], before: &[String], found: &mut Vec<NamedPath>) {
    match tokens.first() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_comma =
                |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
            for entry in inner.split(is_comma) {
                read_paths(entry, before, found);
            }
        }
        Some(token) => {
            let path = [before, &[token.to_string()]].concat();
            if is_path_separator(&tokens[1..]) {
                read_paths(&tokens[3..], &path, found);
            } else {
                let line = token.span().start().line;
                found.push(NamedPath { line, path });
            }
        }
        None => {}
    }
}

fn is_path_separator(tokens: &[TokenTree]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ':');
    matches!(tokens, [first, second, ..] if is_colon(first) && is_colon(second))
}

/// The length of the item at the start of the tokens, if it is compiled for tests only.
fn test_item(tokens: &[TokenTree]) -> Option<usize> {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = tokens else {
        return None;
    };
    let text = attribute.stream().to_string().replace(' ', "");
    if hash.as_char() != '#' || !(text == "cfg(test)" || text.starts_with("cfg(all(test,")) {
        return None;
    }
    let is_end = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    let end = tokens.iter().position(is_end);
    Some(end.map_or(tokens.len(), |end| end + 1))
}

/// Every file below these directories of the repository, except those that are tests only.
pub(super) fn read_all(directories: &[&str]) -> Vec<Source> {
    let files = directories.iter().flat_map(|path| rust_files(path));
    let mut sources: Vec<Source> = files.map(|(path, text)| Source::new(&path, text)).collect();
    let tests: BTreeSet<Vec<String>> = sources
        .iter()
        .flat_map(|source| source.test_modules.clone())
        .collect();
    sources.retain(|source| !tests.iter().any(|test| source.module.starts_with(test)));
    sources
}

/// The path and the text of a Rust file, or of every one below a directory, in order.
pub(super) fn rust_files(path: &str) -> Vec<(String, String)> {
    let full = repository(path);
    if full.is_file() {
        let is_rust = full.extension().is_some_and(|extension| extension == "rs");
        let read = || (path.to_owned(), std::fs::read_to_string(&full).unwrap());
        return is_rust.then(read).into_iter().collect();
    }
    let entries = std::fs::read_dir(&full).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let inside = names.iter().map(|name| format!("{path}/{name}"));
    inside.flat_map(|path| rust_files(&path)).collect()
}

#[test]
fn what_is_named_is_found_with_its_line_and_tests_texts_and_comments_are_passed_over() {
    let text = r#"//! crate::comment
use crate::cdp::{Client, Session};
use crate::{flow, policy::Denied};
pub(crate) use super::inner;
use super::super::metrics;
#[cfg(test)]
use crate::only_in_tests::{A, B};
fn f() {
    let text = "crate::text";
    call!(crate::browser::x());
    cdp_bridge_protocol::event::Pong { ts: 1 };
}
mod deeper {
    use super::super::super::telemetry;
    use super::super::own;
}
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod tests {
    use crate::server;
}
"#;
    let source = Source::new("src/tabs/actor.rs", text.to_owned());
    let named: Vec<(usize, &str)> = source
        .named
        .iter()
        .map(|named| (named.line, named.room.as_str()))
        .collect();
    let expected = [
        (2, "cdp"),
        (3, "flow"),
        (3, "policy"),
        (5, "metrics"),
        (10, "browser"),
        (11, "protocol"),
        (14, "telemetry"),
    ];
    assert_eq!(named, expected);
    let paths: Vec<String> = source
        .paths
        .iter()
        .map(|named| named.path.join("::"))
        .collect();
    assert_eq!(
        paths[..4],
        ["cdp::Client", "cdp::Session", "flow", "policy::Denied"]
    );
    assert!(paths.contains(&"cdp_bridge_protocol::event::Pong".to_owned()));
    assert_eq!(source.room, "tabs");
    assert_eq!(source.test_modules, [["tabs", "actor", "elsewhere"]]);
    assert_eq!(source.lines_of_code(), 13);
}
