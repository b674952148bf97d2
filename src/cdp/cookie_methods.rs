//! Commands for the cookies of a browser context.

use std::fmt;

use serde::Serialize;

use super::ids::BrowserContextId;
use super::methods::{EmptyResult, Method, methods};

methods! {
    SetCookies = "Storage.setCookies" -> EmptyResult {
        cookies: Vec<CookieParam>,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
    }
}

/// `Network.CookieParam`.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CookieParam {
    pub name: String,
    /// May be a credential.
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_only: Option<bool>,
    /// `Strict`, `Lax` or `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_site: Option<&'static str>,
    /// In seconds since the epoch; it ends with the context if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<f64>,
}

/// Without the value.
impl fmt::Debug for CookieParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieParam")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
