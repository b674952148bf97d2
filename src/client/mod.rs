//! A Coordinator in Rust: what a program needs to use a bridge, and nothing of the daemon.
//!
//! [`Bridge`] is what most programs want: requests as futures with typed answers, events as streams,
//! payloads put together, and a session that goes on after a cut. [`Connection`] is the layer below,
//! which the console uses: text in, and what comes in the order in which it came.
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
//!         logged_out: None,
//!         viewport: None,
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
//! | `address`, `options` | where the bridge is, and how to connect |
//! | `error`, `closing` | why there is no connection or no answer, and how a connection ended |
//! | `socket`, `tls` | a byte stream to the bridge |
//! | `connection`, `received` | the task that owns the WebSocket, and what comes out of it |
//! | `pending` | requests that wait for their answer (pure) |
//! | `bridge`, `events` | the handles of a program |
//! | `keeper` | the task behind them: connects again, and sends again what was never read |
//! | `pauses` | how long it waits before it does (pure) |

mod address;
mod bridge;
mod closing;
mod connection;
mod error;
mod events;
mod keeper;
mod options;
mod pauses;
mod pending;
mod received;
mod socket;
#[cfg(test)]
pub(crate) mod testing;
mod tls;

pub use address::{Address, AddressProblem};
pub use bridge::Bridge;
pub use closing::Closing;
pub use connection::{Connection, Resume};
pub use error::{ConnectError, RequestError};
pub use events::{Events, Missed};
pub use options::Options;
pub use received::Received;
pub(crate) use socket::open as open_socket;

pub use cdp_bridge_protocol::request::{Ask, TypedPayload};
