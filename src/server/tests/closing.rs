//! How connections end, and with which code.

use cdp_bridge_protocol::event::CloseReason;
use futures::SinkExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::harness::{Bridge, soon};
use crate::tabs::{OnDisconnect, TabMessage};

/// A masked frame with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).unwrap();
    let mut frame = vec![first, 0x80 | len, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn a_binary_frame_is_not_supported() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    client.ws.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(client.closed().await, 1003);
}

#[tokio::test]
async fn text_that_is_not_utf8_is_invalid() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    client.send_raw(&frame(0x81, &[0xff, 0xfe])).await;
    assert_eq!(client.closed().await, 1007);
}

#[tokio::test]
async fn frames_that_break_the_rules_of_websockets_are_a_protocol_error() {
    let bridge = Bridge::start().await;
    let unmasked = vec![0x81, 2, b'{', b'}'];
    for bytes in [
        frame(0xc1, b"{}"),
        frame(0x83, b""),
        frame(0x80, b"{}"),
        unmasked,
    ] {
        let mut client = bridge.connect().await;
        client.send_raw(&bytes).await;
        assert_eq!(client.closed().await, 1002, "{bytes:?}");
    }
}

#[tokio::test]
async fn a_message_far_over_the_limit_closes_the_connection_even_while_it_is_still_being_sent() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    // A head that promises 1 GiB, and a little of it.
    client
        .send_raw(&[0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0])
        .await;
    client.send_raw(&[b' '; 5000]).await;
    assert_eq!(client.closed().await, 1009);

    let mut client = bridge.connect().await;
    // In pieces that are small enough each.
    client.send_raw(&frame(0x01, &[b' '; 120])).await;
    let pieces = frame(0x00, &[b' '; 120]).repeat(64 * 4096 / 120 + 1);
    client.send_raw(&pieces).await;
    assert_eq!(client.closed().await, 1009);
}

#[tokio::test]
async fn a_message_in_pieces_is_one_request_and_a_ping_between_them_is_answered() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    client.send_raw(&frame(0x01, br#"{"type":"#)).await;
    client.send_raw(&frame(0x89, b"hello")).await;
    client.send_raw(&frame(0x80, br#""ping"}"#)).await;
    assert_eq!(client.next().await, Message::Pong("hello".into()));
    assert_eq!(client.event().await["type"], "pong");
}

#[tokio::test]
async fn a_close_frame_is_answered_with_its_code() {
    let bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    client.send_raw(&frame(0x88, &1000_u16.to_be_bytes())).await;
    assert_eq!(client.closed().await, 1000);
}

#[tokio::test]
async fn a_clients_tabs_stay_when_it_leaves_or_close_with_its_last_connection() {
    for close in [false, true] {
        let bridge = Bridge::with_operations(
            |settings| settings.config.resume_window = std::time::Duration::ZERO,
            |operations| {
                operations.on_disconnect = if close {
                    OnDisconnect::Close
                } else {
                    OnDisconnect::Keep
                };
            },
        )
        .await;
        let mut tab = bridge.tab("default", 1);
        let first = bridge.connect().await;
        let second = bridge.connect().await;
        drop(first);
        soon("the first one's end", async {
            while bridge.hub.connections() > 1 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert!(tab.try_recv().is_err(), "one connection is left");
        drop(second);
        soon("the second one's end", async {
            while bridge.hub.connections() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let message = soon("the tab's message", tab.recv()).await;
        if close {
            assert!(matches!(
                message,
                Some(TabMessage::Close(CloseReason::Requested, None))
            ));
        } else {
            assert!(matches!(message, Some(TabMessage::Unattended)));
            assert!(tab.try_recv().is_err(), "it stays open");
        }
    }
}
