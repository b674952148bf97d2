//! Opaque ids from Chromium, cheap to clone.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(Arc<str>);

            impl $name {
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl From<&str> for $name {
                fn from(text: &str) -> Self {
                    Self(text.into())
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )*
    };
}

ids! {
    /// `Target.SessionID`: one attachment to one target.
    SessionId,
    /// `Target.TargetID`: a page, a popup, a worker.
    TargetId,
    /// `Browser.BrowserContextID`: a set of cookies, storage and cache.
    BrowserContextId,
    /// `Page.FrameId`.
    FrameId,
    /// `Network.LoaderId`: one navigation of one frame.
    LoaderId,
}
