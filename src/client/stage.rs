//! Hands files to the bridge in parts that fit into its messages.

use bytes::Bytes;
use cdp_bridge_protocol::request::StageFile;

use super::bridge::Bridge;
use super::error::RequestError;

impl Bridge {
    /// Hands a file to the bridge, in as many parts as it needs, and returns its id, with which
    /// [`UploadFile::staged`](cdp_bridge_protocol::request::UploadFile::staged) names it. `name` and `mime` are what a
    /// page sees.
    pub async fn stage_bytes(
        &self,
        name: &str,
        mime: Option<&str>,
        bytes: impl Into<Bytes>,
    ) -> Result<String, RequestError> {
        let bytes: Bytes = bytes.into();
        let longest = self.welcome().limits.max_message_bytes;
        let part = part_size(longest);
        let mut staged = self
            .ask(StageFile {
                name: Some(name.to_owned()),
                mime: mime.map(str::to_owned),
                size: Some(bytes.len() as u64),
                file_id: None,
                offset: None,
                data: bytes.slice(..part.min(bytes.len())).into(),
            })
            .await?;
        while staged.received < staged.size {
            let start = usize::try_from(staged.received).unwrap_or(usize::MAX);
            let start = start.min(bytes.len());
            let end = start.saturating_add(part).min(bytes.len());
            staged = self
                .ask(StageFile {
                    name: None,
                    mime: None,
                    size: None,
                    file_id: Some(staged.file_id),
                    offset: Some(staged.received),
                    data: bytes.slice(start..end).into(),
                })
                .await?;
        }
        Ok(staged.file_id)
    }
}

/// How much goes into one message: base64 makes it longer by a third, and the rest is room for the other fields.
fn part_size(longest_message: u64) -> usize {
    let part = longest_message.saturating_mul(3) / 8;
    usize::try_from(part).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::client::Options;
    use crate::client::testing::{FakeBridge, Reply};

    #[tokio::test]
    async fn a_file_goes_in_parts_that_fit_and_comes_whole() {
        let received = Arc::new(Mutex::new(Vec::new()));
        let parts = Arc::clone(&received);
        let fake = FakeBridge::answering(move |request| {
            assert!(request.to_string().len() <= 1 << 20);
            let part: StageFile = {
                let mut fields = request.clone();
                for name in ["type", "requestId"] {
                    fields.as_object_mut().unwrap().remove(name);
                }
                serde_json::from_value(fields).unwrap()
            };
            let mut all = parts.lock().unwrap();
            if part.file_id.is_none() {
                all.clear();
            }
            assert_eq!(part.offset.unwrap_or_default(), all.len() as u64);
            all.extend_from_slice(part.data.expose());
            let staged = json!({"fileId": "u1", "received": all.len(), "size": 1_000_001});
            vec![Reply::to(&request, "fileStaged", staged)]
        })
        .await;
        let bridge = Bridge::connect(&fake.address, Options::default())
            .await
            .unwrap();
        let bytes: Vec<u8> = (0..1_000_001_u32).map(|it| it.to_le_bytes()[1]).collect();
        let id = bridge.stage_bytes("a", None, bytes.clone()).await.unwrap();
        assert_eq!(id, "u1");
        assert!(*received.lock().unwrap() == bytes, "it is the same");
    }
}
