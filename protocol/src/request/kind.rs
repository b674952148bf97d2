//! The list of requests, written once: the enum, its names and its schemas follow from it.

use std::time::Duration;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::actions::{
    Check, Click, Drag, Fill, Focus, GoBack, GoForward, Hover, Press, Reload, Scroll,
    ScrollIntoView, Select, Type, Uncheck, Upload,
};
use super::bodies::{
    ActivateTab, CloseTab, CreateTab, GetDomSnapshot, GetScreenshot, ListTabs, Navigate, Ping,
    SetLoggedOutMode, StartScreencast, StopScreencast,
};
use super::looks::{Evaluate, GetAxSnapshot, GetContent, GetDownload, Query, WaitFor};
use super::parse::{FieldError, parse_body};
use super::subscribe::Subscribe;
use crate::idempotency::IdempotencyKey;
use crate::ids::{RequestId, TabRef};

/// One request: its body, with what may stand on any of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The client's own name for it, echoed in the answer.
    pub request_id: Option<RequestId>,
    /// The time limit the client wants instead of the configured one.
    pub timeout: Option<Duration>,
    /// The name under which the change is made once; only on requests that change something.
    pub idempotency_key: Option<IdempotencyKey>,
    /// What is asked.
    pub body: RequestBody,
}

macro_rules! requests {
    ($($(#[$doc:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// Which request, without its fields: for time limits, metrics and logs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RequestKind {
            $($(#[$doc])* $kind,)*
        }

        impl RequestKind {
            /// Every kind, in the order of the protocol's table.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The message's `type`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// The kind whose `type` this is.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$kind),)*
                    _ => None,
                }
            }

            /// The body of such a request, read from its own fields.
            pub(super) fn parse(self, fields: Map<String, Value>) -> Result<RequestBody, FieldError> {
                match self {
                    $(Self::$kind => parse_body(fields).map(RequestBody::$kind),)*
                }
            }
        }

        /// What is asked.
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        pub enum RequestBody {
            $($(#[$doc])* $kind($kind),)*
        }

        impl RequestBody {
            /// Which request it is.
            pub fn kind(&self) -> RequestKind {
                match self {
                    $(Self::$kind(_) => RequestKind::$kind,)*
                }
            }
        }

        $(
            impl From<$kind> for RequestBody {
                fn from(body: $kind) -> Self {
                    Self::$kind(body)
                }
            }
        )*

        /// Name and schema of each request's own fields.
        pub(crate) fn request_schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
            vec![$(($name, <$kind as schemars::JsonSchema>::json_schema(generator)),)*]
        }
    };
}

requests! {
    /// `createTab`.
    CreateTab = "createTab",
    /// `closeTab`.
    CloseTab = "closeTab",
    /// `activateTab`.
    ActivateTab = "activateTab",
    /// `navigate`.
    Navigate = "navigate",
    /// `getDomSnapshot`.
    GetDomSnapshot = "getDomSnapshot",
    /// `getScreenshot`.
    GetScreenshot = "getScreenshot",
    /// `setLoggedOutMode`.
    SetLoggedOutMode = "setLoggedOutMode",
    /// `listTabs`.
    ListTabs = "listTabs",
    /// `startScreencast`.
    StartScreencast = "startScreencast",
    /// `stopScreencast`.
    StopScreencast = "stopScreencast",
    /// `ping`.
    Ping = "ping",
    /// `click`.
    Click = "click",
    /// `hover`.
    Hover = "hover",
    /// `focus`.
    Focus = "focus",
    /// `check`.
    Check = "check",
    /// `uncheck`.
    Uncheck = "uncheck",
    /// `scrollIntoView`.
    ScrollIntoView = "scrollIntoView",
    /// `fill`.
    Fill = "fill",
    /// `type`.
    Type = "type",
    /// `press`.
    Press = "press",
    /// `select`.
    Select = "select",
    /// `scroll`.
    Scroll = "scroll",
    /// `drag`.
    Drag = "drag",
    /// `upload`.
    Upload = "upload",
    /// `goBack`.
    GoBack = "goBack",
    /// `goForward`.
    GoForward = "goForward",
    /// `reload`.
    Reload = "reload",
    /// `waitFor`.
    WaitFor = "waitFor",
    /// `query`.
    Query = "query",
    /// `evaluate`.
    Evaluate = "evaluate",
    /// `getAxSnapshot`.
    GetAxSnapshot = "getAxSnapshot",
    /// `getContent`.
    GetContent = "getContent",
    /// `subscribe`.
    Subscribe = "subscribe",
    /// `getDownload`.
    GetDownload = "getDownload",
}

impl RequestKind {
    /// Whether such a request changes something, so that asking twice is not the same as once, and
    /// an `idempotencyKey` may stand on it. What is bound to its connection takes none.
    pub fn takes_idempotency_key(self) -> bool {
        match self {
            Self::CreateTab
            | Self::CloseTab
            | Self::ActivateTab
            | Self::Navigate
            | Self::SetLoggedOutMode
            | Self::Click
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
            | Self::GoBack
            | Self::GoForward
            | Self::Reload
            | Self::Evaluate => true,
            Self::GetDomSnapshot
            | Self::GetScreenshot
            | Self::ListTabs
            | Self::StartScreencast
            | Self::StopScreencast
            | Self::Ping
            | Self::WaitFor
            | Self::Query
            | Self::GetAxSnapshot
            | Self::GetContent
            | Self::Subscribe
            | Self::GetDownload => false,
        }
    }
}

impl RequestBody {
    /// The tab the request is about, where it is about one.
    pub fn tab(&self) -> Option<&TabRef> {
        match self {
            Self::CloseTab(CloseTab { tab_id })
            | Self::ActivateTab(ActivateTab { tab_id })
            | Self::Navigate(Navigate { tab_id, .. })
            | Self::GetDomSnapshot(GetDomSnapshot { tab_id, .. })
            | Self::GetScreenshot(GetScreenshot { tab_id, .. })
            | Self::SetLoggedOutMode(SetLoggedOutMode { tab_id, .. })
            | Self::StartScreencast(StartScreencast { tab_id, .. })
            | Self::StopScreencast(StopScreencast { tab_id })
            | Self::Click(Click { tab_id, .. })
            | Self::Hover(Hover { tab_id, .. })
            | Self::Focus(Focus { tab_id, .. })
            | Self::Check(Check { tab_id, .. })
            | Self::Uncheck(Uncheck { tab_id, .. })
            | Self::ScrollIntoView(ScrollIntoView { tab_id, .. })
            | Self::Fill(Fill { tab_id, .. })
            | Self::Type(Type { tab_id, .. })
            | Self::Press(Press { tab_id, .. })
            | Self::Select(Select { tab_id, .. })
            | Self::Scroll(Scroll { tab_id, .. })
            | Self::Drag(Drag { tab_id, .. })
            | Self::Upload(Upload { tab_id, .. })
            | Self::GoBack(GoBack { tab_id, .. })
            | Self::GoForward(GoForward { tab_id, .. })
            | Self::Reload(Reload { tab_id, .. })
            | Self::WaitFor(WaitFor { tab_id, .. })
            | Self::Query(Query { tab_id, .. })
            | Self::Evaluate(Evaluate { tab_id, .. })
            | Self::GetAxSnapshot(GetAxSnapshot { tab_id, .. })
            | Self::GetContent(GetContent { tab_id, .. })
            | Self::Subscribe(Subscribe { tab_id, .. })
            | Self::GetDownload(GetDownload { tab_id, .. }) => Some(tab_id),
            Self::CreateTab(_) | Self::ListTabs(_) | Self::Ping(_) => None,
        }
    }
}

impl Request {
    /// A request without a time limit of its own.
    pub fn new(request_id: impl Into<RequestId>, body: impl Into<RequestBody>) -> Self {
        Self {
            request_id: Some(request_id.into()),
            timeout: None,
            idempotency_key: None,
            body: body.into(),
        }
    }

    /// The JSON text a client sends.
    pub fn to_json(&self) -> String {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Envelope<'a> {
            r#type: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            request_id: &'a Option<RequestId>,
            #[serde(skip_serializing_if = "Option::is_none")]
            timeout_ms: Option<u128>,
            #[serde(skip_serializing_if = "Option::is_none")]
            idempotency_key: &'a Option<IdempotencyKey>,
            #[serde(flatten)]
            body: &'a RequestBody,
        }

        let envelope = Envelope {
            r#type: self.body.kind().as_str(),
            request_id: &self.request_id,
            timeout_ms: self.timeout.map(|timeout| timeout.as_millis()),
            idempotency_key: &self.idempotency_key,
            body: &self.body,
        };
        #[expect(
            clippy::expect_used,
            reason = "strings, numbers and booleans always serialize"
        )]
        serde_json::to_string(&envelope).expect("a request serializes")
    }
}
