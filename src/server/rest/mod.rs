//! The REST door: sessions, pages and commands over plain HTTP.
//!
//! A [`route`] says everything about one operation, of which the [`table`] is the list: [`mount`] serves it, and [`openapi`]
//! describes it. A handler gets a [`request`] that has been authenticated and parsed, and returns an answer or a
//! [`Problem`](super::problem::Problem).
//!
//! | module | holds |
//! | --- | --- |
//! | [`route`], [`table`] | one operation; all of them |
//! | [`mount`] | from an HTTP request to its handler: method, token, rate, body, `Idempotency-Key` |
//! | [`request`], [`query`], [`body`] | what a handler reads |
//! | [`access`] | the tokens of clients and of sessions |
//! | [`repeated`] | answers of requests with an `Idempotency-Key` |
//! | [`callers`] | one caller of operations for each scope |
//! | [`session`], [`sessions`], [`session_creation`], [`session_tokens`], [`terminate`] | sessions |
//! | [`jobs`], [`limits`] | requests that are not waited for; how much is left |
//! | [`pages`], [`command`], [`command_list`], [`command_result`] | pages, and what is done in them |
//! | [`answer`], `rate_headers`, `urls` | parts of answers |
//! | [`state`] | what all requests share |
//! | [`page_reads`], [`files`], [`one_shots`] | pages as bytes; uploads and downloads; a session for one answer |
//! | [`events`] | what happens in a session, as a stream |
//! | [`disposition`] | names of files in headers |
//! | [`openapi`], [`documents`], [`html`], `yaml` | OpenAPI 3.1, and the page at `/docs` |

pub(crate) mod access;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod callers;
pub(crate) mod command;
pub(crate) mod command_list;
pub(crate) mod command_result;
pub(crate) mod detach;
pub(crate) mod disposition;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod html;
pub(crate) mod jobs;
pub(crate) mod limits;
pub(crate) mod mount;
pub(crate) mod one_shots;
pub(crate) mod openapi;
pub(crate) mod page_reads;
pub(crate) mod pages;
pub(crate) mod query;
mod rate_headers;
pub(crate) mod repeated;
pub(crate) mod request;
pub(crate) mod route;
pub(crate) mod session;
pub(crate) mod session_creation;
pub(crate) mod session_tokens;
pub(crate) mod sessions;
pub(crate) mod state;
pub(crate) mod table;
pub(crate) mod terminate;
mod urls;
mod yaml;
