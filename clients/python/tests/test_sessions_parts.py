"""The parts of sessions that do no I/O, and how requests are repeated, with servers in the place of
a bridge.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import sys
import traceback
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cdp_bridge import (
    AsyncPersistentBrowser,
    Command,
    ConnectionLost,
    OutcomeUnknown,
    PersistentBrowser,
    RestError,
    SessionEnded,
)
from cdp_bridge.protocol import CHANGES, TabActivatedEvent, Viewport
from cdp_bridge.sessions import _selectors
from cdp_bridge.sessions._endpoint import Endpoint
from cdp_bridge.sessions._exchange import Answer, Cut
from cdp_bridge.sessions._retry import RetryPolicy, may_retry, retry_after
from cdp_bridge.sessions._session_options import SessionOptions, session_fields
from cdp_bridge.sessions._sse import EventReader
from cdp_bridge.sessions.command import camel
from cdp_bridge.sessions.types import Session

from .http_support import CUT, AnswersFromAList, answer, problem

CLIENT = Path(__file__).resolve().parent.parent
TOKEN = "canary-of-the-client"
SESSION_TOKEN = "eyJjYW5hcnk.of-the.session"
SESSION = {
    "sessionId": "01900000-0000-8000-8000-000000000000",
    "token": SESSION_TOKEN,
    "status": "ready",
    "createdAt": 1,
    "expiresAt": 2,
    "idleExpiresAt": 3,
    "lastActivityAt": 1,
    "metadata": {},
    "pages": [],
    "loggedOut": True,
    "connections": {"json": 0, "cdp": 0, "watch": 0},
    "usage": {"pages": 0, "requests": 0, "cdpMessages": 0, "egressBytes": 0, "blockedRequests": 0},
    "wsUrl": f"ws://127.0.0.1/ws?token={SESSION_TOKEN}",
    "eventsUrl": "http://127.0.0.1/events",
}
CREATED = answer("201 Created", json.dumps(SESSION))
DONE = answer("200 OK", '{"action":"click","pageId":"t1","result":{"id":"t1","action":"click"}}')
BUSY = problem(
    "503 Service Unavailable",
    '{"code":"BROWSER_DOWN","detail":"it starts","status":503,"retryable":true,"requestId":"r7"}',
    x_should_retry="true",
    retry_after_ms="1",
)
CRASHED = problem(
    "502 Bad Gateway",
    '{"code":"TAB_CRASHED","detail":"it died","status":502,"retryable":true,"requestId":"r8"}',
)


class Selectors(unittest.TestCase):
    def test_a_text_is_just_text_whatever_it_has(self) -> None:
        self.assertEqual(_selectors.text_of('a "b" >> c\\'), r'"a \"b\" >> c\\"i')
        self.assertEqual(_selectors.text_of("/a/", exact=True), '"/a/"')
        self.assertEqual(_selectors.text_of(re.compile("a/b", re.IGNORECASE)), r"/a\/b/i")
        self.assertEqual(
            _selectors.by_role("button", name="Send", exact=True, disabled=False),
            'role=button[name="Send"][disabled=false]',
        )


class Endpoints(unittest.TestCase):
    def test_every_way_to_say_where_the_bridge_is_names_the_same_paths(self) -> None:
        for url, host, prefix in [
            ("http://127.0.0.1:9333", "127.0.0.1:9333", "/v1"),
            ("http://127.0.0.1:9333/v1/", "127.0.0.1:9333", "/v1"),
            ("ws://127.0.0.1:9333/ws", "127.0.0.1:9333", "/v1"),
            ("https://a.test/bridge", "a.test", "/bridge/v1"),
            ("http://[::1]:80", "[::1]", "/v1"),
            ("unix:/run/a.sock", "localhost", "/v1"),
        ]:
            endpoint = Endpoint.parse(url)
            self.assertEqual((endpoint.host_header, endpoint.prefix), (host, prefix), url)

    def test_a_url_with_a_password_or_of_another_kind_is_refused(self) -> None:
        for url in ["http://a:secret@b.test", "ftp://a.test", "127.0.0.1:9333", "http://"]:
            with self.assertRaises(ValueError) as error:
                Endpoint.parse(url)
            self.assertNotIn("secret", str(error.exception))


class Events(unittest.TestCase):
    def test_events_are_put_together_however_the_stream_is_cut(self) -> None:
        text = b"retry: 1\n\nid: 7\nevent: a\ndata: {\ndata: }\n\n:\n\ndata: x\r\n\r\nid: 8\rdata: y\r\r"
        whole = [(it.id, it.event, it.data) for it in EventReader().feed(text + b"\n")]
        self.assertEqual(whole, [("7", "a", "{\n}"), ("7", "message", "x"), ("8", "message", "y")])
        reader = EventReader()
        pieces = [bytes([byte]) for byte in text] + [b"\n"]
        cut = [(it.id, it.event, it.data) for piece in pieces for it in reader.feed(piece)]
        self.assertEqual(cut, whole)


class Commands(unittest.TestCase):
    def test_fields_are_written_as_on_the_wire_and_not_shown(self) -> None:
        command = Command("fill", selector="#a", value="a password", timeout=5.0)
        self.assertEqual(
            command.to_wire(),
            {"action": "fill", "params": {"selector": "#a", "value": "a password"}, "timeoutMs": 5},
        )
        self.assertNotIn("password", repr(command))

    def test_what_only_looks_needs_no_key_and_everything_else_has_one(self) -> None:
        for name in [*CHANGES, "goto", "ofTheFuture"]:
            self.assertTrue(Command(name).changes_something, name)
        for name in ["query", "waitFor", "getScreenshot", "wait"]:
            self.assertFalse(Command(name).changes_something, name)
        self.assertFalse(Command("evaluate", read_only=True).changes_something)


class Retries(unittest.TestCase):
    def test_the_bridge_says_whether_a_request_is_repeated(self) -> None:
        document = {"content-type": "application/problem+json"}
        for status, headers, expected in [
            (503, {**document, "x-should-retry": "true"}, True),
            (502, {**document, "x-should-retry": "false"}, False),
            # With a key it would give the same answer again.
            (502, document, False),
            # Of a proxy in between.
            (502, {"content-type": "text/html"}, True),
            (500, {}, False),
            (404, {}, False),
        ]:
            self.assertEqual(may_retry(Answer(status, headers, b"")), expected, (status, headers))

    def test_the_pause_is_what_the_bridge_asks_for_up_to_a_limit(self) -> None:
        self.assertEqual(retry_after({"retry-after-ms": "1500", "retry-after": "2"}), 1.5)
        self.assertEqual(retry_after({"retry-after": "2"}), 2)
        for bad in ["Wed, 21 Oct 2015 07:28:00 GMT", "-1", "inf", ""]:
            self.assertIsNone(retry_after({"retry-after": bad}))
        policy = RetryPolicy(retries=1)
        busy = {"x-should-retry": "true"}
        self.assertEqual(policy.after_answer(Answer(429, {**busy, "retry-after": "7"}, b""), 0), 7)
        self.assertIsNone(policy.after_answer(Answer(429, {**busy, "retry-after": "70"}, b""), 0))
        self.assertIsNone(policy.after_answer(Answer(429, busy, b""), 1))
        self.assertIsNone(policy.after_cut(Cut("", was_sent=True, was_slow=True), 0))


class Options(unittest.TestCase):
    def test_every_field_of_a_new_session_is_an_option(self) -> None:
        document = json.loads(
            (CLIENT.parent.parent / "schemas" / "openapi.json").read_text("utf-8")
        )
        fields = document["components"]["schemas"]["NewSessionRequest"]["properties"]
        known = {camel(name) for name in SessionOptions.__annotations__}
        # Other names of fields, and what has one value only.
        self.assertLessEqual(set(fields) - {"maxDuration", "queueMs", "browser"}, known)
        given = {"max_duration_ms": 1, "viewport": Viewport(width=2, height=3)}
        wire = {"maxDurationMs": 1, "viewport": {"width": 2, "height": 3}}
        self.assertEqual(session_fields(given), wire)


class TheSyncSide(unittest.TestCase):
    def test_it_is_written_from_the_async_side(self) -> None:
        script = CLIENT / "scripts" / "generate_sync.py"
        subprocess.run([sys.executable, str(script), "--check"], check=True)


class Repeated(unittest.TestCase):
    """Each with both kinds of clients."""

    def clicks(self, *answers: bytes | None) -> tuple[AnswersFromAList, list[BaseException | None]]:
        """What comes of creating a session and a click, with these answers to the click."""
        outcomes: list[BaseException | None] = []
        servers: list[AnswersFromAList] = []
        for kind in ("sync", "async"):
            server = AnswersFromAList(CREATED, *answers)
            self.addCleanup(server.stop)
            servers.append(server)
            try:
                if kind == "sync":
                    with PersistentBrowser.create(server.url, token=TOKEN) as browser:
                        browser.page("t1").click("#a")
                else:

                    async def click(server: AnswersFromAList = server) -> None:
                        async with await AsyncPersistentBrowser.create(
                            server.url, token=TOKEN
                        ) as browser:
                            await browser.page("t1").click("#a")

                    asyncio.run(click())
                outcomes.append(None)
            except (RestError, ConnectionLost) as error:
                outcomes.append(error)
        self.assertEqual(len(servers[0].requests), len(servers[1].requests))
        self.assertEqual(type(outcomes[0]), type(outcomes[1]))
        return servers[1], outcomes

    def test_a_cut_and_a_busy_bridge_are_tried_again_with_the_same_key(self) -> None:
        server, outcomes = self.clicks(None, BUSY, DONE)
        self.assertEqual(outcomes, [None, None])
        created, *clicks = server.keys
        self.assertEqual(len(clicks), 3)
        self.assertEqual(len({*clicks}), 1)
        self.assertNotIn(created, clicks)

    def test_an_error_of_a_change_that_may_have_been_made_is_not_retried(self) -> None:
        server, outcomes = self.clicks(CRASHED)
        self.assertEqual(len(server.requests), 2)
        error = outcomes[1]
        assert isinstance(error, RestError)
        self.assertEqual((error.code, error.status, error.retryable), ("TAB_CRASHED", 502, True))
        self.assertEqual((error.request_id, error.should_retry), ("r8", None))

    def test_cuts_without_end_leave_the_outcome_unknown(self) -> None:
        server, outcomes = self.clicks()
        self.assertIsInstance(outcomes[1], OutcomeUnknown)
        # Besides the first: once on the connection that was open, and then as often as it is tried
        # again.
        self.assertEqual(len(server.requests), 1 + 1 + 4)

    def test_an_ended_session_says_why(self) -> None:
        _, outcomes = self.clicks(
            problem(
                "410 Gone",
                '{"code":"SESSION_ENDED","detail":"over","details":{"endReason":"idle"}}',
            )
        )
        for error in outcomes:
            assert isinstance(error, SessionEnded)
            self.assertEqual(error.end_reason, "idle")


class AStreamOfEvents(unittest.TestCase):
    def test_it_goes_on_after_the_last_event_and_ends_with_the_session(self) -> None:
        def stream(*events: str) -> bytes:
            text = "retry: 1\n\n" + "".join(f"{event}\n\n" for event in events)
            return answer("200 OK", text, media_type="text/event-stream")

        def tab(number: int) -> str:
            data = {"type": "tabActivated", "id": f"t{number}"}
            return f"id: {number}\nevent: tabActivated\ndata: {json.dumps(data)}"

        cut = stream(tab(2), tab(3))[:-30] + CUT
        ended = problem("410 Gone", '{"code":"SESSION_ENDED","details":{"endReason":"idle"}}')
        nothing = b"HTTP/1.1 204 No Content\r\n\r\n"
        for last in (nothing, ended):
            for kind in ("sync", "async"):
                server = AnswersFromAList(CREATED, stream(tab(1)), cut, None, stream(tab(3)), last)
                self.addCleanup(server.stop)
                if kind == "sync":
                    with PersistentBrowser.create(server.url) as browser:
                        found = [it.id for it in browser.events(TabActivatedEvent)]
                else:
                    found = asyncio.run(self.events(server.url))
                self.assertEqual(found, ["t1", "t2", "t3"])
                came = [request.decode().lower() for request in server.requests[2:]]
                expected = [1, 2, 2, 3]
                self.assertEqual(
                    [int(it.split("last-event-id: ")[1].split("\r")[0]) for it in came], expected
                )
                self.assertIn("types=tabactivated", came[0])

    async def events(self, url: str) -> list[str]:
        async with await AsyncPersistentBrowser.create(url) as browser:
            return [it.id async for it in browser.events(TabActivatedEvent)]


class Tokens(unittest.TestCase):
    def test_both_tokens_are_sent_and_a_newer_one_replaces_the_old(self) -> None:
        renewed = answer("200 OK", '{"expiresAt":9,"idleExpiresAt":8,"token":"eyJuZXc.a.b"}')
        server = AnswersFromAList(CREATED, renewed, DONE)
        self.addCleanup(server.stop)
        with PersistentBrowser.create(server.url, token=TOKEN) as browser:
            self.assertEqual(browser.heartbeat(), 8)
            browser.page("t1").click("#a")
            self.assertEqual(browser.token, "eyJuZXc.a.b")
        first, second, third = server.requests
        self.assertNotIn(b"X-Session-Token", first)
        self.assertIn(f"X-Session-Token: {SESSION_TOKEN}".encode(), second)
        self.assertIn(b"X-Session-Token: eyJuZXc.a.b", third)
        self.assertIn(f"Authorization: Bearer {TOKEN}".encode(), third)

    def test_one_who_attaches_has_only_the_sessions(self) -> None:
        server = AnswersFromAList(answer("200 OK", json.dumps({**SESSION, "token": None})))
        self.addCleanup(server.stop)
        with PersistentBrowser.attach("s", SESSION_TOKEN, server_url=server.url):
            pass
        [request] = server.requests
        self.assertIn(f"Authorization: Bearer {SESSION_TOKEN}".encode(), request)
        self.assertNotIn(b"X-Session-Token", request)

    def test_no_token_is_in_a_repr_a_log_or_an_error(self) -> None:
        shown: list[str] = []

        class Listener(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                shown.append(record.getMessage())

        listener = Listener()
        root = logging.getLogger()
        level = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        self.addCleanup(root.removeHandler, listener)
        self.addCleanup(root.setLevel, level)

        server = AnswersFromAList(CREATED, answer("200 OK", json.dumps(SESSION)), CRASHED, None)
        self.addCleanup(server.stop)
        browser = PersistentBrowser.create(server.url, token=TOKEN, retries=0)
        page = browser.page("t1")
        shown += [
            repr(browser),
            str(browser),
            repr(page),
            repr(page.locator("a")),
            repr(vars(browser)),
        ]
        shown += [repr(browser.info()), repr(Session.from_wire(SESSION))]

        async def fails(url: str) -> None:
            given = await AsyncPersistentBrowser.create(url, token=TOKEN, retries=0)
            shown.append(repr(given))

        attempts: list[Callable[[], Any]] = [
            lambda: page.click("#a"),
            lambda: page.click("#a"),
            lambda: PersistentBrowser.create("http://127.0.0.1:1", token=TOKEN, retries=0),
            lambda: PersistentBrowser.create(server.url, token=f"{TOKEN}\r\nX: y"),
            lambda: PersistentBrowser.attach("s", f"{SESSION_TOKEN} ", server_url=server.url),
            lambda: asyncio.run(fails("http://127.0.0.1:1"), debug=True),
        ]
        for attempt in attempts:
            with self.assertRaises((RestError, ConnectionLost, ValueError)) as raised:
                attempt()
            shown += traceback.format_exception(raised.exception)
            shown += [repr(raised.exception), repr(vars(raised.exception))]
        for text in shown:
            self.assertNotIn("canary", text)
            self.assertNotIn("eyJjYW5hcnk", text)
