//! `--record FILE`: writes the requests typed at the prompt as a script that repeats them.
//!
//! A request is written when it is answered: with `!` and the code if the answer was an error. A tab created during the
//! recording will have another id when the script runs, so its id is kept in a variable. If a page had loaded before the
//! next request, the script waits for the load event too.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use cdp_bridge_protocol::{Event, TabId};
use serde_json::Value;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use super::error::ConsoleError;
use super::request_tracker::AnswerKey;
use super::tokenizer;
use crate::client::Received;

/// A recording and the file that it is written to.
#[derive(Debug)]
pub(super) struct Recorder {
    recording: Recording,
    path: PathBuf,
    file: File,
}

impl Recorder {
    /// Creates the file with mode 0600, since it will contain text typed into pages.
    pub(super) async fn new(path: &Path) -> Result<Self, ConsoleError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let failed = |source| ConsoleError::Record {
            path: path.to_owned(),
            source,
        };
        let file = options.open(path).await.map_err(failed)?;
        let mut recorder = Self {
            recording: Recording::default(),
            path: path.to_owned(),
            file,
        };
        let played = format!(
            "# Recorded by cdp-bridge console {}; `cdp-bridge console --script FILE` plays it again.",
            env!("CARGO_PKG_VERSION")
        );
        recorder.write(&[played]).await?;
        Ok(recorder)
    }

    /// Records a request that is being sent; `line` is the typed line.
    pub(super) fn sent(&mut self, key: AnswerKey, line: &str) {
        self.recording.sent(key, line);
    }

    /// Records an event, and writes the requests that can be written now.
    pub(super) async fn came(&mut self, received: &Received) -> Result<(), ConsoleError> {
        let lines = self.recording.came(received);
        self.write(&lines).await
    }

    /// Writes the unanswered requests and closes the file.
    pub(super) async fn end(mut self) -> Result<(), ConsoleError> {
        let lines = self.recording.end();
        self.write(&lines).await
    }

    async fn write(&mut self, lines: &[String]) -> Result<(), ConsoleError> {
        let writing: io::Result<()> = async {
            for line in lines {
                self.file.write_all(line.as_bytes()).await?;
                self.file.write_all(b"\n").await?;
            }
            // Flushed after each line, since the console may be interrupted at any time.
            self.file.flush().await
        }
        .await;
        writing.map_err(|source| ConsoleError::Record {
            path: self.path.clone(),
            source,
        })
    }
}

/// Turns requests and events into lines of a script (pure).
#[derive(Debug, Default)]
struct Recording {
    waiting: VecDeque<Entry>,
    /// Variables of the tabs created during the recording.
    tabs: BTreeMap<TabId, String>,
    /// The tab of the last line, until its page has loaded.
    loading: Option<TabId>,
}

#[derive(Debug)]
struct Entry {
    key: AnswerKey,
    line: String,
    /// Set when the answer has been received.
    answered: Option<Answered>,
}

#[derive(Debug)]
enum Answered {
    Well {
        created: Option<TabId>,
        tab: Option<TabId>,
    },
    Error(String),
}

impl Recording {
    fn sent(&mut self, key: AnswerKey, line: &str) {
        let line = self.with_variables(line);
        self.waiting.push_back(Entry {
            key,
            line,
            answered: None,
        });
    }

    fn came(&mut self, received: &Received) -> Vec<String> {
        let is_answered =
            |entry: &&mut Entry| entry.answered.is_none() && entry.key.is_answered_by(received);
        let ids: Vec<AnswerKey> = received.answers().into_iter().map(AnswerKey::Id).collect();
        if ids.is_empty() {
            if let Some(entry) = self.waiting.iter_mut().find(is_answered) {
                entry.answered = Some(answered(received));
            }
        } else {
            for entry in self.waiting.iter_mut().filter(|it| ids.contains(&it.key)) {
                entry.answered = Some(answered(received));
            }
        }
        if let Received::Message(message) = received
            && let Event::TabCreated(created) = &message.event
            && message.request_id.is_some()
        {
            self.tabs
                .insert(created.id, format!("T{}", created.id.number()));
        }
        let mut lines = Vec::new();
        while self
            .waiting
            .front()
            .is_some_and(|entry| entry.answered.is_some())
        {
            if let Some(entry) = self.waiting.pop_front() {
                self.write(entry, &mut lines);
            }
        }
        lines.extend(self.loaded(received));
        lines
    }

    /// The lines of unanswered requests.
    fn end(&mut self) -> Vec<String> {
        let rest = self.waiting.drain(..);
        rest.map(|entry| match entry.answered {
            Some(Answered::Error(code)) => format!("! {code} {}", entry.line),
            Some(Answered::Well { .. }) => entry.line,
            None => format!("& {}", entry.line),
        })
        .collect()
    }

    fn write(&mut self, entry: Entry, lines: &mut Vec<String>) {
        match entry.answered {
            Some(Answered::Error(code)) => {
                self.loading = None;
                lines.push(format!("! {code} {}", entry.line));
            }
            Some(Answered::Well { created, tab }) => {
                lines.push(entry.line);
                self.loading = created.or(tab);
                if let Some(variable) = created.and_then(|id| self.tabs.get(&id)) {
                    lines.push(format!("keep {variable} id"));
                }
            }
            None => lines.push(entry.line),
        }
    }

    /// The step that waits for the load event that preceded the next line in the recording.
    fn loaded(&mut self, received: &Received) -> Option<String> {
        let Received::Message(message) = received else {
            return None;
        };
        let Event::LoadEventFired(fired) = &message.event else {
            return None;
        };
        // While requests are pending, a load event cannot be attributed to one.
        if !self.waiting.is_empty() || self.loading != Some(fired.id) {
            return None;
        }
        self.loading = None;
        let id = match self.tabs.get(&fired.id) {
            Some(variable) => format!("${{{variable}}}"),
            None => fired.id.to_string(),
        };
        Some(format!("expect loadEventFired id={id}"))
    }

    /// A line with the ids of recorded tabs replaced by variables, and any typed `${` escaped.
    fn with_variables(&self, line: &str) -> String {
        let line = line.replace("${", "$${");
        if line.starts_with('{') {
            return self.raw_with_variables(line);
        }
        let Ok(words) = tokenizer::split(&line) else {
            return line;
        };
        let mut found = false;
        let words: Vec<String> = words
            .iter()
            .map(|word| {
                let (name, value) = match word.split_once('=') {
                    Some((name @ ("tabId" | "tab"), value)) => (format!("{name}="), value),
                    _ => (String::new(), word.as_str()),
                };
                match value.parse().ok().and_then(|id: TabId| self.tabs.get(&id)) {
                    // Later words may be text for the page.
                    Some(variable) if !found => {
                        found = true;
                        format!("{name}${{{variable}}}")
                    }
                    _ => tokenizer::quote(word),
                }
            })
            .collect();
        words.join(" ")
    }

    fn raw_with_variables(&self, line: String) -> String {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(&line) else {
            return line;
        };
        let tab = fields.get("tabId").and_then(Value::as_str);
        let id = tab.and_then(|tab| tab.parse::<TabId>().ok());
        match id.and_then(|id| self.tabs.get(&id)) {
            Some(variable) => {
                fields.insert("tabId".to_owned(), format!("${{{variable}}}").into());
                Value::Object(fields).to_string()
            }
            None => line,
        }
    }
}

fn answered(received: &Received) -> Answered {
    let value = received.to_value();
    if received.name() == "error" {
        return Answered::Error(value["code"].as_str().unwrap_or_default().to_owned());
    }
    let id = value["id"].as_str().and_then(|id| id.parse().ok());
    Answered::Well {
        created: id.filter(|_| received.name() == "tabCreated"),
        tab: id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::script;
    use cdp_bridge_protocol::Message;
    use serde_json::json;

    fn event(value: &Value) -> Received {
        Received::Message(Box::new(Message::parse(&value.to_string()).unwrap()))
    }

    fn sent(recording: &mut Recording, id: &str, line: &str) {
        recording.sent(AnswerKey::Id(id.into()), line);
    }

    /// A recording in which tab 7 was created by the request `c1`.
    fn with_a_tab() -> (Recording, Vec<String>) {
        let mut recording = Recording::default();
        sent(&mut recording, "c1", "create http://a.test/");
        let created = json!({"type": "tabCreated", "requestId": "c1", "id": "t7",
                             "url": "http://a.test/", "loggedOut": false});
        let lines = recording.came(&event(&created));
        (recording, lines)
    }

    #[test]
    fn a_created_tab_is_kept_and_what_was_loaded_is_waited_for() {
        let (mut recording, lines) = with_a_tab();
        assert_eq!(lines, ["create http://a.test/", "keep T7 id"]);
        let loaded = event(&json!({"type": "loadEventFired", "id": "t7", "ts": 1}));
        assert_eq!(recording.came(&loaded), ["expect loadEventFired id=${T7}"]);
        assert_eq!(recording.came(&loaded), [""; 0], "once is enough");
        sent(&mut recording, "c2", "fill t7 \"label=Tab name\" t7");
        let done = json!({"type": "done", "requestId": "c2", "id": "t7", "action": "fill"});
        let lines = recording.came(&event(&done));
        assert_eq!(
            lines,
            ["fill ${T7} \"label=Tab name\" t7"],
            "only the tab is one"
        );
    }

    #[test]
    fn an_error_is_expected_the_next_time_too() {
        let (mut recording, _) = with_a_tab();
        sent(&mut recording, "c2", "navigate t7 file:///etc/passwd");
        let denied = json!({"type": "error", "requestId": "c2", "code": "NAV_DENIED",
                            "message": "no", "retryable": false});
        let lines = recording.came(&event(&denied));
        assert_eq!(lines, ["! NAV_DENIED navigate ${T7} file:///etc/passwd"]);
    }

    #[test]
    fn the_order_is_that_of_the_questions() {
        let mut recording = Recording::default();
        sent(&mut recording, "c1", "tabs");
        sent(&mut recording, "c2", "ping");
        sent(&mut recording, "c3", "ping timeoutMs=500");
        let pong = |id| event(&json!({"type": "pong", "requestId": id, "ts": 1}));
        assert_eq!(recording.came(&pong("c2")), [""; 0]);
        let tabs = event(&json!({"type": "tabs", "requestId": "c1", "tabs": []}));
        assert_eq!(recording.came(&tabs), ["tabs", "ping"]);
        assert_eq!(recording.end(), ["& ping timeoutMs=500"]);
    }

    #[test]
    fn raw_json_has_its_tab_as_a_variable_and_no_other() {
        let (mut recording, _) = with_a_tab();
        let line = r#"{"type":"evaluate","tabId":"t7","expression":"`${1}`"}"#;
        recording.sent(AnswerKey::of_raw(line), line);
        let lines = recording.end();
        assert_eq!(
            lines,
            [r#"& {"expression":"`$${1}`","tabId":"${T7}","type":"evaluate"}"#]
        );
    }

    #[test]
    fn a_recording_is_a_script() {
        let (mut recording, mut lines) = with_a_tab();
        for line in [
            "shot t7 png",
            "close t7",
            "{\"type\":\"ping\"}",
            "eval t7 \"`${a} b`\"",
        ] {
            recording.sent(AnswerKey::of_raw(line), line);
        }
        lines.extend(recording.end());
        let script = script::parse("recorded.cdp", &lines.join("\n"), &|_| None);
        assert!(script.is_ok(), "{lines:#?}: {}", script.unwrap_err());
    }
}
