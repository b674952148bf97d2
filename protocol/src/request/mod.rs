//! What a Coordinator may ask (protocol section 3).
//!
//! [`bodies`], [`actions`], [`looks`] and [`subscribe`] hold a type for each request, [`answer`] says what answers it,
//! [`parse`] turns a text frame into one of them or into a [`BadRequest`] that names the field and what was expected.

mod actions;
mod answer;
mod bodies;
mod kind;
mod looks;
mod parse;
mod subscribe;

pub use actions::{
    Check, Choice, Click, Drag, Edge, Fill, Focus, GoBack, GoForward, Hover, Modifier, MouseButton,
    Point, Press, Reload, Scroll, ScrollIntoView, ScrollTo, Select, Spot, Type, Uncheck, Upload,
    UploadFile,
};

pub use bodies::{
    ActivateTab, Clip, CloseTab, CreateTab, GetDomSnapshot, GetScreenshot, ImageFormat, ListTabs,
    Navigate, Ping, SetLoggedOutMode, SnapshotFormat, StartScreencast, StopScreencast, Viewport,
};
pub use kind::{Request, RequestBody, RequestKind};
pub use looks::{
    ContentFormat, Evaluate, GetAxSnapshot, GetContent, GetDownload, LoadState, Query, WaitFor,
    WaitState, What,
};
pub use parse::{BadRequest, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS};
pub use subscribe::{Subscribable, Subscribe};

pub(crate) use kind::request_schemas;
