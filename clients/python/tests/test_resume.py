"""Connections that are cut, on a real bridge."""

from __future__ import annotations

import asyncio
import unittest
from collections import Counter

from cdp_bridge import Bridge, ConnectionLost, OutcomeUnknown
from cdp_bridge.protocol import ErrorEvent, GapEvent, NavigatedEvent, TabsEvent

from .support import BridgeUnderTest, Relay, Site, until

CUTS = 5
#: Goes somewhere by itself again and again, each time with 8 kB of URL to tell.
BUSY = "<script>let n = 0; setInterval(() => (location.hash = n++ + 'x'.repeat(8000)), 50)</script>"


class AConnectionThatIsCut(unittest.IsolatedAsyncioTestCase):
    running: BridgeUnderTest

    @classmethod
    def setUpClass(cls) -> None:
        cls.running = BridgeUnderTest.start()
        cls.addClassCleanup(cls.running.stop)

    async def asyncSetUp(self) -> None:
        self.site = Site({"/busy": BUSY, "/large": f"<p>{'x' * 700_000}</p>"})
        await self.site.start()
        self.addAsyncCleanup(self.site.stop)
        self.relay = Relay(self.running)
        await self.relay.start()
        self.addAsyncCleanup(self.relay.stop)

    async def test_goes_on_with_its_session_and_misses_nothing(self) -> None:
        async with await Bridge.connect(self.relay.url) as bridge:
            events = bridge.events()
            tab = await bridge.create_tab()
            for _ in range(CUTS):
                asked = asyncio.gather(
                    bridge.navigate(tab_id=tab.id, url=self.site.url("/large")),
                    bridge.get_dom_snapshot(tab_id=tab.id),
                    bridge.get_screenshot(tab_id=tab.id),
                )
                await asyncio.sleep(0)
                self.relay.cut()
                answers = [answer.type for answer in await asked]
                self.assertEqual(answers, ["navigated", "domSnapshot", "screenshot"])
            await bridge.close_tab(tab_id=tab.id)
        heard = Counter([event.type async for event in events])
        self.assertEqual((heard["resumed"], heard["gap"]), (CUTS, 0))
        self.assertGreaterEqual(heard["loadEventFired"], CUTS)

    async def test_sends_again_what_the_bridge_has_never_read(self) -> None:
        async with await Bridge.connect(self.relay.url) as bridge:
            self.relay.hears = False
            asked = asyncio.gather(bridge.create_tab(), bridge.ping())
            await asyncio.sleep(0)
            self.relay.cut()
            self.relay.hears = True
            tab, _ = await asked
            known = {it.id for it in bridge.welcome.tabs} | {tab.id}
            tabs = {it.id for it in (await bridge.list_tabs()).tabs}
            self.assertEqual(tabs, known, "the tab was made once")
            await bridge.close_tab(tab_id=tab.id)

    async def test_says_after_too_long_which_changes_may_have_been_made(self) -> None:
        # Long enough to be seen, and no longer than has to be waited for.
        forgetful = BridgeUnderTest.start("server.resume_window=3s")
        self.addCleanup(forgetful.stop)
        relay = Relay(forgetful)
        await relay.start()
        self.addAsyncCleanup(relay.stop)
        async with await Bridge.connect(relay.url) as bridge:
            failures = bridge.events(ErrorEvent)
            relay.hears = False
            unknown = asyncio.create_task(bridge.create_tab())
            keyed = asyncio.create_task(bridge.create_tab(idempotency_key="once"))
            looked = asyncio.create_task(bridge.list_tabs())
            await asyncio.sleep(0)
            relay.open = False
            relay.cut()

            async def away(count: int) -> bool:
                return await forgetful.metric("cdp_bridge_sessions_away") == count

            await until("the bridge misses its client", lambda: away(1))
            await until("the session is over", lambda: away(0))
            relay.open = relay.hears = True
            with self.assertRaises(OutcomeUnknown):
                await unknown
            self.assertEqual((await anext(failures)).code, "RESUME_FAILED")
            self.assertEqual((await keyed).type, "tabCreated")
            self.assertEqual((await looked).type, "tabs")
            self.assertNotIn((await keyed).id, [it.id for it in bridge.welcome.tabs])

    async def test_tells_what_is_lost_where_more_happened_than_is_kept(self) -> None:
        small = BridgeUnderTest.start("server.resume_bytes=64KiB")
        self.addCleanup(small.stop)
        relay = Relay(small)
        await relay.start()
        self.addAsyncCleanup(relay.stop)
        async with (
            await Bridge.connect(relay.url) as bridge,
            await Bridge.connect(small.url) as witness,
        ):
            tab = await bridge.create_tab(url=self.site.url("/busy"))
            losses = bridge.events(GapEvent, TabsEvent)
            moves = witness.events(NavigatedEvent)
            relay.open = False
            relay.cut()
            for _ in range(20):
                await anext(moves)
            relay.open = True
            gap, state = await anext(losses), await anext(losses)
            assert isinstance(gap, GapEvent) and isinstance(state, TabsEvent), (gap, state)
            self.assertLessEqual(gap.from_, gap.to)
            self.assertIn(tab.id, [it.id for it in state.tabs])
            await bridge.ping()

    async def test_ends_where_it_shall_not_be_resumed_and_fails_what_waits(self) -> None:
        bridge = await Bridge.connect(self.relay.url, resume_for=0)
        events = bridge.events()
        self.relay.hears = False
        pinging = asyncio.create_task(bridge.ping())
        await asyncio.sleep(0)
        self.relay.cut()
        for waiting in (pinging, anext(events)):
            with self.assertRaises(ConnectionLost):
                await waiting
        reason = await bridge.closed()
        assert reason is not None
        self.assertEqual(reason.close_code, 1006)

    async def test_ends_where_the_bridge_stops(self) -> None:
        running = BridgeUnderTest.start()
        bridge = await Bridge.connect(running.url)
        await asyncio.to_thread(running.stop)
        reason = await bridge.closed()
        assert reason is not None
        self.assertEqual(reason.close_code, 1001)
