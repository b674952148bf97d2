//! Stub of the supervisor's face.
use super::identity::ClientId;
use super::reply::Reply;
use cdp_bridge_protocol::request::Viewport;

/// A tab that is wanted.
#[derive(Debug)]
pub struct NewTab {
    /// Whose it is.
    pub client: ClientId,
    /// Where it goes first, as policy has allowed it.
    pub url: String,
    /// Whether it has a browser context of its own.
    pub logged_out: bool,
    /// The size asked for.
    pub viewport: Option<Viewport>,
}

/// How others speak to the supervisor.
#[derive(Debug, Clone)]
pub struct SupervisorHandle {}

impl SupervisorHandle {
    /// Opens a tab; answered by `tabCreated`.
    pub fn create(&self, _tab: NewTab, _reply: Reply) {}
}
