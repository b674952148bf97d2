//! Why something could not be done to a page, or asked of it.

use crate::cdp::CallError;

/// What went wrong. What was typed stands in none of them.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PageActionError {
    /// No element, for as long as the request may wait.
    #[error("no element for `{locator}`: `{segment}` found nothing within the time limit")]
    NotFound {
        /// The locator.
        locator: String,
        /// The segment that found nothing.
        segment: String,
    },
    /// There is an element, but it cannot be acted on.
    #[error("`{locator}` cannot be acted on: {element} {}", why(.reason, .by.as_deref()))]
    NotActionable {
        /// The locator.
        locator: String,
        /// The element in a few words.
        element: String,
        /// Why, as a word of the protocol.
        reason: String,
        /// What covers it, or what else there is to say.
        by: Option<String>,
    },
    /// Several elements.
    #[error(
        "`{locator}` matches {count} elements; add ` >> nth=0` or say more of the one that is meant: {}",
        .elements.join("; ")
    )]
    Ambiguous {
        /// The locator.
        locator: String,
        /// How many.
        count: u64,
        /// The first of them, in a few words each.
        elements: Vec<String>,
    },
    /// The element of a ref is gone.
    #[error("`{locator}` names an element that is gone; take a new axSnapshot")]
    StaleRef {
        /// The locator.
        locator: String,
    },
    /// The page says that a segment is no selector.
    #[error("selector: {problem} (character {position})")]
    BadSelector {
        /// Where the segment begins, in characters.
        position: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A client's script threw.
    #[error("the script threw: {exception}")]
    Threw {
        /// The exception, in its own words.
        exception: String,
    },
    /// A client's script came to more than an answer may hold.
    #[error("the script came to {chars} characters of JSON; at most {max} are sent")]
    TooLarge {
        /// How many.
        chars: u64,
        /// The limit.
        max: u64,
    },
    /// The document went away while something was done to it.
    #[error(
        "the page went elsewhere while the request ran, which may have taken effect; look before \
         trying again"
    )]
    PageLeft,
    /// The bridge's own script failed.
    #[error("the bridge's script in the page failed: {0}")]
    Script(String),
    /// Chromium's own words, or the end of the session.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The tab has another target.
    #[error("the tab's target went away while the request waited")]
    Replaced,
}

fn why(reason: &str, by: Option<&str>) -> String {
    match (reason, by) {
        ("hidden", _) => "is hidden".to_owned(),
        ("visible", _) => "is still visible".to_owned(),
        ("attached", _) => "is still in the page".to_owned(),
        ("outside", _) => "cannot be brought into sight".to_owned(),
        ("moving", _) => "does not come to rest".to_owned(),
        ("disabled", None) => "is disabled".to_owned(),
        ("disabled", Some(by)) => format!("cannot be used: {by}"),
        ("readOnly", _) => "is read-only".to_owned(),
        ("covered", Some(by)) => format!("is covered by {by}"),
        ("covered", None) => "is covered".to_owned(),
        (_, Some(by)) => format!("is of the wrong kind: {by}"),
        (reason, None) => format!("is {reason}"),
    }
}
