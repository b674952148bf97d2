//! Errors of page actions and page queries.

use cdp_bridge_protocol::request::WaitUntil;
use serde::Deserialize;

use crate::cdp::CallError;

/// Typed text is not part of any message, because it may be a password.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PageActionError {
    /// No element matched before the deadline.
    #[error("no element matches `{locator}`: `{segment}` matched nothing within the time limit")]
    NotFound { locator: String, segment: String },
    /// The element is not actionable: hidden, moving, disabled, covered, …
    #[error(
        "`{locator}` is not actionable: {element} {}{}",
        explain(.reason, .by.as_deref()),
        tell(.course)
    )]
    NotActionable {
        locator: String,
        /// A short description of the element.
        element: String,
        /// The reason, as a value of the protocol.
        reason: String,
        /// The covering element, or further explanation.
        by: Option<String>,
        /// The reasons why it was not actionable before that.
        course: Vec<WaitedFor>,
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
    /// What was waited for did not come about.
    #[error(
        "{condition} did not come about within the time limit; the document at {url} is at {}",
        .reached.as_str()
    )]
    NotHeld {
        /// A description.
        condition: String,
        /// Where the tab is, redacted.
        url: String,
        /// How far its document is.
        reached: WaitUntil,
    },
    /// None of several conditions came about.
    #[error("none of the conditions came about within the time limit: {failures}")]
    NoneHolds {
        /// Each condition's own failure.
        failures: String,
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
    /// Whether the action may have been carried out, fully or in part, without this error saying so.
    pub(super) fn leaves_effect_open(&self) -> bool {
        matches!(
            self,
            Self::PageLeft | Self::Script(_) | Self::Call(_) | Self::Replaced
        )
    }

    /// Whether a wait failed only because its time was over.
    pub(super) fn is_of_time(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. } | Self::NotActionable { .. } | Self::NotHeld { .. }
        )
    }

    /// Whether a frame inside the page is gone or has no document yet, and the page may still be there.
    pub(super) fn is_frame_gone(&self) -> bool {
        match self {
            Self::PageLeft | Self::Script(_) => true,
            Self::Call(error) => error.is_session_gone() || error.is_refusal(),
            _ => false,
        }
    }
}

/// A reason in the course of waiting for an element.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WaitedFor {
    pub reason: String,
    #[serde(default)]
    pub by: Option<String>,
    /// How many checks in a row had this reason.
    pub count: u64,
}

fn tell(course: &[WaitedFor]) -> String {
    if course.is_empty() {
        return String::new();
    }
    let before = course.iter().map(|WaitedFor { reason, by, count }| {
        format!("{count} × {}", explain(reason, by.as_deref()))
    });
    format!(
        " (before that, {})",
        before.collect::<Vec<_>>().join(", then ")
    )
}

fn explain(reason: &str, by: Option<&str>) -> String {
    match (reason, by) {
        ("hidden", None) => "is hidden".to_owned(),
        ("hidden", Some(by)) => format!("is hidden: {by}"),
        ("absent", _) => "is not there".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_that_is_not_actionable_is_told_with_the_course_of_the_waiting() {
        let reason = |reason: &str, by: Option<&str>, count| WaitedFor {
            reason: reason.to_owned(),
            by: by.map(str::to_owned),
            count,
        };
        let error = |course| PageActionError::NotActionable {
            locator: "#b".to_owned(),
            element: "<button>".to_owned(),
            reason: "hidden".to_owned(),
            by: None,
            course,
        };
        let message = error(Vec::new()).to_string();
        assert_eq!(message, "`#b` is not actionable: <button> is hidden");
        let course = vec![
            reason("covered", Some("<div>"), 12),
            reason("absent", None, 1),
        ];
        assert_eq!(
            error(course).to_string(),
            "`#b` is not actionable: <button> is hidden (before that, 12 × is covered by <div>, then \
             1 × is not there)"
        );
    }
}
