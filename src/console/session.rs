//! One connection as a person or a script uses it: send, receive, show, save.

use std::io::Write;

use cdp_bridge_protocol::{RequestId, RequestKind};
use tokio::time::Instant;

use super::connection::Connection;
use super::error::ConsoleError;
use super::ledger::{Ledger, Ticket};
use super::paint::Paint;
use super::received::Received;
use super::render::render;
use super::save::Saver;
use super::text::grouped;
use super::verbs::{Draft, DraftError};

/// A connection, what is known of it, and where its events are shown.
#[derive(Debug)]
pub(super) struct Session<W> {
    connection: Connection,
    ledger: Ledger,
    output: W,
    paint: Paint,
    saver: Option<Saver>,
}

impl<W: Write> Session<W> {
    pub(super) fn new(
        connection: Connection,
        output: W,
        paint: Paint,
        saver: Option<Saver>,
    ) -> Self {
        Self {
            connection,
            ledger: Ledger::default(),
            output,
            paint,
            saver,
        }
    }

    /// What is known of requests and tabs.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The colours of the output.
    pub(super) fn paint(&self) -> Paint {
        self.paint
    }

    /// Sends a request, with an id if none was typed.
    pub(super) async fn request(&mut self, draft: &Draft) -> Result<RequestId, DraftError> {
        let mut request = draft.request(self.ledger.last_tab())?;
        let id = match request.request_id.take() {
            Some(id) => id,
            None => self.ledger.next_id(),
        };
        request.request_id = Some(id.clone());
        let creates = request.body.kind() == RequestKind::CreateTab;
        self.ledger
            .sent(Ticket::Id(id.clone()), creates, Instant::now());
        self.connection.send(request.to_json()).await;
        Ok(id)
    }

    /// Sends text as it is.
    pub(super) async fn raw(&mut self, text: String) -> Ticket {
        let ticket = Ticket::of_raw(&text);
        let kind = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        let creates = kind["type"] == RequestKind::CreateTab.as_str();
        self.ledger.sent(ticket.clone(), creates, Instant::now());
        self.connection.send(text).await;
        ticket
    }

    /// What comes next. May be given up at any time; what it returns must go to
    /// [`Self::note`].
    pub(super) async fn next(&mut self) -> Received {
        self.connection.next().await
    }

    /// Remembers what came, shows it and saves its payload.
    pub(super) async fn note(&mut self, received: &Received) -> Result<(), ConsoleError> {
        let took = self.ledger.came(received, Instant::now());
        self.say(&render(received, took, self.paint))?;
        let (Received::Payload(joined), Some(saver)) = (received, &mut self.saver) else {
            return Ok(());
        };
        if let Some(path) = saver.save(joined).await? {
            let bytes = grouped(joined.payload.len());
            self.say(&format!("  saved {} ({bytes} bytes)", path.display()))?;
        }
        Ok(())
    }

    /// Shows a line.
    pub(super) fn say(&mut self, line: &str) -> Result<(), ConsoleError> {
        writeln!(self.output, "{line}")
            .and_then(|()| self.output.flush())
            .map_err(ConsoleError::Output)
    }

    /// Says goodbye to the bridge.
    pub(super) async fn close(self) {
        self.connection.close().await;
    }
}
