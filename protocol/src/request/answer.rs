//! Which event answers which request (protocol section 3).

use super::kind::RequestKind;

impl RequestKind {
    /// The `type` of the event that answers such a request where it succeeds; `error` answers
    /// the others. Stands in the request's schema as `x-answeredBy`, from which clients in other
    /// languages are generated.
    pub fn answered_by(self) -> &'static str {
        match self {
            Self::CreateTab => "tabCreated",
            Self::CloseTab => "tabClosed",
            Self::ActivateTab => "tabActivated",
            Self::Navigate | Self::GoBack | Self::GoForward | Self::Reload => "navigated",
            Self::GetDomSnapshot => "domSnapshot",
            Self::GetScreenshot => "screenshot",
            Self::SetLoggedOutMode => "loggedOutModeSet",
            Self::ListTabs => "tabs",
            Self::StartScreencast => "screencastStarted",
            Self::StopScreencast => "screencastStopped",
            Self::Ping => "pong",
            Self::Click
            | Self::Hover
            | Self::Focus
            | Self::Check
            | Self::Uncheck
            | Self::ScrollIntoView
            | Self::Fill
            | Self::Type
            | Self::Press
            | Self::Select
            | Self::Scroll
            | Self::Drag
            | Self::Upload
            | Self::Subscribe => "done",
            Self::WaitFor => "waited",
            Self::Query => "queried",
            Self::Evaluate => "evaluated",
            Self::GetAxSnapshot => "axSnapshot",
            Self::GetContent => "content",
            Self::GetDownload => "download",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;

    #[test]
    fn every_request_is_answered_by_an_event_of_the_protocol() {
        for kind in RequestKind::ALL {
            assert!(Event::NAMES.contains(&kind.answered_by()), "{kind:?}");
        }
    }
}
