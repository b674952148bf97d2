//! What a page or a server asks of its user, and a client answers: dialogs and passwords.
//!
//! | module | holds |
//! | --- | --- |
//! | [`answers`] | the answers of clients |
//! | [`pending`] | prompts that wait for an answer, each until its deadline |
//! | [`credentials`] | passwords that a client gave beforehand, and which server gets them |

mod answers;
mod credentials;
mod pending;

pub use answers::{AuthAnswer, DialogAnswer};
pub use credentials::Credentials;
pub(super) use credentials::TabCredentials;
pub(super) use pending::{PendingPrompts, Prompt, PromptAnswer};
