"""Requests and events, on a real bridge."""

from __future__ import annotations

import asyncio
import sys
import unittest
from pathlib import Path

from cdp_bridge import Bridge, BridgeError, ConnectionLost, EventsOverflow
from cdp_bridge.protocol import (
    FrameEvent,
    Geolocation,
    LoadEventFiredEvent,
    UploadFile,
    Viewport,
)

from .support import BridgeUnderTest, Site

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "first_page.py"
TOKEN = "secret.of+a"
#: More than two parts of the default size.
LARGE = f"<p>{'größe ' * 100_000}</p>"
MOVING = (
    "<script>setInterval(() => (document.body.textContent = performance.now()), 20)</script><body>"
)


class ABridge(unittest.IsolatedAsyncioTestCase):
    running: BridgeUnderTest

    @classmethod
    def setUpClass(cls) -> None:
        cls.running = BridgeUnderTest.start("policy.allowlist=127.0.0.1,allowed.test")
        cls.addClassCleanup(cls.running.stop)

    async def asyncSetUp(self) -> None:
        self.site = Site({"/": "<p>hello</p>", "/large": LARGE, "/moving": MOVING})
        await self.site.start()
        self.addAsyncCleanup(self.site.stop)

    async def test_a_setting_is_kept_where_it_is_not_given_and_none_resets_it(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            tab = await bridge.create_tab()
            place = Geolocation(latitude=1, longitude=2)
            await bridge.emulate(
                tab_id=tab.id, locale="de-DE", geolocation=place, extra_headers={"X-A": "b"}
            )
            told = await bridge.emulate(tab_id=tab.id, locale=None, color_scheme="dark")
            self.assertIsNone(told.emulation.locale)
            self.assertEqual(told.emulation.geolocation, place)
            self.assertEqual(told.emulation.extra_headers, ["X-A"])
            pdf = await bridge.print_to_pdf(tab_id=tab.id)
            self.assertTrue(pdf.data.startswith(b"%PDF-"))
            await bridge.close_tab(tab_id=tab.id)

    async def test_a_file_of_any_size_is_staged_and_uploaded(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            tab = await bridge.create_tab()
            await bridge.evaluate(
                tab_id=tab.id, expression="document.body.innerHTML = '<input type=file>'"
            )
            for data in [b"", b"x", bytes(range(256)) * 8000]:
                id = await bridge.stage_bytes("größe.bin", data, mime="text/x-own")
                await bridge.upload(
                    tab_id=tab.id, selector="input", files=[UploadFile(file_id=id)]
                )
                told = await bridge.evaluate(
                    tab_id=tab.id,
                    expression="""async () => {
                        const [file] = document.querySelector('input').files;
                        const bytes = new Uint8Array(await file.arrayBuffer());
                        const isRight = bytes.every((byte, at) => bytes.length < 2 || byte === at % 256);
                        return [file.name, file.type, file.size, isRight];
                    }""",
                )
                self.assertEqual(told.value, ["größe.bin", "text/x-own", len(data), True])
            with self.assertRaises(BridgeError) as large:
                await bridge.stage_file(name="a", size=1 << 21, data="QUJD" * 300_000)
            self.assertEqual(large.exception.code, "TOO_LARGE")
            await bridge.close_tab(tab_id=tab.id)

    async def test_a_request_whose_task_is_cancelled_is_not_carried_out_later(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            tab = await bridge.create_tab()
            with self.assertRaises(asyncio.TimeoutError):
                click = bridge.click(tab_id=tab.id, selector="#late", timeout_ms=60_000)
                await asyncio.wait_for(click, 0.3)
            # It would wait behind the click.
            made = await bridge.evaluate(
                tab_id=tab.id,
                timeout_ms=10_000,
                expression="""async () => {
                    document.body.innerHTML = '<button id=late>late</button>';
                    let clicks = 0;
                    document.querySelector('#late').onclick = () => { clicks += 1; };
                    await new Promise((done) => setTimeout(done, 500));
                    return clicks;
                }""",
            )
            self.assertEqual(made.value, 0)
            await bridge.close_tab(tab_id=tab.id)

    async def test_every_request_that_does_not_need_more_than_a_tab_is_answered(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            self.assertEqual(bridge.welcome.protocol, 1)
            self.assertEqual((await bridge.ping(timeout_ms=1000)).type, "pong")
            loads = bridge.events(LoadEventFiredEvent)
            tab = await bridge.create_tab(viewport=Viewport(width=320, height=200))
            self.assertEqual((await bridge.activate_tab(tab_id=tab.id)).id, tab.id)
            there = await bridge.navigate(tab_id=tab.id, url=self.site.url("/"), request_id="mine")
            self.assertEqual((there.request_id, there.status), ("mine", 200))
            await anext(loads)
            snapshot = await bridge.get_dom_snapshot(tab_id=tab.id)
            self.assertIn("<p>hello</p>", snapshot.snapshot)
            shot = await bridge.get_screenshot(tab_id=tab.id, format="png")
            self.assertEqual((shot.width, shot.height, shot.mime), (320, 200, "image/png"))
            self.assertEqual(shot.data[1:4], b"PNG")
            self.assertTrue((await bridge.set_logged_out_mode(tab_id=tab.id, enabled=True)).enabled)
            tabs = (await bridge.list_tabs()).tabs
            self.assertIn((tab.id, True), [(it.id, it.logged_out) for it in tabs])
            self.assertEqual((await bridge.close_tab(tab_id=tab.id)).reason, "requested")

    async def test_large_payloads_are_whole_in_both_encodings(self) -> None:
        for binary in (True, False):
            async with await Bridge.connect(self.running.url, binary=binary) as bridge:
                loads = bridge.events(LoadEventFiredEvent)
                tab = await bridge.create_tab(url=self.site.url("/large"))
                await anext(loads)
                snapshot = await bridge.get_dom_snapshot(tab_id=tab.id)
                size = len(snapshot.snapshot.encode())
                self.assertGreater(size, 2 * bridge.welcome.limits.chunk_bytes)
                self.assertIn(LARGE, snapshot.snapshot, "no character is lost between parts")
                await bridge.close_tab(tab_id=tab.id)

    async def test_snapshots_that_are_taken_together_are_all_answered(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            tab = await bridge.create_tab(url=self.site.url("/"))
            asked = [bridge.get_dom_snapshot(tab_id=tab.id) for _ in range(4)]
            self.assertEqual({it.format for it in await asyncio.gather(*asked)}, {"html"})

    async def test_errors_have_their_code_and_their_facts(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            tab = await bridge.create_tab()
            with self.assertRaises(BridgeError) as raised:
                await bridge.navigate(tab_id=tab.id, url="http://evil.test/")
            error = raised.exception
            self.assertEqual((error.code, error.retryable), ("NAV_DENIED", False))
            self.assertEqual((error.details.host, error.tab_id), ("evil.test", tab.id))
            for type, fields, code in (
                ("closeTab", {"tabId": "t999"}, "UNKNOWN_TAB"),
                ("nonsense", {}, "BAD_REQUEST"),
                ("ping", {"surplus": 1}, "BAD_REQUEST"),
            ):
                with self.assertRaises(BridgeError) as raised:
                    await bridge.request(type, fields)
                self.assertEqual(raised.exception.code, code)
        with self.assertRaises(ConnectionLost):
            await bridge.ping()

    async def test_streams_hear_from_their_making_to_the_end(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            everything, loads = bridge.events(), bridge.events(LoadEventFiredEvent)
            tab = await bridge.create_tab(url=self.site.url("/"))
            # A tab of another test may still be loading; its events are this client's too.
            while (await anext(loads)).id != tab.id:
                pass
            loads.close()
            await bridge.close_tab(tab_id=tab.id)
        heard = [event.type async for event in everything if getattr(event, "id", None) == tab.id]
        self.assertEqual(heard[:2], ["navigated", "loadEventFired"])
        self.assertEqual([event async for event in loads], [])
        self.assertIsNone(await bridge.closed())

    async def test_a_stream_whose_reader_is_too_slow_fails_after_what_it_kept(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            slow, loads = bridge.events(limit=1), bridge.events(LoadEventFiredEvent)
            await bridge.create_tab(url=self.site.url("/"))
            await anext(loads)
            await anext(slow)
            with self.assertRaises(EventsOverflow):
                await anext(slow)

    async def test_a_tab_is_streamed(self) -> None:
        async with await Bridge.connect(self.running.url) as bridge:
            tab = await bridge.create_tab(url=self.site.url("/moving"))
            frames = bridge.events(FrameEvent)
            await bridge.start_screencast(tab_id=tab.id, max_fps=10)
            frame = await anext(frames)
            self.assertEqual((frame.id, frame.mime), (tab.id, "image/jpeg"))
            self.assertEqual(frame.data[:2], b"\xff\xd8")
            await bridge.stop_screencast(tab_id=tab.id)

    async def test_the_example_works(self) -> None:
        picture = self.running.dir / "example.png"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(EXAMPLE),
            self.running.url,
            self.site.url("/"),
            str(picture),
            stdout=asyncio.subprocess.PIPE,
        )
        said = (await process.communicate())[0].decode()
        self.assertRegex(said, r"t\d+ is at http://127.0.0.1:\d+/ \(HTTP 200\)")
        self.assertRegex(said, r"  loadEventFired t\d+")
        self.assertEqual(picture.read_bytes()[1:4], b"PNG")


class Connecting(unittest.IsolatedAsyncioTestCase):
    async def test_a_bridge_that_is_not_there_is_a_lost_connection(self) -> None:
        with self.assertRaises(ConnectionLost):
            await Bridge.connect("ws://127.0.0.1:1/ws")

    async def test_the_right_token_is_let_in_and_none_is_refused_with_401(self) -> None:
        running = BridgeUnderTest.start(f'auth.clients=[{{ name = "a", token = "{TOKEN}" }}]')
        self.addCleanup(running.stop)
        with self.assertRaises(ConnectionLost) as raised:
            await Bridge.connect(running.url)
        self.assertEqual(raised.exception.status, 401)
        async with await Bridge.connect(running.url, token=TOKEN) as bridge:
            await bridge.ping()

    async def test_a_unix_socket_is_reached_by_the_name_that_the_bridge_says(self) -> None:
        running = BridgeUnderTest.start(unix=True)
        self.addCleanup(running.stop)
        self.assertTrue(running.url.startswith("unix:/"))
        async with await Bridge.connect(running.url) as bridge:
            await bridge.ping()
