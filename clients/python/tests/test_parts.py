"""What needs no bridge."""

from __future__ import annotations

import unittest
from typing import Any

from cdp_bridge import EventStream, OutcomeUnknown, ProtocolError, UnknownEvent
from cdp_bridge.events import read_event
from cdp_bridge.parts import Parts, read_binary_frame, read_message
from cdp_bridge.protocol import DomSnapshotEvent, FrameEvent, PongEvent
from cdp_bridge.unanswered import UnansweredRequests


def part(seq: int, total: int, snapshot: str) -> dict[str, Any]:
    return {
        "type": "domSnapshot",
        "id": "t1",
        "requestId": 9,
        "seq": seq,
        "total": total,
        "snapshot": snapshot,
    }


def frame(id: str, number: int) -> FrameEvent:
    return FrameEvent(id=id, frame_no=number, mime="image/jpeg", width=1, height=1, ts=0, data=b"")


class PartsOfPayloads(unittest.TestCase):
    def test_are_put_together_in_their_order_with_others_between_them(self) -> None:
        parts = Parts()
        self.assertIsNone(parts.text(part(0, 2, "a")))
        picture = {"type": "screenshot", "id": "t1", "seq": 0, "total": 1, "data": "AQI="}
        self.assertEqual((parts.text(picture) or {})["data"], b"\x01\x02")
        whole = {"type": "domSnapshot", "id": "t1", "requestId": 9, "snapshot": "ab"}
        self.assertEqual(parts.text(part(1, 2, "b")), whole)

    def test_that_are_missing_are_noticed_but_not_after_a_gap(self) -> None:
        parts = Parts()
        with self.assertRaises(ProtocolError):
            parts.text(part(1, 2, "b"))
        parts.lost()
        self.assertIsNone(parts.text(part(1, 2, "b")))
        self.assertEqual((parts.text(part(0, 1, "c")) or {})["snapshot"], "c")

    def test_of_a_request_that_failed_are_let_go_of(self) -> None:
        parts = Parts()
        parts.text(part(0, 2, "a"))
        parts.give_up(9)
        self.assertEqual((parts.text(part(0, 1, "b")) or {})["snapshot"], "b")

    def test_come_in_frames_that_say_how_long_their_head_is(self) -> None:
        head = b'{"type":"frame"}'
        message, payload = read_binary_frame(len(head).to_bytes(4, "big") + head + b"\x01")
        self.assertEqual((message["type"], payload), ("frame", b"\x01"))
        for broken in (b"", b"\0\0\0", b"\0\0\0\x09{", b"\xff\xff\xff\xff", b"\0\0\0\x02{}"):
            with self.assertRaises(ProtocolError):
                read_binary_frame(broken)
        for text in ("", "[]", "{}", '{"type":1}'):
            with self.assertRaises(ProtocolError):
                read_message(text)


class Events(unittest.IsolatedAsyncioTestCase):
    def test_of_a_newer_bridge_are_passed_on_as_they_came(self) -> None:
        event = read_event({"type": "newer", "x": 1})
        assert isinstance(event, UnknownEvent)
        self.assertEqual(event.fields, {"type": "newer", "x": 1})
        pong = read_event({"type": "pong", "ts": 1, "newer": True})
        self.assertEqual(pong, PongEvent(ts=1))
        with self.assertRaises(ProtocolError):
            read_event({"type": "pong"})

    async def test_in_a_stream_keep_the_newest_frame_of_each_tab(self) -> None:
        stream: EventStream[FrameEvent] = EventStream((), 10, lambda _: None)
        for event in (frame("t1", 1), frame("t2", 1), frame("t1", 2)):
            stream._push(event)
        stream._end(None)
        heard = [(event.id, event.frame_no) async for event in stream]
        self.assertEqual(heard, [("t2", 1), ("t1", 2)])


class Unanswered(unittest.IsolatedAsyncioTestCase):
    async def test_requests_are_answered_once_with_what_a_newer_one_is_answered_with(self) -> None:
        requests = UnansweredRequests()
        first = requests.add("getDomSnapshot", {"tabId": "t1"})
        second = requests.add("getDomSnapshot", {"tabId": "t1"})
        event = DomSnapshotEvent(id="t1", url="", format="html", snapshot="")
        for _ in range(2):
            requests.answer(event, [first[0], second[0]])
        self.assertIs(await first[2], await second[2])

    async def test_requests_that_the_bridge_does_not_know_are_sent_again(self) -> None:
        requests = UnansweredRequests()
        texts = [requests.add("createTab", {"requestId": id})[1] for id in "abc"]
        requests.sent("a")
        requests.sent("b")
        self.assertEqual(requests.send_again(["a"], lost=False), texts[1:])
        self.assertEqual(requests.unsent(), [])

    async def test_requests_that_were_given_up_are_not_sent_again(self) -> None:
        requests = UnansweredRequests()
        id, _, answer = requests.add("createTab", {})
        requests.sent(id)
        answer.cancel()
        self.assertEqual(requests.send_again([], lost=False), [])

    async def test_changes_fail_where_their_answer_may_be_lost_unless_a_key_makes_them_safe(
        self,
    ) -> None:
        requests = UnansweredRequests()
        there = {"tabId": "t1", "url": "http://a.test/"}
        change = requests.add("navigate", there)
        keyed = requests.add("navigate", there | {"idempotencyKey": "k"})
        look = requests.add("listTabs", {})
        for id, _, _ in (change, keyed, look):
            requests.sent(id)
        unsent = requests.add("createTab", {})
        again = requests.send_again([], lost=True)
        self.assertEqual(again, [keyed[1], look[1], unsent[1]])
        with self.assertRaises(OutcomeUnknown):
            await change[2]

    async def test_requests_have_ids_of_their_own_unless_they_are_given(self) -> None:
        requests = UnansweredRequests()
        requests.add("ping", {"requestId": "r1"})
        self.assertEqual(requests.add("ping", {})[0], "r2")
        self.assertEqual(requests.add("ping", {"requestId": 0})[0], 0)
        with self.assertRaises(ValueError):
            requests.add("ping", {"requestId": "r1"})
