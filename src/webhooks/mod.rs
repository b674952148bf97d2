//! Webhooks: what has happened is told by a `POST` to a URL that a client has given, signed as [Standard Webhooks] say.
//!
//! A message is kept in the store before it is sent, and sent by a background task: nobody waits for a receiver. A receiver
//! may get a message twice, and knows it by its `webhook-id`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`settings`] | the section `webhooks` of the configuration |
//! | [`rules`] | which URLs may be called (pure) |
//! | [`signature`] | the headers that prove who sent a message (pure) |
//! | [`schedule`] | when a message is tried again, and when it is given up (pure) |
//! | [`message`] | what is told |
//! | `queue` | which message is tried next (pure) |
//! | `attempt` | one `POST` |
//! | `kept` | messages in the store |
//! | [`outbox`] | the handle, and the task behind it |
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

mod attempt;
mod kept;
pub mod message;
pub mod outbox;
mod queue;
pub mod rules;
pub mod schedule;
pub mod settings;
pub mod signature;

#[cfg(test)]
mod tests;

pub use message::{Kept, WebhookEvent};
pub use outbox::Webhooks;
pub use rules::{UrlRefused, WebhookRules};
pub use settings::WebhooksConfig;
pub use signature::{BadSecret, Signer};
