//! Messages in the store: their URL and body are encrypted.

use super::message::{Content, Kept};
use crate::sealing::{MasterKey, Sealer};
use crate::store::{DeliveryRow, Sealed, StoreError, StoreHandle, Write};

/// The class of these rows among the writes of the store.
const CLASS: &str = "webhook";

/// Keeps messages, where there is a store.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptMessages(Option<(StoreHandle, Sealer)>);

impl KeptMessages {
    pub(super) fn new(store: StoreHandle, key: Option<&MasterKey>) -> Self {
        let sealer = key.map(|key| key.sealer("webhooks"));
        Self(
            sealer
                .filter(|_| store.is_on())
                .map(|sealer| (store, sealer)),
        )
    }

    /// Keeps a new message, and waits until it is on disk.
    pub(super) async fn keep(&self, kept: &Kept) -> Result<(), StoreError> {
        let Some((store, sealer)) = &self.0 else {
            return Ok(());
        };
        store
            .write(vec![Write::PutDelivery(row(kept, sealer)?)])
            .await
    }

    /// An attempt has failed.
    pub(super) fn update(&self, kept: &Kept) {
        if let Some((store, sealer)) = &self.0
            && let Ok(row) = row(kept, sealer)
        {
            // Where this is lost, the message has an attempt more after a restart.
            store.offer(CLASS, Write::PutDelivery(row));
        }
    }

    /// A message is told, or given up.
    pub(super) fn remove(&self, kept: &Kept) {
        if let Some((store, _)) = &self.0 {
            // Where this is lost, the receiver gets the message once more after a restart.
            store.offer(CLASS, Write::RemoveDelivery(kept.id.clone()));
        }
    }

    /// Those that an earlier process has left.
    pub(super) async fn load(&self, most: usize) -> Result<Vec<Kept>, StoreError> {
        let Some((store, sealer)) = &self.0 else {
            return Ok(Vec::new());
        };
        let rows = store
            .read_or_nothing(|store| store.deliveries(most))
            .await?;
        let opened = rows.into_iter().filter_map(|row| {
            let place = place(&row.client, &row.id);
            let Ok(content) = row.message.read::<Content>(sealer, &place) else {
                tracing::warn!(
                    webhook = row.id,
                    "a webhook cannot be decrypted with the key in use, and is given up"
                );
                store.offer(CLASS, Write::RemoveDelivery(row.id));
                return None;
            };
            Some(Kept {
                id: row.id,
                client: row.client,
                kind: row.event,
                content: content.into(),
                attempts: row.attempts,
                next_ms: row.next_ms,
                give_up_ms: row.give_up_ms,
            })
        });
        Ok(opened.collect())
    }
}

fn place(client: &str, id: &str) -> String {
    format!("deliveries/{client}/{id}")
}

fn row(kept: &Kept, sealer: &Sealer) -> Result<DeliveryRow, StoreError> {
    let place = place(&kept.client, &kept.id);
    Ok(DeliveryRow {
        id: kept.id.clone(),
        client: kept.client.clone(),
        event: kept.kind.clone(),
        message: Sealed::new(sealer, &place, &*kept.content)?,
        attempts: kept.attempts,
        next_ms: kept.next_ms,
        give_up_ms: kept.give_up_ms,
    })
}
