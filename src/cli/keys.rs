//! The flags of `keys` and `audit`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::help;
use crate::tokens::TokenScopes;
use crate::tokens::api_key::{is_key_id, key_id};
use crate::units::duration;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum KeysCommand {
    /// Make a key, and print it: it is shown this once
    #[command(after_help = help::KEYS_ADD)]
    Add(KeysAddArgs),
    /// Print what is known of each key; the keys themselves are not kept
    #[command(after_help = help::KEYS_LIST)]
    List(KeysListArgs),
    /// Make a key void: connections and tokens of it end within a second
    #[command(after_help = help::KEYS_REVOKE)]
    Revoke(KeysRevokeArgs),
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct KeysAddArgs {
    /// Whose key it is: a client of the configuration, or a new one
    #[arg(long, value_name = "NAME", value_parser = client_name, help_heading = help::KEY)]
    pub client: String,
    /// What it opens: rest, json, cdp and watch, divided by commas
    #[arg(long, value_name = "SCOPES", default_value = "rest,json,cdp,watch", value_parser = scopes, help_heading = help::KEY)]
    pub scopes: TokenScopes,
    /// How long it is valid, such as 30d; for ever if absent
    #[arg(long, value_name = "DURATION", value_parser = expiry, help_heading = help::KEY)]
    pub expires: Option<Duration>,
    /// A limit of its client, such as tabs=10; can be repeated
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = limit, help_heading = help::KEY)]
    pub limits: Vec<KeyLimit>,
    /// Print a JSON object with the key and what is known of it
    #[arg(long, help_heading = help::OUTPUT)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct KeysListArgs {
    /// Print a JSON array
    #[arg(long, help_heading = help::OUTPUT)]
    pub json: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct KeysRevokeArgs {
    /// The id of the key: the 8 characters after `cbk_`
    #[arg(value_name = "ID", value_parser = id)]
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum AuditCommand {
    /// Print the rows, oldest first
    #[command(after_help = help::AUDIT_LIST)]
    List(AuditListArgs),
    /// Exit with 0 if no row was changed, left out or inserted later
    #[command(after_help = help::AUDIT_VERIFY)]
    Verify(AuditVerifyArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct AuditListArgs {
    /// Print one JSON object a line
    #[arg(long, help_heading = help::OUTPUT)]
    pub json: bool,
    /// Only what happened within this time, such as 2h or 7d
    #[arg(long, value_name = "DURATION", value_parser = since, help_heading = help::OUTPUT)]
    pub since: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AuditVerifyArgs {
    /// The end of the chain that an earlier run has printed: it has to be in the chain still
    #[arg(long, value_name = "NUMBER:HASH", value_parser = chain_end, help_heading = help::CHAIN)]
    pub end: Option<ChainEnd>,
}

/// A limit with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLimit {
    pub name: String,
    pub value: u64,
}

/// The number and the hash of a row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainEnd {
    pub seq: u64,
    /// In hexadecimal digits.
    pub chain: String,
}

/// Why a value of these flags is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum BadValue {
    #[error(
        "expected a name of up to 64 characters, without control characters and white space around it"
    )]
    ClientName,
    #[error("expected at least one of rest, json, cdp and watch")]
    NoScope,
    #[error("{0}")]
    Scope(#[from] crate::tokens::claims::NotAScope),
    #[error("expected a duration of at least 1s, such as 30d or 12h")]
    Duration,
    #[error("expected NAME=NUMBER, such as tabs=10")]
    Limit,
    #[error("expected the 8 characters after `cbk_`")]
    Id,
    #[error("expected NUMBER:HASH, as `audit verify` prints it")]
    ChainEnd,
}

fn client_name(text: &str) -> Result<String, BadValue> {
    let is_good = !text.is_empty()
        && text.chars().count() <= 64
        && text.trim() == text
        && !text.chars().any(char::is_control);
    is_good.then(|| text.to_owned()).ok_or(BadValue::ClientName)
}

fn scopes(text: &str) -> Result<TokenScopes, BadValue> {
    let scopes: TokenScopes = text.parse()?;
    if scopes.is_empty() {
        return Err(BadValue::NoScope);
    }
    Ok(scopes)
}

fn expiry(text: &str) -> Result<Duration, BadValue> {
    let parsed = duration::parse(text).ok();
    let long_enough = parsed.filter(|it| *it >= Duration::from_secs(1));
    long_enough.ok_or(BadValue::Duration)
}

fn since(text: &str) -> Result<Duration, BadValue> {
    duration::parse(text).map_err(|_| BadValue::Duration)
}

fn limit(text: &str) -> Result<KeyLimit, BadValue> {
    let (name, value) = text.split_once('=').ok_or(BadValue::Limit)?;
    let value = value.trim().parse().map_err(|_| BadValue::Limit)?;
    let name = name.trim().to_owned();
    Ok(KeyLimit { name, value })
}

/// A whole key is taken too, since that is what may be at hand when it was published.
fn id(text: &str) -> Result<String, BadValue> {
    let text = text.trim();
    let id = key_id(text).unwrap_or_else(|| text.strip_prefix("cbk_").unwrap_or(text));
    is_key_id(id).then(|| id.to_owned()).ok_or(BadValue::Id)
}

fn chain_end(text: &str) -> Result<ChainEnd, BadValue> {
    let (seq, chain) = text.split_once(':').ok_or(BadValue::ChainEnd)?;
    let seq = seq.parse().map_err(|_| BadValue::ChainEnd)?;
    let is_hash = chain.len() == 64 && chain.bytes().all(|it| it.is_ascii_hexdigit());
    let chain = chain.to_ascii_lowercase();
    is_hash
        .then_some(ChainEnd { seq, chain })
        .ok_or(BadValue::ChainEnd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{CliCommand, Invocation};

    fn parse(line: &str) -> Result<CliCommand, clap::Error> {
        let words = line.split_whitespace();
        Invocation::parse(["cdp-bridge"].into_iter().chain(words)).map(|it| it.command)
    }

    #[test]
    fn a_key_has_every_scope_and_no_end_unless_the_flags_say_otherwise() {
        let add = |line: &str| match parse(line).unwrap() {
            CliCommand::Keys(KeysCommand::Add(add)) => add,
            other => panic!("{other:?}"),
        };
        let plain = add("keys add --client a");
        assert_eq!(plain.scopes, TokenScopes::all());
        assert_eq!((plain.expires, plain.limits), (None, Vec::new()));
        let full = add(
            "keys add --client a --scopes watch,rest --expires 30d --limit tabs=10 --limit sessions=2",
        );
        assert_eq!(full.scopes.to_string(), "rest watch");
        assert_eq!(full.expires, Some(Duration::from_hours(30 * 24)));
        let limits: Vec<_> = full
            .limits
            .iter()
            .map(|it| (it.name.as_str(), it.value))
            .collect();
        assert_eq!(limits, [("tabs", 10), ("sessions", 2)]);
    }

    #[test]
    fn a_value_that_means_nothing_is_a_usage_error() {
        for line in [
            "keys add",
            "keys add --client a --scopes admin",
            "keys add --client a --scopes ,",
            "keys add --client a --expires soon",
            "keys add --client a --expires 0s",
            "keys add --client a --limit tabs",
            "keys revoke cbk_",
            "keys revoke 0123456",
            "audit verify --end 3",
            "audit list --since yesterday",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
        assert!(client_name(" a").is_err() && client_name(&"a".repeat(65)).is_err());
    }

    #[test]
    fn a_key_is_revoked_by_its_id_or_by_what_was_published_of_it() {
        let key = format!("cbk_0123abcd_{}", "A".repeat(43));
        for text in ["0123abcd", "cbk_0123abcd", &key] {
            assert_eq!(id(text), Ok("0123abcd".to_owned()));
        }
    }
}
