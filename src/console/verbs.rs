//! Parses a typed line (pure).

use std::fmt::Write as _;
use std::sync::LazyLock;

use cdp_bridge_protocol::request::BadRequest;
use cdp_bridge_protocol::{Request, RequestKind, TabId};
use serde_json::{Map, Value};

use super::fields::{self, FieldProblem};
use super::shape::{self, Shape};
use super::tokenizer::{self, OpenQuote};

/// Stands for the tab created last.
pub(super) const LAST_TAB: &str = "$";

/// A verb: the short names of a request, and its usage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verb {
    /// Short names; the request's `type` is accepted too.
    pub(super) names: &'static [&'static str],
    pub(super) kind: RequestKind,
    pub(super) usage: &'static str,
    about: &'static str,
}

impl Verb {
    /// The verb of a request without a hand-written usage.
    fn of_schema(shape: &'static Shape) -> Self {
        Self {
            // Leaked once, by the `LazyLock` below.
            names: vec![shape.kind.as_str()].leak(),
            kind: shape.kind,
            usage: shape.usage().leak(),
            about: &shape.about,
        }
    }
}

/// Every request as a verb, in the order of the help.
pub(super) static VERBS: LazyLock<Vec<Verb>> = LazyLock::new(|| {
    let is_worded = |kind: RequestKind| WORDED.iter().any(|verb| verb.kind == kind);
    let others = RequestKind::ALL.iter().filter(|kind| !is_worded(**kind));
    let others = others.copied().filter_map(shape::of).map(Verb::of_schema);
    WORDED.iter().copied().chain(others).collect()
});

/// Verbs in a table: the request, its short names, its usage, and a line for the help.
macro_rules! verbs {
    ($($kind:ident: $($name:literal),+; $usage:literal; $about:literal;)*) => {
        &[$(Verb {
            names: &[$($name),+],
            kind: RequestKind::$kind,
            usage: $usage,
            about: $about,
        },)*]
    };
}

/// The requests with short names and a hand-written usage; the others get theirs from the schema.
const WORDED: &[Verb] = verbs! {
    CreateTab: "create", "new"; "create [URL] [--logged-out] [--viewport WxH[@F]]"; "open a tab";
    Navigate: "navigate", "go"; "navigate TAB URL"; "load a URL in a tab";
    GetDomSnapshot: "snapshot", "html"; "snapshot TAB [html|structured]"; "read the DOM";
    GetScreenshot: "shot", "screenshot"; "shot TAB [full] [png|jpeg|webp] [quality=N] [selector=LOCATOR] [clip=X,Y,WxH]";
        "take a screenshot";
    SetLoggedOutMode: "logged-out"; "logged-out TAB on|off";
        "switch to an empty browser context without cookies and storage, or back";
    ActivateTab: "activate"; "activate TAB"; "bring a tab to the front";
    CloseTab: "close"; "close TAB"; "close a tab";
    ListTabs: "tabs"; "tabs [SESSION]"; "list the tabs";
    StartScreencast: "cast"; "cast TAB [fps=N] [quality=N] [width=N] [height=N]"; "start a screencast";
    StopScreencast: "uncast"; "uncast TAB"; "stop it";
    Click: "click"; "click TAB LOCATOR [right|middle|double] [x=N y=N]"; "click an element, or a point";
    Fill: "fill"; "fill TAB LOCATOR TEXT"; "replace the content of a field";
    Type: "type"; "type TAB TEXT [LOCATOR] [delayMs=N]"; "type key by key";
    Press: "press"; "press TAB KEY [LOCATOR] [holdMs=N]"; "press a key: Enter, Control+A";
    Select: "select"; "select TAB LOCATOR OPTION"; "choose an option; several as [\"a\",2]";
    Check: "check"; "check TAB LOCATOR"; "tick a checkbox";
    Uncheck: "uncheck"; "uncheck TAB LOCATOR"; "untick it";
    Hover: "hover"; "hover TAB LOCATOR"; "move the mouse over an element";
    Focus: "focus"; "focus TAB LOCATOR"; "focus an element";
    Scroll: "scroll"; "scroll TAB [top|bottom|X,Y] [LOCATOR] [by=X,Y]"; "scroll the page, or an element";
    ScrollIntoView: "reveal"; "reveal TAB LOCATOR"; "scroll an element into view";
    Mouse: "mouse"; "mouse TAB move|down|up|wheel [X] [Y] [button=…] [deltaX=N deltaY=N] [steps=N]"; "move, press or release the mouse, or turn its wheel";
    Keyboard: "keyboard", "key"; "keyboard TAB down|up KEY | insertText text=TEXT"; "hold a key down, release it, or insert text without keys";
    Drag: "drag"; "drag TAB LOCATOR|X,Y LOCATOR|X,Y"; "drag one thing to another";
    Upload: "upload"; "upload TAB LOCATOR files=[{\"name\":…,\"data\":…}]"; "set the files of a file input, in base64, or by the fileId of staged ones";
    GoBack: "back"; "back TAB"; "go back in the history";
    GoForward: "forward"; "forward TAB"; "go forward in the history";
    Reload: "reload"; "reload TAB"; "reload the page";
    WaitFor: "until"; "until TAB LOCATOR|load|networkidle [hidden] [url=GLOB] [urlRegex=REGEX] [text=TEXT] [expression=SCRIPT]";
        "wait for an element, a load state, a URL, a text or a script";
    Query: "query", "ask"; "query TAB text|html|value|visible|enabled|checked|count|box|attributes LOCATOR";
        "read a property of an element";
    Evaluate: "eval"; "eval TAB SCRIPT [LOCATOR]"; "run a script in the page";
    GetAxSnapshot: "outline", "ax"; "outline TAB [LOCATOR] [interactive|controls] [compact] [find=TEXT] [since=N]"; "the accessibility tree as an outline";
    GetContent: "content", "read"; "content TAB text|markdown [LOCATOR]"; "the page's content";
    Subscribe: "subscribe"; "subscribe TAB consoleMessage|none";
        "subscribe to the page's console messages, or unsubscribe";
    GetDownload: "download"; "download TAB DOWNLOAD"; "fetch a finished download by its downloadId";
    Cancel: "cancel"; "cancel REQUEST"; "end a request of this connection that is not answered, by its requestId";
    StageFile: "stage"; "stage NAME SIZE BASE64"; "hand over a file for uploads; further parts: fileId=ID offset=BYTES data=BASE64";
    AnswerDialog: "dialog"; "dialog TAB DIALOG on|off [promptText=TEXT]"; "answer a dialog that waits, by its dialogId";
    AnswerAuth: "login"; "login TAB AUTH [USER] [PASSWORD] [cancel=on]"; "answer a server that asks for a password, by its authId";
    SetCredentials: "credentials"; "credentials TAB [{\"origin\":…,\"username\":…,\"password\":…}]"; "set the passwords that servers get without asking";
    CreateSession: "new-session"; "new-session [URL] [externalId=NAME] [maxDurationMs=N] [idleTimeoutMs=N]"; "create a session";
    GetSession: "session"; "session SESSION"; "show a session";
    ListSessions: "sessions"; "sessions [STATUS|all]"; "list the sessions";
    EndSession: "end"; "end SESSION"; "end a session";
    Ping: "ping"; "ping"; "ask for a pong";
};

/// Verbs that are not requests.
const OWN_WORDS: [&str; 3] = ["help", "quit", "exit"];

/// A parsed line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConsoleCommand {
    /// A request without an id.
    Request(Draft),
    /// Raw JSON.
    Raw(String),
    /// `help`, or `help VERB`.
    Help(Option<&'static Verb>),
    Quit,
}

/// A validated request whose tab may still be `$`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    kind: RequestKind,
    fields: Map<String, Value>,
    typed: String,
}

/// A line that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerbError {
    /// The first word is not a verb.
    #[error("unknown verb `{0}`. `help` lists them; a line that starts with {{ is sent unchanged")]
    Unknown(String),
    /// A word that is not a field of the request.
    #[error("{problem}; usage: {usage}")]
    Field {
        /// The word and why it was refused.
        problem: FieldProblem,
        /// The usage of the verb.
        usage: &'static str,
    },
    /// The request is invalid.
    #[error("{problem}; usage: {usage}")]
    Request {
        /// The answer that the bridge would give.
        problem: BadRequest,
        /// The usage of the verb.
        usage: &'static str,
    },
    /// A quote is not closed.
    #[error(transparent)]
    Quote(#[from] OpenQuote),
}

/// `$` was used before a tab was created on this connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`$` is the tab created last, and this connection has created none yet")]
pub(super) struct NoTabYet;

/// Parses a line; `None` for a blank one.
pub(super) fn parse_line(line: &str) -> Result<Option<ConsoleCommand>, VerbError> {
    let line = line.trim();
    if line.starts_with('{') {
        return Ok(Some(ConsoleCommand::Raw(line.to_owned())));
    }
    let words = tokenizer::split(line)?;
    match words.first().map(String::as_str) {
        None => Ok(None),
        Some("help" | "?") => match words.get(1) {
            Some(name) => match find(name) {
                Some(verb) => Ok(Some(ConsoleCommand::Help(Some(verb)))),
                None => Err(VerbError::Unknown(name.clone())),
            },
            None => Ok(Some(ConsoleCommand::Help(None))),
        },
        Some("quit" | "exit") => Ok(Some(ConsoleCommand::Quit)),
        Some(_) => parse_request(&words).map(|draft| Some(ConsoleCommand::Request(draft))),
    }
}

/// Finds a verb by a short name or the request's `type`.
pub(super) fn find(name: &str) -> Option<&'static Verb> {
    VERBS
        .iter()
        .find(|verb| verb.kind.as_str() == name || verb.names.contains(&name))
}

/// Parses the words of a request.
pub(super) fn parse_request(words: &[String]) -> Result<Draft, VerbError> {
    let (name, rest) = words
        .split_first()
        .ok_or_else(|| VerbError::Unknown(String::new()))?;
    let verb = find(name).ok_or_else(|| VerbError::Unknown(name.clone()))?;
    let usage = verb.usage;
    let typed: Vec<String> = words.iter().map(|word| tokenizer::quote(word)).collect();
    let fields =
        fields::read(verb.kind, rest).map_err(|problem| VerbError::Field { problem, usage })?;
    let draft = Draft {
        kind: verb.kind,
        fields,
        typed: typed.join(" "),
    };
    match draft.read() {
        Ok(_) => Ok(draft),
        Err(problem) => Err(VerbError::Request { problem, usage }),
    }
}

impl Draft {
    /// The line, with words quoted as needed.
    pub(super) fn typed(&self) -> &str {
        &self.typed
    }

    /// Whether the tab is `$`.
    pub(super) fn needs_last_tab(&self) -> bool {
        self.fields.get("tabId").is_some_and(|tab| tab == LAST_TAB)
    }

    /// The request with `$` replaced. It has an id only if one was typed.
    pub(super) fn request(&self, last_tab: Option<TabId>) -> Result<Request, DraftError> {
        let mut draft = self.clone();
        if draft.needs_last_tab() {
            let tab = last_tab.ok_or(NoTabYet)?;
            draft
                .fields
                .insert("tabId".to_owned(), tab.to_string().into());
        }
        Ok(draft.read()?)
    }

    fn read(&self) -> Result<Request, BadRequest> {
        let mut fields = self.fields.clone();
        fields.insert("type".to_owned(), self.kind.as_str().into());
        Request::parse(&Value::Object(fields).to_string())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DraftError {
    #[error(transparent)]
    NoTabYet(#[from] NoTabYet),
    #[error(transparent)]
    Bad(#[from] BadRequest),
}

/// Width of the usage column in the help.
const COLUMN: usize = 46;

/// The text of `help`.
pub(super) fn help() -> String {
    let mut text = String::new();
    for verb in VERBS.iter() {
        // Writing to a string cannot fail. A long usage gets a line of its own.
        let _ = write!(text, "  {:COLUMN$}  ", verb.usage);
        if verb.usage.chars().count() > COLUMN {
            let _ = write!(text, "\n  {:COLUMN$}  ", "");
        }
        text.push_str(verb.about);
        if let Some(alias) = verb.names.get(1) {
            let _ = write!(text, " (also `{alias}`)");
        }
        text.push('\n');
    }
    text.push_str(
        "LOCATOR is CSS, or text=…, role=button[name=\"…\"], label=…, ref=e12; in quotes where it has spaces.\n\
         TAB is a tab id such as t1, or $ for the tab created last. Request names (createTab …) work\n\
         too, and every field can be written as key=value, also timeoutMs and requestId. A line that\n\
         starts with { is sent unchanged. `help VERB` explains one, with all of its fields; Tab completes.\n\
         `quit` or Ctrl-D leaves; tabs stay open.\n",
    );
    text
}

/// Every possible first word, for completion.
pub(super) fn first_words() -> impl Iterator<Item = &'static str> {
    request_words().chain(OWN_WORDS)
}

/// Every short name and `type` of a request.
pub(super) fn request_words() -> impl Iterator<Item = &'static str> {
    VERBS
        .iter()
        .flat_map(|verb| verb.names.iter().copied().chain([verb.kind.as_str()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(line: &str) -> String {
        let Ok(Some(ConsoleCommand::Request(draft))) = parse_line(line) else {
            panic!("{line} is a request");
        };
        draft.request(Some(TabId::new(7))).unwrap().to_json()
    }

    #[test]
    fn verbs_and_request_names_mean_the_same() {
        let cases = [
            ("create", "createTab", r#"{"type":"createTab"}"#),
            (
                "create http://a.test/ --logged-out",
                "createTab url=http://a.test/ loggedOut=true",
                r#"{"type":"createTab","url":"http://a.test/","loggedOut":true}"#,
            ),
            (
                "close t1",
                "closeTab tabId=t1",
                r#"{"type":"closeTab","tabId":"t1"}"#,
            ),
            (
                "activate t1",
                "activateTab t1",
                r#"{"type":"activateTab","tabId":"t1"}"#,
            ),
            (
                "go $ about:blank",
                "navigate t7 about:blank",
                r#"{"type":"navigate","tabId":"t7","url":"about:blank"}"#,
            ),
            (
                "html t1",
                "getDomSnapshot t1",
                r#"{"type":"getDomSnapshot","tabId":"t1"}"#,
            ),
            (
                "snapshot t1 structured",
                "getDomSnapshot t1 format=structured",
                r#"{"type":"getDomSnapshot","tabId":"t1","format":"structured"}"#,
            ),
            (
                "shot t1 full webp quality=9",
                "getScreenshot t1 fullPage=true format=webp quality=9",
                r#"{"type":"getScreenshot","tabId":"t1","fullPage":true,"format":"webp","quality":9}"#,
            ),
            (
                "logged-out t1 off",
                "setLoggedOutMode t1 enabled=false",
                r#"{"type":"setLoggedOutMode","tabId":"t1","enabled":false}"#,
            ),
            ("tabs", "listTabs", r#"{"type":"listTabs"}"#),
            (
                "cast t1 fps=5",
                "startScreencast t1 maxFps=5",
                r#"{"type":"startScreencast","tabId":"t1","maxFps":5}"#,
            ),
            (
                "uncast t1",
                "stopScreencast t1",
                r#"{"type":"stopScreencast","tabId":"t1"}"#,
            ),
            ("ping", "ping", r#"{"type":"ping"}"#),
        ];
        for (verb, name, json) in cases {
            assert_eq!(sent(verb), json, "{verb}");
            assert_eq!(sent(name), json, "{name}");
        }
    }

    #[test]
    fn a_time_limit_and_an_id_may_stand_on_any_verb() {
        assert_eq!(
            sent("ping timeoutMs=500 requestId=r9"),
            r#"{"type":"ping","requestId":"r9","timeoutMs":500}"#
        );
    }

    #[test]
    fn a_line_with_a_brace_is_raw_and_a_blank_one_is_nothing() {
        let raw = r#"  {"type": nonsense  "#;
        assert_eq!(
            parse_line(raw),
            Ok(Some(ConsoleCommand::Raw(raw.trim().to_owned())))
        );
        assert_eq!(parse_line("   "), Ok(None));
        assert_eq!(parse_line("quit"), Ok(Some(ConsoleCommand::Quit)));
        assert_eq!(parse_line("help"), Ok(Some(ConsoleCommand::Help(None))));
        let Ok(Some(ConsoleCommand::Help(Some(verb)))) = parse_line("? html") else {
            panic!("it is the help of a verb");
        };
        assert_eq!(verb.kind, RequestKind::GetDomSnapshot);
        let unknown = parse_line("help jump").unwrap_err().to_string();
        assert!(unknown.contains("unknown verb `jump`"), "{unknown}");
    }

    #[test]
    fn an_error_shows_the_usage_of_its_verb() {
        for (line, problem, usage) in [
            ("navigate t1", "missing field `url`", "navigate TAB URL"),
            ("close", "missing field `tabId`", "close TAB"),
            ("shot t1 gif", "unexpected word `gif`", "shot TAB [full]"),
            (
                "shot t1 quality=0",
                "quality: 0 is out of range",
                "shot TAB [full]",
            ),
            (
                "logged-out t1 maybe",
                "enabled: invalid type",
                "logged-out TAB on|off",
            ),
            (
                "create --viewport 8",
                "viewport: invalid type",
                "create [URL]",
            ),
            ("ping colour=red", "unknown field `colour`", "usage: ping"),
        ] {
            let error = parse_line(line).unwrap_err().to_string();
            assert!(
                error.contains(problem) && error.contains(usage),
                "{line}: {error}"
            );
        }
        let error = parse_line("jump t1").unwrap_err().to_string();
        assert!(
            error.contains("unknown verb `jump`") && error.contains("help"),
            "{error}"
        );
    }

    #[test]
    fn the_last_tab_must_have_been_created() {
        let Ok(Some(ConsoleCommand::Request(draft))) = parse_line("close $") else {
            panic!("it is a request");
        };
        assert!(draft.needs_last_tab());
        assert_eq!(draft.request(None), Err(NoTabYet.into()));
    }

    #[test]
    fn every_request_has_a_verb_and_help_shows_it() {
        let help = help();
        for kind in RequestKind::ALL {
            let verb = VERBS.iter().find(|verb| verb.kind == *kind).unwrap();
            assert!(help.contains(verb.usage));
            let derived = Verb::of_schema(shape::of(*kind).unwrap());
            assert!(derived.usage.starts_with(kind.as_str()) && !derived.about.is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_request_that_is_written_as_words_is_read_as_it_was(
            tab in any::<u64>(),
            url in any::<String>(),
        ) {
            let line = format!("navigate tabId=t{tab} {}", tokenizer::quote(&format!("url={url}")));
            let Ok(Some(ConsoleCommand::Request(draft))) = parse_line(&line) else {
                panic!("{line} is a request");
            };
            let json: Value = serde_json::from_str(&draft.request(None).unwrap().to_json()).unwrap();
            prop_assert_eq!(&json["url"], &Value::from(url));
            prop_assert_eq!(&json["tabId"], &Value::from(format!("t{tab}")));
        }
    }
}
