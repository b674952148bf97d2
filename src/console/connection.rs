//! A connection with what the console knows of it: send, receive, show, save, record.

use std::io::Write;

use cdp_bridge_protocol::payload::PayloadHead;
use cdp_bridge_protocol::{RequestId, RequestKind};
use tokio::time::Instant;

use super::error::ConsoleError;
use super::picture::Pictures;
use super::record::Recorder;
use super::render::render;
use super::request_tracker::{AnswerKey, RequestTracker};
use super::save::Saver;
use super::style::Style;
use super::text::grouped;
use super::verbs::{Draft, DraftError};
use crate::client::Connection;
use crate::client::Received;

/// A connection, its requests and tabs, and the output for its events.
#[derive(Debug)]
pub(super) struct ConsoleConnection<W> {
    connection: Connection,
    tracker: RequestTracker,
    output: W,
    style: Style,
    saver: Option<Saver>,
    pictures: Option<Pictures>,
    recorder: Option<Recorder>,
}

impl<W: Write> ConsoleConnection<W> {
    pub(super) fn new(
        connection: Connection,
        output: W,
        style: Style,
        saver: Option<Saver>,
    ) -> Self {
        Self {
            connection,
            tracker: RequestTracker::default(),
            output,
            style,
            saver,
            pictures: None,
            recorder: None,
        }
    }

    /// Enables inline images.
    pub(super) fn show_pictures(&mut self, pictures: Option<Pictures>) {
        self.pictures = pictures;
    }

    /// Records the requests as a script.
    pub(super) fn record(&mut self, recorder: Option<Recorder>) {
        self.recorder = recorder;
    }

    pub(super) fn tracker(&self) -> &RequestTracker {
        &self.tracker
    }

    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// Sends a request; generates an id unless one was typed.
    pub(super) async fn request(&mut self, draft: &Draft) -> Result<RequestId, DraftError> {
        let mut request = draft.request(self.tracker.last_tab())?;
        let id = match request.request_id.take() {
            Some(id) => id,
            None => self.tracker.next_id(),
        };
        request.request_id = Some(id.clone());
        let creates = request.body.kind() == RequestKind::CreateTab;
        let key = AnswerKey::Id(id.clone());
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(key.clone(), draft.typed());
        }
        self.tracker.sent(key, creates, Instant::now());
        self.connection.send(request.to_json()).await;
        Ok(id)
    }

    /// Sends raw JSON.
    pub(super) async fn raw(&mut self, text: String) -> AnswerKey {
        let key = AnswerKey::of_raw(&text);
        let kind = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        let creates = kind["type"] == RequestKind::CreateTab.as_str();
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(key.clone(), &text);
        }
        self.tracker.sent(key.clone(), creates, Instant::now());
        self.connection.send(text).await;
        key
    }

    /// Receives the next message, which must be passed to [`Self::note`]. Cancel-safe.
    pub(super) async fn next(&mut self) -> Received {
        self.connection.next().await
    }

    /// Tracks, shows, records and saves a received message.
    pub(super) async fn note(&mut self, received: &Received) -> Result<(), ConsoleError> {
        let took = self.tracker.came(received, Instant::now());
        self.say(&render(received, took, self.style))?;
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
        // Screencast frames would scroll everything else away.
        let PayloadHead::Screenshot(head) = &joined.head else {
            return Ok(());
        };
        match pictures.encode(&head.mime, (head.width, head.height), &joined.payload) {
            Ok(picture) => self.say(&picture),
            Err(reason) => self.say(&self.style.dim(&format!("  ({reason})"))),
        }
    }

    pub(super) fn say(&mut self, line: &str) -> Result<(), ConsoleError> {
        writeln!(self.output, "{line}")
            .and_then(|()| self.output.flush())
            .map_err(ConsoleError::Output)
    }

    /// Closes the connection and writes the rest of the recording.
    pub(super) async fn close(self) -> Result<(), ConsoleError> {
        self.connection.close().await;
        match self.recorder {
            Some(recorder) => recorder.end().await,
            None => Ok(()),
        }
    }
}
