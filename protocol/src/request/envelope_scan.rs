//! The envelope of a message that is no valid JSON, or is cut off: as far as it can be read.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::RequestKind;
use crate::ids::RequestId;

/// The id and the kind of the request, where they stand before the place at which it cannot be read on.
pub(super) fn scan(text: &str) -> (Option<RequestId>, Option<RequestKind>) {
    let mut found = Found::default();
    // It ends with an error, which is why it is scanned.
    let _ = serde_json::Deserializer::from_str(text).deserialize_map(&mut found);
    let kind = found.kind.as_deref().and_then(RequestKind::from_name);
    (found.request_id, kind)
}

#[derive(Default)]
struct Found {
    request_id: Option<RequestId>,
    kind: Option<String>,
}

impl<'de> Visitor<'de> for &mut Found {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "requestId" => self.request_id = Some(map.next_value()?),
                "type" => self.kind = Some(map.next_value()?),
                // Skipped without recursion, however deep it is.
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_end_is_found() {
        let deep = "[".repeat(100_000);
        for (text, id, kind) in [
            (
                r#"{"type":"ping","requestId":7,"a":"cut"#.to_owned(),
                Some(7.into()),
                Some(RequestKind::Ping),
            ),
            (
                r#"{"a":{"requestId":1},"requestId":"r1","files":[{"#.to_owned(),
                Some("r1".into()),
                None,
            ),
            (
                format!(r#"{{"requestId":3,"a":{deep}"#),
                Some(3.into()),
                None,
            ),
            (format!(r#"{{"a":{deep},"requestId":3"#), None, None),
            (r#"{"requestId":"cut"#.to_owned(), None, None),
            (r#"{"requestId":1.5,"type":"ping"}"#.to_owned(), None, None),
            (
                r#"{"type":"nope","requestId":1}"#.to_owned(),
                Some(1.into()),
                None,
            ),
            ("[1".to_owned(), None, None),
            (String::new(), None, None),
        ] {
            assert_eq!(scan(&text), (id, kind), "{}", &text[..text.len().min(60)]);
        }
    }
}
