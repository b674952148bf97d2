//! The answers of clients.

use cdp_bridge_protocol::TypedText;

/// `answerDialog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogAnswer {
    /// The id of the dialog.
    pub dialog: String,
    pub accept: bool,
    /// The text of a `prompt`; the one that it proposes if absent.
    pub text: Option<TypedText>,
}

/// `answerAuth`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthAnswer {
    /// The id of the request for a password.
    pub auth: String,
    /// User and password; `None` cancels.
    pub login: Option<(TypedText, TypedText)>,
}
