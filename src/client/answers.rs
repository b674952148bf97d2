//! Which type answers which request (protocol section 3).

use cdp_bridge_protocol::event::{
    AxSnapshotHead, ContentHead, DomSnapshotHead, Done, DownloadHead, Evaluated, LoggedOutModeSet,
    Navigated, Pong, Queried, ScreencastStarted, ScreencastStopped, ScreenshotHead, TabActivated,
    TabClosed, TabCreated, Tabs, Waited,
};
use cdp_bridge_protocol::payload::{Joined, PayloadHead};
use cdp_bridge_protocol::request::{
    ActivateTab, Check, Click, CloseTab, CreateTab, Drag, Evaluate, Fill, Focus, GetAxSnapshot,
    GetContent, GetDomSnapshot, GetDownload, GetScreenshot, GoBack, GoForward, Hover, ListTabs,
    Navigate, Ping, Press, Query, Reload, Scroll, ScrollIntoView, Select, SetLoggedOutMode,
    StartScreencast, StopScreencast, Subscribe, Type, Uncheck, Upload, WaitFor,
};
use cdp_bridge_protocol::{Event, RequestBody};

use super::received::Received;

/// A request whose answer has a type of its own.
pub trait Ask: Into<RequestBody> {
    /// What answers it where it succeeds.
    type Answer;

    /// The answer out of what came; nothing where that answers another request.
    fn answer(received: Received) -> Option<Self::Answer>;
}

/// A payload and the fields around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload<H> {
    /// The fields, as they stood on the last part.
    pub head: H,
    /// UTF-8 text, or the picture itself.
    pub bytes: Vec<u8>,
}

macro_rules! answered_by_events {
    ($($request:ty => $variant:ident($answer:ty)),* $(,)?) => {
        $(impl Ask for $request {
            type Answer = $answer;

            fn answer(received: Received) -> Option<Self::Answer> {
                match received {
                    Received::Message(message) => match message.event {
                        Event::$variant(answer) => Some(answer),
                        _ => None,
                    },
                    _ => None,
                }
            }
        })*
    };
}

macro_rules! answered_by_payloads {
    ($($request:ty => $variant:ident($head:ty)),* $(,)?) => {
        $(impl Ask for $request {
            type Answer = Payload<$head>;

            fn answer(received: Received) -> Option<Self::Answer> {
                match received {
                    Received::Payload(Joined { head: PayloadHead::$variant(head), payload, .. }) => {
                        Some(Payload { head, bytes: payload })
                    }
                    _ => None,
                }
            }
        })*
    };
}

answered_by_events! {
    CreateTab => TabCreated(TabCreated),
    CloseTab => TabClosed(TabClosed),
    ActivateTab => TabActivated(TabActivated),
    Navigate => Navigated(Navigated),
    GoBack => Navigated(Navigated),
    GoForward => Navigated(Navigated),
    Reload => Navigated(Navigated),
    SetLoggedOutMode => LoggedOutModeSet(LoggedOutModeSet),
    ListTabs => Tabs(Tabs),
    StartScreencast => ScreencastStarted(ScreencastStarted),
    StopScreencast => ScreencastStopped(ScreencastStopped),
    Ping => Pong(Pong),
    Click => Done(Done),
    Hover => Done(Done),
    Focus => Done(Done),
    Check => Done(Done),
    Uncheck => Done(Done),
    ScrollIntoView => Done(Done),
    Fill => Done(Done),
    Type => Done(Done),
    Press => Done(Done),
    Select => Done(Done),
    Scroll => Done(Done),
    Drag => Done(Done),
    Upload => Done(Done),
    WaitFor => Waited(Waited),
    Query => Queried(Queried),
    Evaluate => Evaluated(Evaluated),
    Subscribe => Done(Done),
}

answered_by_payloads! {
    GetDomSnapshot => DomSnapshot(DomSnapshotHead),
    GetScreenshot => Screenshot(ScreenshotHead),
    GetAxSnapshot => AxSnapshot(AxSnapshotHead),
    GetContent => Content(ContentHead),
    GetDownload => Download(DownloadHead),
}

#[cfg(test)]
mod tests {
    use cdp_bridge_protocol::RequestKind;

    /// The requests of this file, by the names that stand in its tables.
    fn requests() -> Vec<(String, String)> {
        let tables = include_str!("answers.rs");
        let rows = tables.lines().filter_map(|line| {
            let (request, answer) = line.trim().strip_suffix("),")?.split_once(" => ")?;
            let (variant, _) = answer.split_once('(')?;
            let is_name = request.chars().all(char::is_alphanumeric);
            is_name.then(|| (request.to_owned(), variant.to_owned()))
        });
        rows.collect()
    }

    #[test]
    fn every_request_has_the_answer_that_the_protocol_gives_it() {
        let requests = requests();
        for kind in RequestKind::ALL {
            let name = format!("{kind:?}");
            let answer = requests.iter().find(|(request, _)| *request == name);
            let (_, answer) = answer.unwrap_or_else(|| panic!("{name} has an answer"));
            let mut wire = kind.answered_by().to_owned();
            wire[..1].make_ascii_uppercase();
            assert_eq!(*answer, wire, "{name}");
        }
        assert_eq!(requests.len(), RequestKind::ALL.len());
    }
}
