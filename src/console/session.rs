//! One connection as a person or a script uses it: send, receive, show, save.

use std::io::Write;

use cdp_bridge_protocol::payload::PayloadHead;
use cdp_bridge_protocol::{RequestId, RequestKind};
use tokio::time::Instant;

use super::error::ConsoleError;
use super::ledger::{Ledger, Ticket};
use super::paint::Paint;
use super::picture::Pictures;
use super::record::Recorder;
use super::render::render;
use super::save::Saver;
use super::text::grouped;
use super::verbs::{Draft, DraftError};
use crate::client::Connection;
use crate::client::Received;

/// A connection, what is known of it, and where its events are shown.
#[derive(Debug)]
pub(super) struct Session<W> {
    connection: Connection,
    ledger: Ledger,
    output: W,
    paint: Paint,
    saver: Option<Saver>,
    pictures: Option<Pictures>,
    recorder: Option<Recorder>,
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
            pictures: None,
            recorder: None,
        }
    }

    /// Shows pictures in the terminal itself.
    pub(super) fn show_pictures(&mut self, pictures: Option<Pictures>) {
        self.pictures = pictures;
    }

    /// Writes down what is asked, as a script.
    pub(super) fn record(&mut self, recorder: Option<Recorder>) {
        self.recorder = recorder;
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
        let ticket = Ticket::Id(id.clone());
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(ticket.clone(), draft.typed());
        }
        self.ledger.sent(ticket, creates, Instant::now());
        self.connection.send(request.to_json()).await;
        Ok(id)
    }

    /// Sends text as it is.
    pub(super) async fn raw(&mut self, text: String) -> Ticket {
        let ticket = Ticket::of_raw(&text);
        let kind = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        let creates = kind["type"] == RequestKind::CreateTab.as_str();
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(ticket.clone(), &text);
        }
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
        if let Some(recorder) = &mut self.recorder {
            recorder.came(received).await?;
        }
        self.show_picture(received)?;
        let (Received::Payload(joined), Some(saver)) = (received, &mut self.saver) else {
            return Ok(());
        };
        if let Some(path) = saver.save(joined).await? {
            let bytes = grouped(joined.payload.len());
            self.say(&format!("  saved {} ({bytes} bytes)", path.display()))?;
        }
        Ok(())
    }

    fn show_picture(&mut self, received: &Received) -> Result<(), ConsoleError> {
        let (Some(pictures), Received::Payload(joined)) = (self.pictures, received) else {
            return Ok(());
        };
        // The frames of a screencast would push everything else out of sight.
        let PayloadHead::Screenshot(head) = &joined.head else {
            return Ok(());
        };
        match pictures.encode(&head.mime, (head.width, head.height), &joined.payload) {
            Ok(picture) => self.say(&picture),
            Err(reason) => self.say(&self.paint.dim(&format!("  ({reason})"))),
        }
    }

    /// Shows a line.
    pub(super) fn say(&mut self, line: &str) -> Result<(), ConsoleError> {
        writeln!(self.output, "{line}")
            .and_then(|()| self.output.flush())
            .map_err(ConsoleError::Output)
    }

    /// Says goodbye to the bridge, and writes the rest of the recording.
    pub(super) async fn close(self) -> Result<(), ConsoleError> {
        self.connection.close().await;
        match self.recorder {
            Some(recorder) => recorder.end().await,
            None => Ok(()),
        }
    }
}
