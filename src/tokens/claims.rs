//! What a token says.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a token is for. One that was made for something else is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Acting in a session.
    Session,
    /// A page for a person.
    Link,
    /// A run of a script.
    Run,
}

/// One thing that the holder of a session's token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// Requests over HTTP.
    Rest,
    /// The JSON protocol over a WebSocket.
    Json,
    /// The Chrome DevTools Protocol.
    Cdp,
    /// Events and pictures, without acting.
    Watch,
}

impl TokenScope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Rest, Self::Json, Self::Cdp, Self::Watch];

    /// The scope as it is written in a token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Json => "json",
            Self::Cdp => "cdp",
            Self::Watch => "watch",
        }
    }
}

/// The scopes of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenScopes(Vec<TokenScope>);

impl TokenScopes {
    /// Everything.
    pub fn all() -> Self {
        Self(TokenScope::ALL.to_vec())
    }

    /// Those of these that the others have too.
    #[must_use]
    pub fn limited_to(&self, others: &Self) -> Self {
        self.0
            .iter()
            .copied()
            .filter(|it| others.allow(*it))
            .collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the holder may do this.
    pub fn allow(&self, scope: TokenScope) -> bool {
        self.0.contains(&scope)
    }
}

impl FromIterator<TokenScope> for TokenScopes {
    fn from_iter<I: IntoIterator<Item = TokenScope>>(scopes: I) -> Self {
        let scopes: Vec<_> = scopes.into_iter().collect();
        let all = TokenScope::ALL.into_iter();
        Self(all.filter(|scope| scopes.contains(scope)).collect())
    }
}

/// Words divided by spaces, as they are stored.
impl fmt::Display for TokenScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

/// A word that is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a scope; expected rest, json, cdp or watch")]
pub struct NotAScope(pub String);

impl FromStr for TokenScopes {
    type Err = NotAScope;

    /// Words divided by spaces or commas.
    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        let scopes = words.map(|word| {
            let mut all = TokenScope::ALL.into_iter();
            let scope = all.find(|scope| scope.as_str() == word);
            scope.ok_or_else(|| NotAScope(word.to_owned()))
        });
        scopes.collect()
    }
}

/// The payload of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// What it is for.
    pub aud: Audience,
    /// Whose it is: a session's id, or what else the audience names.
    pub sub: String,
    /// The client that the session belongs to.
    pub cli: String,
    /// What the holder may do.
    pub scp: TokenScopes,
    /// The only page that it opens; without it, all pages of the session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pg: Option<String>,
    /// The id of the API key that it was made with: it ends with that. Without it, it ends with the client.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// Whether it is to live as long as its session: it is renewed when that is to live longer.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub bound: bool,
    /// Tokens of an earlier generation than the session's are void.
    #[serde(default)]
    pub r#gen: u32,
    /// When it was made, in seconds since the epoch.
    pub iat: u64,
    /// When it ends, in seconds since the epoch.
    pub exp: u64,
    /// Tells it from every other token.
    pub jti: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_from_the_words_that_they_are_stored_as() {
        for scopes in [
            TokenScopes::all(),
            TokenScopes::from_iter([TokenScope::Watch]),
            TokenScopes::from_iter([]),
        ] {
            assert_eq!(scopes.to_string().parse(), Ok(scopes));
        }
        assert_eq!(
            "json,rest".parse::<TokenScopes>().unwrap().to_string(),
            "rest json"
        );
        let error = "rest,admin".parse::<TokenScopes>().unwrap_err();
        assert!(error.to_string().starts_with("\"admin\" is not a scope"));
    }

    #[test]
    fn scopes_are_a_list_of_words_in_one_order_and_each_once() {
        let scopes: TokenScopes = [TokenScope::Watch, TokenScope::Rest, TokenScope::Watch]
            .into_iter()
            .collect();
        assert_eq!(
            serde_json::to_string(&scopes).unwrap(),
            r#"["rest","watch"]"#
        );
        assert!(scopes.allow(TokenScope::Rest) && !scopes.allow(TokenScope::Cdp));
        for scope in TokenScope::ALL {
            let word = serde_json::to_value(scope).unwrap();
            assert_eq!(word, scope.as_str());
        }
    }
}
