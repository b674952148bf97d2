"""Sessions over HTTP, on a real bridge."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path

from cdp_bridge import (
    AsyncPersistentBrowser,
    Command,
    ConnectionLost,
    PersistentBrowser,
    RestError,
    SessionEnded,
)
from cdp_bridge.protocol import SessionStateChangedEvent, TabCreatedEvent

from .http_support import CuttingProxy, PageServer
from .support import LONGEST_SECONDS, BridgeUnderTest

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "two_programs.py"
CLIENT_TOKEN = "canary-of-the-client"
FORM = """<title>Form</title><form onsubmit="event.preventDefault(); document.title = 'sent ' + this.name.value">
<label>Name <input name=name placeholder="Your name"></label><label><input type=checkbox> Agree</label>
<select><option value=a>Apple<option value=b>Bread</select><input type=file>
<button data-testid=send>Send</button></form><ul><li>one<li>two</ul><a href=/second>Next</a><a href=/file download>File</a>
<script>clicks = 0; document.querySelector('ul').onclick = () => clicks++</script>"""


def until(what: str, holds: Callable[[], bool]) -> None:
    """Waits until something is so."""
    end = time.monotonic() + LONGEST_SECONDS
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.02)


class ASession(unittest.TestCase):
    running: BridgeUnderTest
    site: PageServer

    @classmethod
    def setUpClass(cls) -> None:
        cls.running = BridgeUnderTest.start("policy.downloads=keep")
        cls.addClassCleanup(cls.running.stop)
        attachment = {
            "Content-Type": "text/plain",
            "Content-Disposition": "attachment; filename=a.txt",
        }
        cls.site = PageServer(
            {"/": FORM, "/second": "<title>Second</title>second", "/file": (attachment, b"content")}
        )
        cls.addClassCleanup(cls.site.stop)

    def create(self) -> PersistentBrowser:
        browser = PersistentBrowser.create(self.running.url)
        self.over(browser)
        return browser

    def over(self, browser: PersistentBrowser) -> None:
        """Ends it after the test."""
        self.addCleanup(browser.close)
        self.addCleanup(browser.end)

    def attach(self, browser: PersistentBrowser) -> PersistentBrowser:
        found = PersistentBrowser.attach(
            browser.session_id, browser.token, server_url=self.running.url
        )
        self.addCleanup(found.close)
        return found

    def test_a_page_is_operated_and_read_as_with_playwright(self) -> None:
        page = self.create().new_page(self.site.url("/"))
        self.assertEqual(page.url, self.site.url("/"))
        page.fill("[name=name]", "Ada")
        page.get_by_placeholder("your name").press_sequentially("!")
        page.press("[name=name]", "Shift+X")
        agree = page.get_by_label("Agree")
        agree.check()
        self.assertTrue(agree.is_checked())
        self.assertEqual(page.select_option("select", "b"), ["b"])
        self.assertEqual(page.select_option("select", index=0), ["a"])
        self.assertEqual(page.locator("[name=name]").input_value(), "Ada!X")
        page.get_by_role("button", name="Send").click()
        self.assertEqual(
            page.wait_for_function("document.title.startsWith('sent') && document.title"),
            "sent Ada!X",
        )
        items = page.locator("li")
        self.assertEqual(items.count(), 2)
        self.assertEqual(items.all_inner_texts(), ["one", "two"])
        self.assertEqual(items.filter(has_text="two").text_content(), "two")
        self.assertEqual(items.last.inner_html(), "two")
        self.assertEqual(page.get_by_test_id("send").get_attribute("data-testid"), "send")
        self.assertFalse(page.get_by_text("three", exact=True).is_visible())
        self.assertEqual(page.evaluate("({a}) => a + 1", {"a": 1}, read_only=True), 2)
        self.assertEqual(page.locator("ul").evaluate("(ul, n) => ul.children.length + n", 1), 3)
        self.assertIn("<li>one", page.content())
        self.assertEqual(page.content(selector="ul >> nth=0 >> li >> nth=0"), "one")
        self.assertIn("one", page.text())
        self.assertIn("button", page.outline(interactive_only=True))
        page.click("text=Next", wait_for={"url": "**/second"})
        self.assertEqual(page.url, self.site.url("/second"))
        page.go_back()
        self.assertEqual(page.url, self.site.url("/"))
        self.assertEqual(page.goto(self.site.url("/second")).status, 200)
        self.assertEqual(page.title(), "Second")
        page.close()

    def test_pictures_and_pdfs_are_bytes_and_files(self) -> None:
        page = self.create().new_page(self.site.url("/"))
        with tempfile.TemporaryDirectory() as folder:
            shot = Path(folder) / "shot.jpg"
            data = page.screenshot(path=shot, full_page=True, quality=50)
            self.assertTrue(data.startswith(b"\xff\xd8"))
            self.assertEqual(shot.read_bytes(), data)
            page.pdf(Path(folder) / "page.pdf", margin={"top": 1})
            self.assertTrue((Path(folder) / "page.pdf").read_bytes().startswith(b"%PDF-"))
        small = page.screenshot(clip={"x": 0, "y": 0, "width": 10, "height": 20})
        self.assertEqual(int.from_bytes(small[20:24], "big"), 20)
        self.assertTrue(page.locator("ul").screenshot().startswith(b"\x89PNG"))

    def test_another_one_goes_on_where_the_first_one_left(self) -> None:
        with self.create() as first:
            page = first.new_page(self.site.url("/"))
            page.fill("[name=name]", "kept")
        second = self.attach(first)
        [found] = second.pages()
        self.assertEqual((found.page_id, found.url), (page.page_id, self.site.url("/")))
        self.assertEqual(found.locator("[name=name]").input_value(), "kept")
        self.assertEqual(second.info().session_id, first.session_id)
        second.update(metadata={"a": "b"})
        self.assertEqual(first.info().metadata, {"a": "b"})
        second.end(wait=True)
        second.end()
        with self.assertRaises(SessionEnded) as ended:
            self.attach(first)
        self.assertEqual(ended.exception.end_reason, "requested")
        with self.assertRaises(RestError):
            found.click("li >> nth=0")

    def test_the_same_external_id_is_the_same_session(self) -> None:
        first = self.create_named()
        second = self.create_named()
        self.assertEqual(first.session_id, second.session_id)
        self.assertEqual((first.existed, second.existed), (False, True))

    def create_named(self) -> PersistentBrowser:
        browser = PersistentBrowser.create(
            self.running.url, external_id="a name", metadata={"a": "b"}
        )
        self.over(browser)
        return browser

    def test_several_commands_take_one_round_trip(self) -> None:
        page = self.create().new_page(self.site.url("/"))
        outcomes = page.commands(
            [
                Command("fill", selector="[name=name]", value="Eve"),
                {"action": "query", "params": {"selector": "[name=name]", "what": "value"}},
                Command("click", selector="#none", timeout=200),
                Command("click", selector="button"),
            ]
        )
        self.assertEqual(outcomes[1].unwrap()["value"], "Eve")
        self.assertEqual(len(outcomes), 3)
        with self.assertRaises(RestError) as missing:
            outcomes[2].unwrap()
        self.assertIn(missing.exception.code, ("NOT_FOUND", "CDP_TIMEOUT"))

    def test_files_go_into_pages_and_come_out_of_them(self) -> None:
        browser = self.create()
        page = browser.new_page(self.site.url("/"))
        handed_over = browser.upload(("größe.txt", b"abc"))
        page.set_input_files("[type=file]", handed_over)
        name = page.evaluate("() => document.querySelector('[type=file]').files[0].name")
        self.assertEqual(name, "größe.txt")
        page.set_input_files("[type=file]", EXAMPLE)
        size = page.evaluate("() => document.querySelector('[type=file]').files[0].size")
        self.assertEqual(size, EXAMPLE.stat().st_size)
        page.click("text=File")
        until("the download", lambda: any(it.is_complete for it in browser.downloads()))
        [download] = browser.downloads()
        self.assertEqual((download.name, download.read()), ("a.txt", b"content"))
        with tempfile.TemporaryDirectory() as folder:
            download.save_as(Path(folder) / "here")
            self.assertEqual((Path(folder) / "here").read_bytes(), b"content")

    def test_a_refusal_says_what_and_whether_to_try_again(self) -> None:
        browser = self.create()
        page = browser.new_page()
        with self.assertRaises(RestError) as denied:
            page.goto("file:///etc/passwd")
        error = denied.exception
        self.assertEqual((error.code, error.status, error.retryable), ("NAV_DENIED", 403, False))
        self.assertEqual(error.details.scheme, "file")
        self.assertTrue(error.request_id)
        with self.assertRaises(RestError) as unknown:
            browser.page("t9999").title()
        self.assertEqual((unknown.exception.code, unknown.exception.status), ("UNKNOWN_TAB", 404))
        with self.assertRaises(RestError) as bad:
            PersistentBrowser.create(self.running.url, max_duration_ms=1)
        self.assertEqual(
            (bad.exception.status, bad.exception.details.field), (400, "maxDurationMs")
        )

    def test_a_click_whose_answer_is_lost_is_made_once(self) -> None:
        # Of every three sendings one arrives: a click is repeated up to three times.
        sent = itertools.count(1)
        proxy = CuttingProxy(
            self.running, lambda request: b'"click"' in request and next(sent) % 3 != 0
        )
        self.addCleanup(proxy.stop)
        browser = PersistentBrowser.create(proxy.url)
        self.over(browser)
        page = browser.new_page(self.site.url("/"))
        for _ in range(5):
            page.click("li >> nth=0")
        self.assertEqual(proxy.lost, 10)
        self.assertEqual(page.evaluate("clicks"), 5)

    def test_a_session_whose_creation_is_lost_is_made_once(self) -> None:
        proxy = CuttingProxy(
            self.running,
            lambda request: request.startswith(b"POST /v1/sessions ") and not proxy.lost,
        )
        self.addCleanup(proxy.stop)
        browser = PersistentBrowser.create(proxy.url, metadata={"test": "once"})
        self.over(browser)
        self.assertEqual(proxy.lost, 1)
        answer = browser._http.of_client().get("/sessions", {"metadata.test": "once"}).json()
        self.assertEqual([it["sessionId"] for it in answer["sessions"]], [browser.session_id])

    def test_heartbeats_keep_it_and_their_end_ends_it(self) -> None:
        browser = PersistentBrowser.create(self.running.url, heartbeat_timeout_ms=1000)
        with browser.keep_alive() as keeper:
            time.sleep(1.5)
            self.assertIsNone(keeper.error)
            self.assertNotIn(browser.info().status, ("completed", "destroyed"))
        until("its end", lambda: browser.info().status == "destroyed")
        self.assertEqual(browser.info().end_reason, "idle")
        with browser.keep_alive() as keeper:
            until("the keeper has seen it", lambda: keeper.error is not None)
        self.assertIsInstance(keeper.error, SessionEnded)

    def test_events_go_on_after_a_cut_and_end_with_the_session(self) -> None:
        browser = self.create()
        events = browser.events(TabCreatedEvent, SessionStateChangedEvent, last_event_id="0")
        page = browser.new_page()
        created = next(it for it in events if isinstance(it, TabCreatedEvent))
        self.assertEqual(created.id, page.page_id)
        browser.end()
        rest = [it for it in events if isinstance(it, SessionStateChangedEvent)]
        self.assertEqual(rest[-1].status, "destroyed")

    def test_a_unix_socket_will_do(self) -> None:
        running = BridgeUnderTest.start(unix=True)
        self.addCleanup(running.stop)
        with PersistentBrowser.create(running.url) as browser:
            self.assertEqual(browser.pages(), [])
            browser.end()

    def test_two_programs_share_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "session.json"
            environment = {
                **os.environ,
                "CDP_BRIDGE_URL": self.running.url,
                "PYTHONPATH": str(EXAMPLE.parent.parent / "src"),
            }

            def run(*arguments: str) -> str:
                command = [sys.executable, str(EXAMPLE), *arguments]
                done = subprocess.run(
                    command, env=environment, capture_output=True, text=True, cwd=folder
                )
                self.assertEqual(done.returncode, 0, done.stderr)
                return done.stdout

            run("begin", str(kept), self.site.url("/"), "before.png")
            self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
            told = run("go-on", str(kept), "text=Next", "after.png")
            self.assertIn(self.site.url("/second"), told)
            pictures = [(Path(folder) / name).read_bytes() for name in ("before.png", "after.png")]
            self.assertTrue(all(it.startswith(b"\x89PNG") for it in pictures))
            self.assertNotEqual(*pictures)


class AFullHouse(unittest.TestCase):
    def test_a_queued_creation_gets_the_next_place_and_a_refused_one_has_the_limit(self) -> None:
        running = BridgeUnderTest.start("sessions.max_per_client=1")
        self.addCleanup(running.stop)
        first = PersistentBrowser.create(running.url)
        with self.assertRaises(RestError) as full:
            PersistentBrowser.create(running.url, queue_timeout_ms=0, retries=0)
        self.assertEqual(full.exception.status, 429)
        self.assertEqual((full.exception.details.limit, full.exception.details.current), (1, 1))
        threading.Timer(0.3, first.end).start()
        with PersistentBrowser.create(running.url, queue_timeout_ms=20_000) as second:
            self.assertNotEqual(first.session_id, second.session_id)
            self.assertTrue(second.token)
            with self.assertRaises(RestError):
                PersistentBrowser.create(running.url, queue_timeout_ms=300, retries=0)


class WithTokens(unittest.TestCase):
    def start(self, *settings: str) -> BridgeUnderTest:
        clients = f'auth.clients=[{{ name = "a", token = "{CLIENT_TOKEN}" }}]'
        running = BridgeUnderTest.start(clients, *settings)
        self.addCleanup(running.stop)
        return running

    def test_a_session_is_opened_by_its_own_token_and_by_no_other(self) -> None:
        running = self.start()
        for wrong in (None, "wrong"):
            with self.assertRaises(RestError) as refused:
                PersistentBrowser.create(running.url, token=wrong)
            self.assertEqual(
                (refused.exception.code, refused.exception.status), ("UNAUTHORIZED", 401)
            )
        browser = PersistentBrowser.create(running.url, token=CLIENT_TOKEN)
        other = PersistentBrowser.create(running.url, token=CLIENT_TOKEN)
        page = browser.new_page()
        with PersistentBrowser.attach(
            browser.session_id, browser.token, server_url=running.url
        ) as own:
            self.assertEqual([it.page_id for it in own.pages()], [page.page_id])
            with self.assertRaises(RestError) as foreign:
                PersistentBrowser.attach(other.session_id, own.token, server_url=running.url)
            self.assertEqual(foreign.exception.status, 404)
            with self.assertRaises(RestError) as clients:
                own.mint_token(["watch"], ttl_ms=60_000)
            self.assertIn(clients.exception.status, (401, 403))
        watch = browser.mint_token(["watch"], ttl_ms=60_000)
        with self.assertRaises(RestError) as watching:
            PersistentBrowser.attach(browser.session_id, watch, server_url=running.url)
        self.assertEqual(watching.exception.status, 403)
        with PersistentBrowser.attach(
            browser.session_id, CLIENT_TOKEN, server_url=running.url
        ) as mine:
            mine.page(page.page_id).title()
        token = browser.token or ""
        browser.heartbeat()
        log = (running.dir / "log").read_text()
        for secret in (CLIENT_TOKEN, token, browser.token or "", watch):
            self.assertNotIn(secret, log)

    def test_both_tokens_are_sent_where_both_are_asked_for(self) -> None:
        running = self.start("auth.require_session_token=true")
        browser = PersistentBrowser.create(running.url, token=CLIENT_TOKEN)
        page = browser.new_page()
        with self.assertRaises(RestError):
            PersistentBrowser.attach(browser.session_id, browser.token, server_url=running.url)
        with PersistentBrowser.attach(
            browser.session_id, browser.token, client_token=CLIENT_TOKEN, server_url=running.url
        ) as found:
            self.assertEqual([it.page_id for it in found.pages()], [page.page_id])
            found.heartbeat()


class WithAsyncio(unittest.IsolatedAsyncioTestCase):
    running: BridgeUnderTest
    site: PageServer

    @classmethod
    def setUpClass(cls) -> None:
        cls.running = BridgeUnderTest.start()
        cls.addClassCleanup(cls.running.stop)
        cls.site = PageServer({"/": FORM, "/second": "second"})
        cls.addClassCleanup(cls.site.stop)

    async def test_several_pages_are_operated_at_once(self) -> None:
        async with await AsyncPersistentBrowser.create(self.running.url) as browser:
            pages = await asyncio.gather(*(browser.new_page(self.site.url("/")) for _ in range(3)))
            await asyncio.gather(*(page.fill("[name=name]", page.page_id) for page in pages))
            values = await asyncio.gather(
                *(it.locator("[name=name]").input_value() for it in pages)
            )
            self.assertEqual(values, [page.page_id for page in pages])
            self.assertTrue((await pages[0].screenshot()).startswith(b"\x89PNG"))
            self.assertEqual(len(await browser.pages()), 3)
            await browser.end(wait=True)
            with self.assertRaises(SessionEnded):
                await AsyncPersistentBrowser.attach(
                    browser.session_id, browser.token, server_url=self.running.url
                )

    async def test_a_wait_is_given_up_without_harm(self) -> None:
        async with await AsyncPersistentBrowser.create(self.running.url) as browser:
            page = await browser.new_page(self.site.url("/"))
            with self.assertRaises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await page.wait_for_selector("#never")
            self.assertEqual(await page.locator("li").count(), 2)
            await browser.end()

    async def test_events_and_heartbeats_come_beside_requests(self) -> None:
        async with await AsyncPersistentBrowser.create(
            self.running.url, heartbeat_timeout_ms=2000
        ) as browser:
            async with browser.keep_alive(0.1) as keeper:
                events = browser.events(TabCreatedEvent, last_event_id="0")
                page = await browser.new_page()
                self.assertEqual((await anext(events)).id, page.page_id)
                await events.aclose()  # type: ignore[attr-defined]
                self.assertIsNone(keeper.error)
            await browser.end()

    async def test_the_protocol_over_a_websocket_shows_this_sessions_tabs_only(self) -> None:
        other = await AsyncPersistentBrowser.create(self.running.url)
        await other.new_page()
        async with await AsyncPersistentBrowser.create(self.running.url) as browser:
            page = await browser.new_page()
            async with await browser.connect() as bridge:
                tabs = (await bridge.list_tabs()).tabs
                self.assertEqual([tab.id for tab in tabs], [page.page_id])
            await browser.end()
        await other.end()

    async def test_a_server_that_does_not_run_is_named_in_the_error(self) -> None:
        with self.assertRaises(ConnectionLost) as error:
            await AsyncPersistentBrowser.create("http://127.0.0.1:1", retries=0)
        self.assertIn("http://127.0.0.1:1", str(error.exception))
