//! The Rust client. It depends on nothing of the daemon but the protocol crate.
//!
//! [`Bridge`] is for most programs: requests as futures with typed answers, events as streams, joined payloads, and a
//! session that is resumed when the connection is lost. [`Connection`] is the layer below, which the console uses: it sends
//! text and receives messages in order.
//!
//! ```no_run
//! use cdp_bridge::client::{Bridge, Options};
//! use cdp_bridge_protocol::request::{CreateTab, GetScreenshot, ImageFormat};
//!
//! # async fn first_page() -> Result<(), Box<dyn std::error::Error>> {
//! let bridge = Bridge::connect("ws://127.0.0.1:9333/ws", Options::default()).await?;
//! let tab = bridge
//!     .ask(CreateTab {
//!         url: Some("https://example.com/".to_owned()),
//!         ..CreateTab::default()
//!     })
//!     .await?;
//! let picture = bridge
//!     .ask(GetScreenshot {
//!         format: Some(ImageFormat::Png),
//!         ..GetScreenshot::of(tab.id)
//!     })
//!     .await?;
//! std::fs::write("page.png", picture.bytes)?;
//! bridge.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! | --- | --- |
//! | `address`, `options` | the address of a bridge, and options of a connection |
//! | `error`, `disconnect` | errors, and the close code and reason of a connection |
//! | `socket`, `tls` | a byte stream to the bridge |
//! | `connection`, `received` | the task that owns the WebSocket, and the messages from it |
//! | `pending` | unanswered requests (pure) |
//! | `bridge`, `events` | the client handle and its event subscriptions |
//! | `stage` | files in parts |
//! | `reconnect` | the task behind them: reconnects, resumes the session, and resends requests |
//! | `backoff` | pauses between attempts to connect (pure) |

#![warn(missing_docs)]

mod address;
mod backoff;
mod bridge;
mod connection;
mod disconnect;
mod error;
mod events;
mod options;
mod pending;
mod received;
mod reconnect;
mod socket;
mod stage;
#[cfg(test)]
pub(crate) mod testing;
mod tls;

pub use address::{Address, AddressProblem};
pub use bridge::Bridge;
pub use connection::{Connection, Resume};
pub use disconnect::Disconnect;
pub use error::{ConnectError, RequestError};
pub use events::{Events, Missed};
pub use options::Options;
pub use received::Received;
pub(crate) use socket::open as open_socket;

pub use cdp_bridge_protocol::request::{Ask, TypedPayload};
