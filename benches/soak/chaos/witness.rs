//! A connection that only pings the bridge, to measure its responsiveness.

use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::config::WITNESS;
use crate::support::client::{Client, Mode};

/// The interval of pings.
const PAUSE: Duration = Duration::from_millis(100);
/// A ping unanswered for this long means that the bridge is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// The times of pongs, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Pongs(Vec<f64>);

impl Pongs {
    /// The percentile by nearest rank; 0 without samples.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is small and not negative"
    )]
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (quantile * sorted.len() as f64).ceil() as usize;
        sorted
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    let bearer = format!("Bearer {WITNESS}");
    let client = Client::try_connect(url, Mode::Text, &[("Authorization", &bearer)]).await;
    let client = client.unwrap_or_else(|error| panic!("the witness is not let in: {error}"));
    client.event("welcome").await;
    client
}

/// Pings until it is stopped. An unanswered ping is an error.
pub(crate) async fn watch(url: String, mut stop: oneshot::Receiver<()>) -> Result<Pongs, Duration> {
    let client = connect(&url).await;
    let mut pongs = Pongs::default();
    while stop.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
        let sent = Instant::now();
        let pong = client.ask(json!({"type": "ping"}));
        timeout(PATIENCE, pong).await.map_err(|_| PATIENCE)?;
        pongs.0.push(sent.elapsed().as_secs_f64() * 1000.0);
        // Earlier messages are not needed any more.
        client.forget();
        sleep(PAUSE).await;
    }
    Ok(pongs)
}
