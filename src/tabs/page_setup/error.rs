//! Why what a tab's pages start with could not be changed.

use crate::cdp::CallError;

/// Why a change failed. Nothing of it holds then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SetupError {
    /// Chromium does not know such a value.
    #[error("{field}: Chromium cannot emulate this{}", reason_text(.reason))]
    Refused {
        /// The field of the request.
        field: &'static str,
        /// Chromium's reason; empty where it might repeat a secret.
        reason: String,
    },
    /// Another page in the same renderer process has another one.
    #[error(
        "{field}: another tab of this client, whose pages share a process with those of this tab, \
         emulates another one; reset it there, or use a logged-out tab"
    )]
    Shared {
        /// The field of the request.
        field: &'static str,
    },
    /// A tab has as many scripts as it may.
    #[error("a tab has at most {limit} init scripts; remove one first")]
    TooManyScripts {
        /// The most scripts.
        limit: u64,
    },
    /// The scripts of a tab are too long together.
    #[error("the init scripts of the tab would have {bytes} bytes, more than the {max} allowed")]
    ScriptsTooLong {
        /// What they would have.
        bytes: u64,
        /// What they may have.
        max: u64,
    },
    /// There is no such script.
    #[error("the tab has no init script of that scriptId")]
    UnknownScript,
    /// A call to Chromium failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

fn reason_text(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    }
}
