//! The events that the bridge uses. An event's kind is known when it is routed; its fields are decoded by
//! its reader, who ignores unknown fields and tolerates missing ones where possible.

use bytes::Bytes;
use memchr::memmem;
use serde::de::DeserializeOwned;

use super::ids::{BrowserContextId, FrameId, LoaderId, SessionId, TargetId};
use super::json;
use super::objects::objects;
use super::routes::RawEvent;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $method:literal),* $(,)?) => {
        /// The kinds of events that inboxes receive. All others reach only raw routes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// `None` for an event that the bridge has no type for.
            pub fn from_method(method: &str) -> Option<Self> {
                match method {
                    $($method => Some(Self::$kind),)*
                    _ => None,
                }
            }

            pub fn method(self) -> &'static str {
                match self {
                    $(Self::$kind => $method,)*
                }
            }
        }
    };
}

kinds! {
    /// [`AttachedToTarget`].
    AttachedToTarget = "Target.attachedToTarget",
    /// [`DetachedFromTarget`].
    DetachedFromTarget = "Target.detachedFromTarget",
    /// [`TargetInfoChanged`].
    TargetInfoChanged = "Target.targetInfoChanged",
    /// [`TargetCrashed`].
    TargetCrashed = "Target.targetCrashed",
    /// The session's renderer crashed. No fields.
    InspectorTargetCrashed = "Inspector.targetCrashed",
    /// [`FrameNavigated`].
    FrameNavigated = "Page.frameNavigated",
    /// [`NavigatedWithinDocument`].
    NavigatedWithinDocument = "Page.navigatedWithinDocument",
    /// [`OfFrame`].
    FrameStartedLoading = "Page.frameStartedLoading",
    /// [`RequestedNavigation`].
    FrameRequestedNavigation = "Page.frameRequestedNavigation",
    /// [`StartedNavigating`]. Older versions of Chromium do not send it.
    FrameStartedNavigating = "Page.frameStartedNavigating",
    /// [`OfFrame`].
    FrameStoppedLoading = "Page.frameStoppedLoading",
    /// The main frame fired its `load` event.
    LoadEventFired = "Page.loadEventFired",
    /// [`JavascriptDialogOpening`].
    JavascriptDialogOpening = "Page.javascriptDialogOpening",
    /// [`JavascriptDialogClosed`].
    JavascriptDialogClosed = "Page.javascriptDialogClosed",
    /// [`FileChooserEvent`].
    FileChooserOpened = "Page.fileChooserOpened",
    /// [`ResponseReceived`]; only those of documents.
    ResponseReceived = "Network.responseReceived",
    /// [`LoadingFailed`]; only those of documents.
    LoadingFailed = "Network.loadingFailed",
    /// Read by [`screencast_frame`](super::results::screencast_frame).
    ScreencastFrame = "Page.screencastFrame",
    /// [`AuthRequired`].
    AuthRequired = "Fetch.authRequired",
    /// [`OfRequest`].
    RequestPaused = "Fetch.requestPaused",
    /// [`LifecycleEvent`].
    LifecycleEvent = "Page.lifecycleEvent",
    /// A page began a drag, which the bridge continues with input events.
    DragIntercepted = "Input.dragIntercepted",
    /// [`BindingCalled`].
    BindingCalled = "Runtime.bindingCalled",
    /// [`DownloadWillBegin`]; of the browser.
    DownloadWillBegin = "Browser.downloadWillBegin",
    /// [`DownloadProgress`]; of the browser.
    DownloadProgress = "Browser.downloadProgress",
    /// [`DownloadWillBegin`]; of a page.
    PageDownloadWillBegin = "Page.downloadWillBegin",
    /// [`ConsoleApiCalled`](super::console::ConsoleApiCalled).
    ConsoleApiCalled = "Runtime.consoleAPICalled",
    /// [`ExceptionThrown`](super::console::ExceptionThrown).
    ExceptionThrown = "Runtime.exceptionThrown",
    /// [`EntryAdded`](super::console::EntryAdded).
    LogEntryAdded = "Log.entryAdded",
}

/// The maximum size of [`BindingCalled`]. An inbox is bounded in events and not in bytes.
const MAX_BINDING_BYTES: usize = 16 * 1024 * 1024;

impl EventKind {
    /// Whether the bridge uses an event with these fields. A page with hundreds of images sends hundreds
    /// of network events, of which only the document's are used.
    pub fn wants(self, params: &[u8]) -> bool {
        match self {
            Self::ResponseReceived | Self::LoadingFailed => {
                memmem::find(params, br#""type":"Document""#).is_some()
            }
            Self::LifecycleEvent => [
                &br#""name":"networkIdle""#[..],
                br#""name":"DOMContentLoaded""#,
                br#""name":"load""#,
            ]
            .iter()
            .any(|name| memmem::find(params, name).is_some()),
            Self::BindingCalled => params.len() <= MAX_BINDING_BYTES,
            _ => true,
        }
    }
}

/// The filter of an inbox that sets none: events of [`EventKind::wants`], whole.
pub fn wanted(kind: EventKind, params: Bytes) -> Option<Bytes> {
    kind.wants(&params).then_some(params)
}

impl RawEvent {
    /// Decodes the event's fields. If they have an unexpected shape, logs a warning and returns `None`.
    pub fn decode<T: DeserializeOwned>(&self) -> Option<T> {
        match json::parse(&self.params) {
            Ok(fields) => Some(fields),
            Err(error) => {
                let method = self.kind.method();
                tracing::warn!(method, %error, "a CDP event has an unexpected shape");
                None
            }
        }
    }
}

objects! {
    /// `Target.TargetInfo`.
    pub struct TargetInfo {
        pub target_id: TargetId,
        /// `page`, `iframe`, `worker`, …
        pub r#type: String,
        #[serde(default)]
        pub title: String,
        /// Empty while a popup waits for the debugger before its first request.
        #[serde(default)]
        pub url: String,
        /// The target that opened it.
        pub opener_id: Option<TargetId>,
        pub browser_context_id: Option<BrowserContextId>,
        /// Of an out-of-process frame: its parent frame.
        pub parent_frame_id: Option<FrameId>,
    }

    /// `Target.attachedToTarget`.
    pub struct AttachedToTarget {
        pub session_id: SessionId,
        pub target_info: TargetInfo,
        /// Whether the target is paused until `Runtime.runIfWaitingForDebugger`.
        #[serde(default)]
        pub waiting_for_debugger: bool,
    }

    /// `Target.detachedFromTarget`.
    pub struct DetachedFromTarget {
        pub session_id: SessionId,
    }

    /// `Target.targetInfoChanged`.
    pub struct TargetInfoChanged {
        pub target_info: TargetInfo,
    }

    /// `Target.targetCrashed`.
    pub struct TargetCrashed {
        pub target_id: TargetId,
        /// Such as `crashed`, `killed` or `oom`.
        #[serde(default)]
        pub status: String,
    }

    /// `Runtime.bindingCalled`: a script called a function of [`AddBinding`](super::page_methods::AddBinding).
    pub struct BindingCalled {
        pub name: String,
        pub payload: String,
    }

    /// `Page.frameNavigated`: a frame committed a document.
    pub struct FrameNavigated {
        pub frame: PageFrame,
        /// `Navigation`, or `BackForwardCacheRestore` for a document from the back-forward cache.
        #[serde(default)]
        pub r#type: String,
    }

    /// `Page.lifecycleEvent`.
    pub struct LifecycleEvent {
        pub frame_id: FrameId,
        pub loader_id: LoaderId,
        /// `DOMContentLoaded`, `load`, `networkIdle` and others.
        pub name: String,
    }

    /// `Page.Frame`.
    pub struct PageFrame {
        pub id: FrameId,
        /// `None` for the main frame.
        pub parent_id: Option<FrameId>,
        pub loader_id: LoaderId,
        /// The document's URL without its fragment.
        #[serde(default)]
        pub url: String,
        /// With its `#`.
        pub url_fragment: Option<String>,
        /// On an error page, the URL that failed to load.
        pub unreachable_url: Option<String>,
    }

    /// `Page.navigatedWithinDocument`: only the fragment or the history entry changed.
    pub struct NavigatedWithinDocument {
        pub frame_id: FrameId,
        pub url: String,
    }

    /// The frame of an event whose other fields are not used.
    pub struct OfFrame {
        pub frame_id: FrameId,
    }

    /// `Page.frameRequestedNavigation`: a page asks the browser for a navigation.
    pub struct RequestedNavigation {
        pub frame_id: FrameId,
        /// `currentTab`, `newTab`, `newWindow` or `download`.
        #[serde(default)]
        pub disposition: String,
    }

    /// `Page.frameStartedNavigating`.
    pub struct StartedNavigating {
        pub frame_id: FrameId,
        pub loader_id: Option<LoaderId>,
        /// `sameDocument`, `historySameDocument`, or a kind that loads a document.
        #[serde(default)]
        pub navigation_type: String,
    }

    /// The intercepted request of an event whose other fields are not used.
    pub struct OfRequest {
        /// `Fetch.RequestId`.
        pub request_id: String,
    }

    /// `Page.javascriptDialogOpening`.
    pub struct JavascriptDialogOpening {
        /// `alert`, `confirm`, `prompt` or `beforeunload`.
        pub r#type: String,
        #[serde(default)]
        pub message: String,
        /// The text that a `prompt` proposes.
        pub default_prompt: Option<String>,
    }

    /// `Page.javascriptDialogClosed`, as far as it is read: what was entered is not.
    pub struct JavascriptDialogClosed {
        /// Whether it was accepted.
        pub result: bool,
    }

    /// `Fetch.authRequired`: a paused request is to be answered with [`ContinueWithAuth`](super::methods::ContinueWithAuth).
    pub struct AuthRequired {
        /// `Fetch.RequestId`; the same when the server refuses the credentials and asks again.
        pub request_id: String,
        #[serde(default)]
        pub request: NamedUrl,
        #[serde(default)]
        pub auth_challenge: AuthChallenge,
    }

    /// A request, of which only the URL is read.
    #[derive(Default)]
    pub struct NamedUrl {
        #[serde(default)]
        pub url: String,
    }

    /// `Fetch.AuthChallenge`.
    #[derive(Default)]
    pub struct AuthChallenge {
        /// `Server` or `Proxy`.
        pub source: Option<String>,
        /// Scheme, host and port.
        #[serde(default)]
        pub origin: String,
        /// Such as `basic`.
        #[serde(default)]
        pub scheme: String,
        #[serde(default)]
        pub realm: String,
    }

    /// `Browser.downloadWillBegin`, and `Page.downloadWillBegin`.
    pub struct DownloadWillBegin {
        pub frame_id: FrameId,
        pub guid: String,
        #[serde(default)]
        pub url: String,
        #[serde(default)]
        pub suggested_filename: String,
    }

    /// `Browser.downloadProgress`.
    pub struct DownloadProgress {
        pub guid: String,
        /// 0 while it is unknown.
        #[serde(default)]
        pub total_bytes: f64,
        #[serde(default)]
        pub received_bytes: f64,
        /// `inProgress`, `completed` or `canceled`.
        pub state: String,
    }

    /// `Page.fileChooserOpened`.
    pub struct FileChooserEvent {
        pub frame_id: FrameId,
        /// `selectSingle` or `selectMultiple`.
        pub mode: String,
        /// The `<input type=file>`; absent if a script opened the chooser without one.
        pub backend_node_id: Option<i64>,
    }

    /// `Network.responseReceived`.
    pub struct ResponseReceived {
        /// For a document the same as its loader id.
        pub request_id: String,
        pub loader_id: LoaderId,
        pub response: Response,
    }

    /// `Network.Response`.
    pub struct Response {
        pub status: u16,
    }

    /// `Network.loadingFailed`.
    pub struct LoadingFailed {
        /// For a document the same as its loader id.
        pub request_id: String,
        /// Such as `net::ERR_CONNECTION_REFUSED`.
        #[serde(default)]
        pub error_text: String,
    }
}

/// A count or a time: CDP has only floating-point numbers.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
pub fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_are_ignored() {
        let params =
            br#"{"frame":{"id":"F","loaderId":"L","url":"http://a/","new":[{}]},"type":"Thaw"}"#;
        let event = RawEvent {
            kind: EventKind::FrameNavigated,
            params: Bytes::from_static(params),
        };
        let frame = event.decode::<FrameNavigated>().map(|event| event.frame);
        assert!(frame.is_some_and(|frame| frame.parent_id.is_none() && frame.url == "http://a/"));
    }

    #[test]
    fn half_a_surrogate_pair_in_an_event_is_replaced() {
        let event = RawEvent {
            kind: EventKind::JavascriptDialogOpening,
            params: Bytes::from_static(br#"{"type":"alert","message":"a\ud800b"}"#),
        };
        let dialog: Option<JavascriptDialogOpening> = event.decode();
        assert_eq!(dialog.unwrap().message, "a\u{fffd}b");
    }

    #[test]
    fn an_event_of_unexpected_shape_is_no_panic() {
        let event = RawEvent {
            kind: EventKind::FrameNavigated,
            params: Bytes::from_static(b"[]"),
        };
        assert!(event.decode::<FrameNavigated>().is_none());
    }

    #[test]
    fn of_network_events_only_those_of_documents_are_used() {
        let kind = EventKind::from_method("Network.responseReceived").unwrap();
        assert!(kind.wants(br#"{"requestId":"1","type":"Document"}"#));
        assert!(!kind.wants(br#"{"requestId":"1","type":"Image"}"#));
        assert_eq!(EventKind::from_method("Network.dataReceived"), None);
    }
}
