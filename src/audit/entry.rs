//! What a row of the audit can say. Each field of its detail is listed here, so that nothing else gets in: no token, no URL,
//! no text that was typed, and no value of metadata.

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use crate::clock::epoch_ms;
use crate::store::AuditRow;

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person or script at the command line of the machine.
    Operator,
    /// The daemon by itself, such as at the end of a session's time.
    Daemon,
    /// A client where no credential is needed.
    Anonymous,
    /// A client with the token in the configuration.
    Token,
    /// A client with the API key of this id.
    Key(String),
    /// The holder of a session's token.
    SessionToken,
    /// A request without a valid credential.
    Unknown,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "operator",
            Self::Daemon => "daemon",
            Self::Anonymous => "anonymous",
            Self::Token => "token",
            Self::Key(id) => return write!(f, "key/{id}"),
            Self::SessionToken => "session-token",
            Self::Unknown => "unknown",
        })
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    SessionCreate,
    SessionUpdate,
    SessionEnd,
    TokenMint,
    KeyAdd,
    KeyRevoke,
    KeyUse,
    Authenticate,
    ConfigurationReload,
    DaemonStart,
    DaemonStop,
}

impl AuditAction {
    /// The word in the row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionCreate => "session.create",
            Self::SessionUpdate => "session.update",
            Self::SessionEnd => "session.end",
            Self::TokenMint => "token.mint",
            Self::KeyAdd => "key.add",
            Self::KeyRevoke => "key.revoke",
            Self::KeyUse => "key.use",
            Self::Authenticate => "authenticate",
            Self::ConfigurationReload => "configuration.reload",
            Self::DaemonStart => "daemon.start",
            Self::DaemonStop => "daemon.stop",
        }
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditObject {
    Session(String),
    Key(String),
    Daemon,
    Configuration,
    /// The edge of the server, which refuses requests before anything else is known of them.
    Edge,
}

impl fmt::Display for AuditObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "session/{id}"),
            Self::Key(id) => write!(f, "key/{id}"),
            Self::Daemon => f.write_str("daemon"),
            Self::Configuration => f.write_str("configuration"),
            Self::Edge => f.write_str("edge"),
        }
    }
}

/// The further fields that a row may have. Absent ones are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditDetail {
    /// The scopes of a token or key, as words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// When a token or key ends, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// Why a session ended or a request was refused, as one of the words of this program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Which limits a key has, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<&'static str>,
    /// Which fields of a session were changed, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<&'static str>,
    /// The page that a token is limited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// How many like it were left out since the row before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    /// The version of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'static str>,
}

/// A row that is still to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The client that it concerns; empty for the daemon itself.
    pub client: String,
    pub actor: Actor,
    pub action: AuditAction,
    pub object: AuditObject,
    /// `ok`, or the code of an error.
    pub outcome: &'static str,
    pub peer: Option<IpAddr>,
    pub detail: AuditDetail,
}

impl AuditEntry {
    /// Something that succeeded.
    pub fn new(actor: Actor, action: AuditAction, object: AuditObject) -> Self {
        Self {
            client: String::new(),
            actor,
            action,
            object,
            outcome: "ok",
            peer: None,
            detail: AuditDetail::default(),
        }
    }

    /// The same about a client.
    #[must_use]
    pub fn of_client(mut self, client: &str) -> Self {
        client.clone_into(&mut self.client);
        self
    }

    /// The same with this outcome.
    #[must_use]
    pub fn with_outcome(self, outcome: &'static str) -> Self {
        Self { outcome, ..self }
    }

    /// The same from this address.
    #[must_use]
    pub fn from_peer(self, peer: Option<IpAddr>) -> Self {
        Self { peer, ..self }
    }

    /// The same with more about it.
    #[must_use]
    pub fn with_detail(self, detail: AuditDetail) -> Self {
        Self { detail, ..self }
    }

    /// The row, at this moment.
    pub fn row(self) -> AuditRow {
        let detail = serde_json::to_string(&self.detail).ok();
        AuditRow {
            at_ms: epoch_ms(),
            client: self.client,
            actor: self.actor.to_string(),
            action: self.action.as_str().to_owned(),
            object: self.object.to_string(),
            outcome: self.outcome.to_owned(),
            peer: self.peer.map(|peer| peer.to_string()),
            detail: detail.filter(|detail| detail != "{}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_who_did_what_from_where() {
        let detail = AuditDetail {
            scopes: Some("rest".to_owned()),
            ..AuditDetail::default()
        };
        let entry = AuditEntry::new(
            Actor::Key("01234567".to_owned()),
            AuditAction::TokenMint,
            AuditObject::Session("s".to_owned()),
        )
        .of_client("a")
        .from_peer(Some([127, 0, 0, 1].into()))
        .with_detail(detail);
        let row = entry.row();
        assert_eq!(
            [
                &row.client,
                &row.actor,
                &row.action,
                &row.object,
                &row.outcome
            ],
            ["a", "key/01234567", "token.mint", "session/s", "ok"]
        );
        assert_eq!(row.peer.as_deref(), Some("127.0.0.1"));
        assert_eq!(row.detail.as_deref(), Some(r#"{"scopes":"rest"}"#));
        let bare = AuditEntry::new(Actor::Daemon, AuditAction::DaemonStop, AuditObject::Daemon);
        assert_eq!(bare.row().detail, None);
    }
}
