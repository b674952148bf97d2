//! Ended sessions that the table has forgotten, as the store has them.

use super::Keeping;
use super::rows;
use crate::sessions::{KeptSession, SessionId, SessionOptions, SessionView, SessionsConfig};
use crate::store::SessionRow;
use crate::tabs::ClientId;

/// How many are read at a time while a page of a list is filled.
const CHUNK: usize = 100;

/// How many are looked at for one page. A filter that fits few of them shows fewer.
const MOST: usize = 10_000;

impl Keeping {
    /// An ended session of this client.
    pub(in crate::operations) async fn ended_session(
        &self,
        client: &ClientId,
        id: SessionId,
    ) -> Option<SessionView> {
        let inner = self.inner()?;
        let store = inner.store.reads().ok()?;
        let row = store.session(client.to_string(), id.to_string()).await;
        let row = row
            .inspect_err(|error| tracing::debug!(%error, "an ended session cannot be read"))
            .ok()??;
        row.end.as_ref()?;
        self.view(&row)
    }

    /// The newest ended sessions of this client before that one which are to be shown, at most `most`.
    pub(in crate::operations) async fn ended_sessions(
        &self,
        client: &ClientId,
        before: Option<SessionId>,
        most: usize,
        is_shown: impl Fn(&SessionView) -> bool,
    ) -> Vec<SessionView> {
        let mut shown = Vec::new();
        let Some(store) = self.inner().and_then(|inner| inner.store.reads().ok()) else {
            return shown;
        };
        let mut before = before.map(|id| id.to_string());
        for _ in 0..MOST / CHUNK {
            let read = store.ended_sessions(client.to_string(), before.clone(), CHUNK);
            let rows = match read.await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::debug!(%error, "ended sessions cannot be read");
                    return shown;
                }
            };
            let views = rows.iter().filter_map(|row| self.view(row));
            shown.extend(views.filter(&is_shown));
            let is_end = rows.len() < CHUNK;
            before = rows.last().map(|row| row.id.clone());
            if shown.len() >= most || is_end {
                break;
            }
        }
        shown.truncate(most);
        shown
    }

    fn view(&self, row: &SessionRow) -> Option<SessionView> {
        let inner = self.inner()?;
        if let Ok(session) = rows::read_session(&inner.sessions, row) {
            return Some(session.view());
        }
        // With another key its options are lost, and not what became of it.
        let options = SessionOptions {
            metadata: row.metadata.clone(),
            external_id: row.external_id.clone(),
            ..SessionOptions::new(&SessionsConfig::default())
        };
        let plain = KeptSession {
            id: row.id.parse().ok()?,
            client: ClientId::from(row.client.as_str()),
            options,
            created_at_ms: row.created_ms,
            last_active_ms: row.last_active_ms,
            usage: crate::sessions::SessionUsage::default(),
            end: row.end.as_ref().and_then(|end| rows::read_end(end).ok()),
        };
        plain.end.is_some().then(|| plain.view())
    }
}
