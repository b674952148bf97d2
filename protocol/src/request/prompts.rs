//! The fields of the requests that answer what a page or a server asks of its user: dialogs and passwords.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, at_most, broken};
use crate::ids::TabRef;
use crate::typed_text::TypedText;

/// Answers a dialog whose `dialogOpened` says `handled: "asked"`. Answered by `dialogClosed`. It waits for nothing else
/// that the tab does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("not" = {
    "required": ["accept", "promptText"],
    "properties": { "accept": { "const": false }, "promptText": { "type": "string" } },
}))]
pub struct AnswerDialog {
    /// The tab.
    pub tab_id: TabRef,
    /// The `dialogId` of its `dialogOpened`.
    pub dialog_id: String,
    /// Whether OK is pressed, and not Cancel. Of a `beforeunload` dialog, whether the page is left.
    pub accept: bool,
    /// What is entered into a `prompt`; the text that it proposes if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_text: Option<TypedText>,
}

/// Answers an `authRequired`. Answered by `authClosed`. It waits for nothing else that the tab does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["username", "password"],
        "properties": {
            "username": { "type": "string" },
            "password": { "type": "string" },
            "cancel": { "type": "null" },
        },
    },
    {
        "required": ["cancel"],
        "properties": {
            "cancel": { "const": true },
            "username": { "type": "null" },
            "password": { "type": "null" },
        },
    },
]))]
pub struct AnswerAuth {
    /// The tab.
    pub tab_id: TabRef,
    /// The `authId` of its `authRequired`.
    pub auth_id: String,
    /// The user; goes with `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<TypedText>,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<TypedText>,
    /// `true` in place of both: the page gets the server's refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel: Option<bool>,
}

/// A user and a password for one origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OriginCredentials {
    /// Scheme, host and port, such as `https://example.com` or `http://example.com:8080`. No other host, port or scheme
    /// gets them.
    pub origin: String,
    /// The user.
    pub username: TypedText,
    /// The password.
    pub password: TypedText,
}

/// Sets the users and passwords with which a tab answers HTTP authentication by itself. They replace those before, are
/// kept when the tab gets a new page after a crash, and are forgotten with the tab or by `setLoggedOutMode`. Answered by
/// `done`. The browser keeps what a server has accepted for as long as it keeps the tab's cookies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetCredentials {
    /// The tab.
    pub tab_id: TabRef,
    /// One entry for each origin; none to forget them.
    #[schemars(length(max = 32))]
    pub credentials: Vec<OriginCredentials>,
}

/// The most credentials of one tab.
const MAX_CREDENTIALS: usize = 32;

impl Validate for AnswerDialog {
    fn validate(&self) -> Result<(), FieldError> {
        if self.prompt_text.is_some() && !self.accept {
            return broken("promptText", "it goes with accept: true");
        }
        Ok(())
    }
}

impl Validate for AnswerAuth {
    fn validate(&self) -> Result<(), FieldError> {
        match (&self.username, &self.password, self.cancel) {
            (Some(_), Some(_), None) | (None, None, Some(true)) => Ok(()),
            (None, None, _) => broken(
                "username",
                "expected username and password, or cancel: true",
            ),
            (None, Some(_), None) => broken("username", "password needs username"),
            (Some(_), None, None) => broken("password", "username needs password"),
            (_, _, Some(_)) => broken("cancel", "either username and password, or cancel: true"),
        }
    }
}

impl Validate for SetCredentials {
    fn validate(&self) -> Result<(), FieldError> {
        at_most("credentials", self.credentials.len(), MAX_CREDENTIALS)
    }
}
