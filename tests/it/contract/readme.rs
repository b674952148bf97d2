//! The examples in the documents are messages of this protocol.

use serde_json::Value;

use super::schemas::{self, repository};

/// What stands between the fences that open with this tag, with the line of each fence.
fn fenced<'a>(markdown: &'a str, tag: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut open: Option<(bool, Vec<&'a str>, usize)> = None;
    for (number, line) in (1..).zip(markdown.lines()) {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.trim() == tag, Vec::new(), number)),
            (Some((wanted, lines, start)), Some(_)) => {
                if *wanted {
                    blocks.push((*start, lines.join("\n")));
                }
                open = None;
            }
            (Some((_, lines, _)), None) => lines.push(line),
            (None, None) => {}
        }
    }
    blocks
}

/// The messages of one block: JSON values one after the other, on one line or on several. Arrows
/// at the start of a line, which say who speaks, are passed over.
fn messages(block: &str) -> Result<Vec<Value>, serde_json::Error> {
    let arrows = ['→', '←', '>', '<', ' '];
    let plain: Vec<&str> = block
        .lines()
        .map(|line| line.trim_start_matches(arrows))
        .collect();
    serde_json::Deserializer::from_str(&plain.join("\n"))
        .into_iter()
        .collect()
}

#[test]
fn every_message_in_the_documents_is_valid() {
    let (request, event) = (schemas::request(), schemas::closed_event());
    for path in ["README.md", "docs/protocol.md", "docs/resume.md"] {
        let document = std::fs::read_to_string(repository(path)).unwrap();
        let mut count = 0;
        for (line, block) in fenced(&document, "json") {
            let found = messages(&block);
            let found = found.unwrap_or_else(|error| panic!("{path}:{line}: not JSON: {error}"));
            for message in found.iter().filter(|message| message.get("type").is_some()) {
                count += 1;
                let text = message.to_string();
                let as_request = schemas::faults(&request, &text);
                let as_event = schemas::faults(&event, &text);
                assert!(
                    as_request.is_empty() || as_event.is_empty(),
                    "{path}:{line}: {text}\nis no request: {as_request:#?}\nand no event: {as_event:#?}"
                );
            }
        }
        assert!(count > 0, "{path} shows no message in a ```json block");
    }
}

#[test]
fn messages_are_found_in_fences_with_and_without_arrows() {
    let readme = "a\n```json\n→ {\"type\": \"ping\"}\n← {\"type\": \"pong\",\n\"ts\": 1}\n```\n```sh\n{}\n```\n";
    let blocks = fenced(readme, "json");
    assert_eq!(blocks.len(), 1);
    let (line, block) = &blocks[0];
    assert_eq!((*line, messages(block).unwrap().len()), (2, 2));
}
