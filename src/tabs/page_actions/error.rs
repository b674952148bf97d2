//! Errors of page actions and page queries.

use crate::cdp::CallError;

/// Typed text is not part of any message, because it may be a password.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PageActionError {
    /// No element matched before the deadline.
    #[error("no element matches `{locator}`: `{segment}` matched nothing within the time limit")]
    NotFound { locator: String, segment: String },
    /// The element is not actionable: hidden, moving, disabled, covered, …
    #[error("`{locator}` is not actionable: {element} {}", explain(.reason, .by.as_deref()))]
    NotActionable {
        locator: String,
        /// A short description of the element.
        element: String,
        /// The reason, as a value of the protocol.
        reason: String,
        /// The covering element, or further explanation.
        by: Option<String>,
    },
    /// The locator matches several elements.
    #[error(
        "`{locator}` matches {count} elements; use a locator of one of them: {}",
        choices(.locators, .elements)
    )]
    Ambiguous {
        locator: String,
        count: u64,
        /// Short descriptions of the first ones.
        elements: Vec<String>,
        /// A locator for each of these elements.
        locators: Vec<String>,
    },
    /// The element of a ref is no longer in the document.
    #[error(
        "`{locator}` refers to an element that is no longer in the document; take a new axSnapshot"
    )]
    StaleRef { locator: String },
    /// The input of a file chooser is gone with its document, or there was no such chooser.
    #[error("there is no file chooser `{chooser}` in the tab's present document")]
    NoChooser { chooser: String },
    /// The browser's parser rejected a segment.
    #[error("selector: {problem} (character {position})")]
    BadSelector {
        /// The offset of the segment, in characters.
        position: u64,
        problem: String,
    },
    #[error("the script threw: {exception}")]
    Threw { exception: String },
    /// The value of a client's script exceeds the size limit.
    #[error(
        "the result of the script is at least {chars} characters of JSON; the maximum is {max}"
    )]
    TooLarge { chars: u64, max: u64 },
    #[error("the result of the script cannot be written as JSON: {problem}")]
    NotJson { problem: String },
    /// The document was replaced or closed while the request ran.
    #[error(
        "the page navigated while the request ran, so the action may have taken effect; check before \
         trying again"
    )]
    PageLeft,
    #[error("the bridge's script in the page failed: {0}")]
    Script(String),
    /// A CDP command failed, or the session ended.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The tab has switched to another target.
    #[error("the tab switched to another target while the request waited")]
    Replaced,
}

/// The locators, each with the description of its element.
fn choices(locators: &[String], elements: &[String]) -> String {
    let pairs = locators.iter().zip(elements);
    let lines = pairs.map(|(locator, element)| format!("`{locator}` for {element}"));
    lines.collect::<Vec<_>>().join("; ")
}

impl PageActionError {
    /// Whether a frame inside the page is gone or has no document yet, and the page may still be there.
    pub(super) fn is_frame_gone(&self) -> bool {
        match self {
            Self::PageLeft | Self::Script(_) => true,
            Self::Call(error) => error.is_session_gone() || error.is_refusal(),
            _ => false,
        }
    }
}

fn explain(reason: &str, by: Option<&str>) -> String {
    match (reason, by) {
        ("hidden", _) => "is hidden".to_owned(),
        ("visible", _) => "is still visible".to_owned(),
        ("attached", _) => "is still in the page".to_owned(),
        ("outside", _) => "cannot be scrolled into view".to_owned(),
        ("moving", _) => "does not stop moving".to_owned(),
        ("disabled", None) => "is disabled".to_owned(),
        ("disabled", Some(by)) => format!("cannot be used: {by}"),
        ("readOnly", _) => "is read-only".to_owned(),
        ("covered", Some(by)) => format!("is covered by {by}"),
        ("covered", None) => "is covered".to_owned(),
        (_, Some(by)) => format!("is not suitable: {by}"),
        (reason, None) => format!("is {reason}"),
    }
}
