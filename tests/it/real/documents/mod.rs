//! The code blocks of the documents, run beside a bridge that serves. What each is for stands in
//! `contract::documents::blocks`.

mod conversation;
mod languages;
mod page;
mod shell;
