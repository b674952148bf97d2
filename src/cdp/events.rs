//! The events the bridge reads. Which of them an event is, is known from its name when it is
//! routed; its fields are decoded by whoever acts on it, and fields that are new or missing are
//! passed over where the bridge can do without them.

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ids::{BrowserContextId, FrameId, LoaderId, SessionId, TargetId};
use super::routes::RawEvent;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $method:literal),* $(,)?) => {
        /// The events the bridge reads; all others are passed over when they arrive.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// The kind with this name, if it is one that the bridge reads.
            pub fn from_method(method: &str) -> Option<Self> {
                match method {
                    $($method => Some(Self::$kind),)*
                    _ => None,
                }
            }

            /// The name in the protocol.
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
    /// The renderer of this session's page died. No fields.
    InspectorTargetCrashed = "Inspector.targetCrashed",
    /// [`FrameNavigated`].
    FrameNavigated = "Page.frameNavigated",
    /// [`NavigatedWithinDocument`].
    NavigatedWithinDocument = "Page.navigatedWithinDocument",
    /// [`OfFrame`].
    FrameStartedLoading = "Page.frameStartedLoading",
    /// [`OfFrame`]. Older versions of Chromium do not send it.
    FrameStartedNavigating = "Page.frameStartedNavigating",
    /// [`OfFrame`].
    FrameStoppedLoading = "Page.frameStoppedLoading",
    /// The main frame fired its `load` event.
    LoadEventFired = "Page.loadEventFired",
    /// [`JavascriptDialogOpening`].
    JavascriptDialogOpening = "Page.javascriptDialogOpening",
    /// [`FileChooserOpened`].
    FileChooserOpened = "Page.fileChooserOpened",
    /// [`ResponseReceived`]; only those of documents.
    ResponseReceived = "Network.responseReceived",
    /// [`LoadingFailed`]; only those of documents.
    LoadingFailed = "Network.loadingFailed",
    /// Read by [`screencast_frame`](super::results::screencast_frame).
    ScreencastFrame = "Page.screencastFrame",
    /// [`OfRequest`].
    AuthRequired = "Fetch.authRequired",
    /// [`OfRequest`].
    RequestPaused = "Fetch.requestPaused",
    /// A frame's document has come so far.
    LifecycleEvent = "Page.lifecycleEvent",
    /// A page has begun to drag something, which the bridge carries on.
    DragIntercepted = "Input.dragIntercepted",
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

impl EventKind {
    /// Whether an event with these fields interests anybody. A page of three hundred pictures
    /// sends hundreds of network events; the bridge wants the document's alone.
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
            _ => true,
        }
    }
}

/// The filter of an inbox that sets none: events of [`EventKind::wants`], whole.
pub fn wanted(kind: EventKind, params: Bytes) -> Option<Bytes> {
    kind.wants(&params).then_some(params)
}

impl RawEvent {
    /// The event's fields; none, with a warning, if they do not have the expected shape.
    pub fn decode<T: DeserializeOwned>(&self) -> Option<T> {
        match serde_json::from_slice(&self.params) {
            Ok(fields) => Some(fields),
            Err(error) => {
                let method = self.kind.method();
                tracing::warn!(method, %error, "an event of Chromium has an unexpected shape");
                None
            }
        }
    }
}

/// `Target.TargetInfo`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetInfo {
    /// The target.
    pub target_id: TargetId,
    /// `page`, `iframe`, `worker`, …
    pub r#type: String,
    /// The page's title.
    #[serde(default)]
    pub title: String,
    /// Where it is; empty while a popup stands still before its first request.
    #[serde(default)]
    pub url: String,
    /// The target that opened it.
    #[serde(default)]
    pub opener_id: Option<TargetId>,
    /// The browser context it belongs to.
    #[serde(default)]
    pub browser_context_id: Option<BrowserContextId>,
    /// Of a frame of another process: the frame around it.
    #[serde(default)]
    pub parent_frame_id: Option<FrameId>,
}

/// `Target.attachedToTarget`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachedToTarget {
    /// The new session.
    pub session_id: SessionId,
    /// What it is attached to.
    pub target_info: TargetInfo,
    /// Whether the target stands still.
    #[serde(default)]
    pub waiting_for_debugger: bool,
}

/// `Target.detachedFromTarget`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DetachedFromTarget {
    /// The session that is over.
    pub session_id: SessionId,
}

/// `Target.targetInfoChanged`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetInfoChanged {
    /// What is known now.
    pub target_info: TargetInfo,
}

/// `Target.targetCrashed`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetCrashed {
    /// The target whose renderer died.
    pub target_id: TargetId,
    /// How, such as `crashed`, `killed` or `oom`.
    #[serde(default)]
    pub status: String,
}

/// `Page.frameNavigated`: a frame has committed a document.
#[derive(Debug, Deserialize)]
pub struct FrameNavigated {
    /// The frame.
    pub frame: Frame,
    /// `Navigation`, or `BackForwardCacheRestore`: a document that was kept has come back.
    #[serde(default)]
    pub r#type: String,
}

/// `Page.lifecycleEvent`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleEvent {
    /// The frame.
    pub frame_id: FrameId,
    /// The navigation that brought its document.
    pub loader_id: LoaderId,
    /// How far it has come: `DOMContentLoaded`, `load`, `networkIdle` and others.
    pub name: String,
}

/// `Page.Frame`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// The frame.
    pub id: FrameId,
    /// Its parent; none for the main frame.
    #[serde(default)]
    pub parent_id: Option<FrameId>,
    /// The navigation that brought the document.
    pub loader_id: LoaderId,
    /// The document's URL without its fragment.
    #[serde(default)]
    pub url: String,
    /// The fragment, with its `#`.
    #[serde(default)]
    pub url_fragment: Option<String>,
    /// On an error page: the URL that could not be loaded.
    #[serde(default)]
    pub unreachable_url: Option<String>,
}

/// `Page.navigatedWithinDocument`: only the fragment or the history entry changed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NavigatedWithinDocument {
    /// The frame.
    pub frame_id: FrameId,
    /// Where it is now.
    pub url: String,
}

/// An event of which only the frame counts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfFrame {
    /// The frame.
    pub frame_id: FrameId,
}

/// An event of which only the intercepted request counts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfRequest {
    /// `Fetch.RequestId`.
    pub request_id: String,
}

/// `Page.javascriptDialogOpening`.
#[derive(Debug, Deserialize)]
pub struct JavascriptDialogOpening {
    /// `alert`, `confirm`, `prompt` or `beforeunload`.
    pub r#type: String,
    /// What it says.
    #[serde(default)]
    pub message: String,
}

/// `Browser.downloadWillBegin`, and `Page.downloadWillBegin`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadWillBegin {
    /// The frame that it comes from.
    pub frame_id: FrameId,
    /// The download.
    pub guid: String,
    /// Where it comes from.
    #[serde(default)]
    pub url: String,
    /// The file's name.
    #[serde(default)]
    pub suggested_filename: String,
}

/// `Browser.downloadProgress`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadProgress {
    /// The download.
    pub guid: String,
    /// 0 as long as it is not known.
    #[serde(default)]
    pub total_bytes: f64,
    /// So far.
    #[serde(default)]
    pub received_bytes: f64,
    /// `inProgress`, `completed` or `canceled`.
    pub state: String,
}

/// `Page.fileChooserOpened`.
#[derive(Debug, Deserialize)]
pub struct FileChooserOpened {
    /// `selectSingle` or `selectMultiple`.
    pub mode: String,
}

/// `Network.responseReceived`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseReceived {
    /// The request; for a document the same text as its loader.
    pub request_id: String,
    /// The navigation it belongs to.
    pub loader_id: LoaderId,
    /// The response.
    pub response: Response,
}

/// `Network.Response`.
#[derive(Debug, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
}

/// `Network.loadingFailed`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadingFailed {
    /// The request; for a document the same text as its loader.
    pub request_id: String,
    /// Such as `net::ERR_CONNECTION_REFUSED`.
    #[serde(default)]
    pub error_text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_newer_chromium_are_passed_over() {
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
    fn an_event_of_unexpected_shape_is_no_panic() {
        let event = RawEvent {
            kind: EventKind::FrameNavigated,
            params: Bytes::from_static(b"[]"),
        };
        assert!(event.decode::<FrameNavigated>().is_none());
    }

    #[test]
    fn of_network_events_only_those_of_documents_are_wanted() {
        let kind = EventKind::from_method("Network.responseReceived").unwrap();
        assert!(kind.wants(br#"{"requestId":"1","type":"Document"}"#));
        assert!(!kind.wants(br#"{"requestId":"1","type":"Image"}"#));
        assert_eq!(EventKind::from_method("Network.dataReceived"), None);
    }
}
