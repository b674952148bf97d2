//! The code blocks of the documents, and what becomes of each.
//!
//! The info string after the opening fence says it: the language, and where that is not enough a mark.
//!
//! | info string | what a test does |
//! | --- | --- |
//! | `json` | holds each message against the schemas |
//! | `toml` | reads it as configuration |
//! | `sh` | runs it beside a bridge that serves |
//! | `sh serves` | the same with `config print` in the place of `serve`, which would not end |
//! | `cdp` | plays it as a script of the console |
//! | `text console` | plays it at the console, and expects what it shows |
//! | `python`, `ts` | runs it, where there is a Python or Node for it |
//! | `rust` | holds it against `examples/first_page.rs`, which is compiled |
//! | `text` | nothing: it is a picture |
//! | anything with `not-run: REASON` | reads its commands, and runs none |

use std::path::{Path, PathBuf};

use crate::contract::schemas::repository;

/// What is not the repository's own.
const NOT_OURS: [&str; 6] = ["target", "node_modules", ".venv", ".git", "dist", "vendor"];

/// A code block of a document.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Its document, as a path in the repository.
    pub(crate) document: String,
    /// The line of its first fence.
    pub(crate) line: usize,
    /// The first word of its info string.
    pub(crate) language: String,
    /// The rest of it.
    pub(crate) mark: String,
    pub(crate) text: String,
}

impl Block {
    /// Why it is not run, where it says so.
    pub(crate) fn not_run(&self) -> Option<&str> {
        self.mark
            .strip_prefix("not-run")
            .map(|reason| reason.trim_start_matches(':').trim())
    }

    /// Where it stands, for messages.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.document, self.line)
    }
}

/// Every document of the repository, as paths in it.
pub(crate) fn documents() -> Vec<String> {
    let mut found = Vec::new();
    collect(&repository(""), &mut found);
    let root = repository("");
    let mut paths: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .collect();
    paths.sort();
    paths
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// Every code block of every document.
pub(crate) fn all() -> Vec<Block> {
    let read = |path: String| {
        let text = std::fs::read_to_string(repository(&path)).unwrap();
        blocks(&path, &text)
    };
    documents().into_iter().flat_map(read).collect()
}

/// Those with this language and this mark.
pub(crate) fn with(language: &str, mark: &str) -> Vec<Block> {
    let mut all = all();
    all.retain(|block| block.language == language && block.mark == mark);
    all
}

fn blocks(document: &str, text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(Block, usize)> = None;
    for (line, text) in (1..).zip(text.lines()) {
        let indent = text.len() - text.trim_start().len();
        match (&mut open, text.trim_start().strip_prefix("```")) {
            (None, Some(info)) => {
                let (language, mark) = info.split_once(' ').unwrap_or((info, ""));
                let block = Block {
                    document: document.to_owned(),
                    line,
                    language: language.to_owned(),
                    mark: mark.trim().to_owned(),
                    text: String::new(),
                };
                open = Some((block, indent));
            }
            (Some(_), Some(_)) => found.extend(open.take().map(|(block, _)| block)),
            (Some((block, indent)), None) => {
                block
                    .text
                    .push_str(text.get(*indent..).unwrap_or(text.trim_start()));
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{document}: a code block is not closed");
    found
}

/// Whether a test reads such a block.
fn is_known(block: &Block) -> bool {
    if let Some(reason) = block.not_run() {
        return !reason.is_empty();
    }
    matches!(
        (block.language.as_str(), block.mark.as_str()),
        (
            "json" | "toml" | "sh" | "cdp" | "text" | "python" | "ts" | "rust",
            ""
        ) | ("sh", "serves")
            | ("text", "console")
    )
}

/// How many blocks say that they are not run. Whoever adds one says so here, too.
const NOT_RUN: usize = 16;

#[test]
fn every_code_block_says_what_becomes_of_it() {
    let blocks = all();
    let unknown: Vec<String> = blocks
        .iter()
        .filter(|block| !is_known(block))
        .map(|block| format!("{}: {} {}", block.place(), block.language, block.mark))
        .collect();
    assert!(
        unknown.is_empty(),
        "no test reads these blocks, see tests/it/contract/documents/blocks.rs: {unknown:#?}"
    );
    let not_run: Vec<String> = blocks
        .iter()
        .filter_map(|block| Some(format!("{}: {}", block.place(), block.not_run()?)))
        .collect();
    assert_eq!(not_run.len(), NOT_RUN, "{not_run:#?}");
    assert!(blocks.len() > NOT_RUN * 2, "most blocks are held by a test");
}

#[test]
fn blocks_are_found_with_their_marks_and_without_their_indent() {
    let text = "a\n  ```sh not-run: it is long\n  x\n    y\n  ```\n```text\n```\n";
    let found = blocks("x.md", text);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].line, found[0].text.as_str()), (2, "x\n  y\n"));
    assert_eq!(found[0].not_run(), Some("it is long"));
    assert_eq!(
        (found[1].language.as_str(), found[1].not_run()),
        ("text", None)
    );
}
