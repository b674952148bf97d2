//! The text of an event stream (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use bytes::Bytes;
use cdp_bridge_protocol::event::{Gap, Message};

use super::event_log::LoggedEvent;

/// The first lines: how long a client shall wait before it connects again. They also make the answer's head go out at once.
pub(crate) const GREETING: Bytes = Bytes::from_static(b"retry: 1000\n\n");

/// A comment, which clients skip. It keeps connections open that would be closed as idle.
pub(crate) const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// Appends an event. `id` is the client's `Last-Event-ID` from then on.
pub(crate) fn push_event(text: &mut Vec<u8>, id: u64, event: &LoggedEvent) {
    push(text, id, event.name, &event.data);
}

/// Appends a gap. The client goes on behind it.
pub(crate) fn push_gap(text: &mut Vec<u8>, gap: Gap) {
    let json = Message::unasked(gap).to_json();
    push(text, gap.to, "gap", json.as_bytes());
}

fn push(text: &mut Vec<u8>, id: u64, name: &str, data: &[u8]) {
    text.extend_from_slice(format!("id: {id}\nevent: {name}\n").as_bytes());
    // JSON text has no line break outside of its strings, where it is escaped. Were there one, it would end the field.
    for line in data.split(|byte| matches!(byte, b'\n' | b'\r')) {
        text.extend_from_slice(b"data: ");
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_number_its_type_and_its_json() {
        let mut text = Vec::new();
        let event = LoggedEvent {
            name: "tabActivated",
            tab: None,
            data: r#"{"type":"tabActivated","id":"t1"}"#.into(),
        };
        push_event(&mut text, 7, &event);
        push_gap(&mut text, Gap { from: 8, to: 9 });
        let expected = "id: 7\nevent: tabActivated\ndata: {\"type\":\"tabActivated\",\"id\":\"t1\"}\n\n\
            id: 9\nevent: gap\ndata: {\"type\":\"gap\",\"from\":8,\"to\":9}\n\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn a_line_break_does_not_end_an_event() {
        let mut text = Vec::new();
        push(&mut text, 1, "x", b"a\n\nid: 9\r\nb");
        let expected = "id: 1\nevent: x\ndata: a\ndata: \ndata: id: 9\ndata: \ndata: b\n\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
