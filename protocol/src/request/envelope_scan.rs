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
    found.into_envelope()
}

/// The same of a message whose middle was left out, behind `beginning`. The part that was left out begins and ends within
/// values, mostly within texts. Where all of the rest is one object nevertheless, they were as deep in it, so that what
/// is found behind them is right.
pub(super) fn scan_shortened(
    text: &str,
    beginning: &str,
) -> (Option<RequestId>, Option<RequestKind>) {
    let mut found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let whole = deserializer.deserialize_map(&mut found);
    match whole.and_then(|()| deserializer.end()) {
        Ok(()) => found.into_envelope(),
        Err(_) => scan(beginning),
    }
}

#[derive(Default)]
struct Found {
    request_id: Option<RequestId>,
    kind: Option<String>,
}

impl Found {
    fn into_envelope(self) -> (Option<RequestId>, Option<RequestKind>) {
        let kind = self.kind.as_deref().and_then(RequestKind::from_name);
        (self.request_id, kind)
    }
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

    #[test]
    fn behind_what_was_left_out_only_the_messages_own_id_is_found() {
        let upload = Some(RequestKind::Upload);
        for (beginning, end, found) in [
            (
                r#"{"type":"upload","files":[{"data":"AA"#,
                r#"AA"}],"requestId":7}"#,
                (Some(7.into()), upload),
            ),
            (
                r#"{"files":[{"data":"AA"#,
                r#"AA"}],"requestId":7,"type":"upload"}"#,
                (Some(7.into()), upload),
            ),
            (
                r#"{"requestId":1,"type":"upload","a":["x"#,
                r#"y","requestId":7}]}"#,
                (Some(1.into()), upload),
            ),
            // They belong to values.
            (
                r#"{"type":"upload","a":"x"#,
                r#"y","requestId":7}]}"#,
                (None, upload),
            ),
            (
                r#"{"type":"upload","a":"x"#,
                r#"y","requestId":7}}"#,
                (None, upload),
            ),
            (
                r#"{"type":"upload","a":"x"#,
                r#"\",\"requestId\":7}""#,
                (None, upload),
            ),
            (
                r#"{"type":"upload","a":["x"#,
                r#"y","requestId":7}"#,
                (None, upload),
            ),
        ] {
            assert_eq!(
                scan_shortened(&format!("{beginning}{end}"), beginning),
                found,
                "{end}"
            );
        }
    }
}
