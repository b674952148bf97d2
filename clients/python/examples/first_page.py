"""Opens a tab, goes to a page, reads it, saves a picture of it, and prints what happens meanwhile.

python3 examples/first_page.py [WS_URL] [PAGE_URL] [PICTURE.png]
"""

import asyncio
import os
import sys
from pathlib import Path

from cdp_bridge import Bridge, BridgeError, Event, EventStream

DEFAULTS = ["ws://127.0.0.1:9333/ws", "https://example.com/", "page.png"]


async def show(events: EventStream[Event]) -> None:
    async for event in events:
        print(f"  {event.type}", getattr(event, "id", ""), getattr(event, "url", ""))


async def main() -> int:
    given = sys.argv[1:]
    url, page, picture = given + DEFAULTS[len(given) :]
    async with await Bridge.connect(url, token=os.environ.get("CDP_BRIDGE_AUTH_TOKEN")) as bridge:
        print(f"connected to {bridge.welcome.server} with {bridge.welcome.browser}")
        showing = asyncio.create_task(show(bridge.events()))
        try:
            tab = await bridge.create_tab()
            navigated = await bridge.navigate(tab_id=tab.id, url=page)
            print(f"{tab.id} is at {navigated.url} (HTTP {navigated.status})")
            # It is answered as soon as the page is there; what is in it comes until it has loaded.
            await bridge.wait_for(tab_id=tab.id, load_state="load")
            snapshot = await bridge.get_dom_snapshot(tab_id=tab.id)
            print(f"its DOM has {len(snapshot.snapshot)} characters")
            shot = await bridge.get_screenshot(tab_id=tab.id, format="png")
            Path(picture).write_bytes(shot.data)
            print(f"{picture}: {shot.width}×{shot.height}, {len(shot.data)} bytes")
            await bridge.close_tab(tab_id=tab.id)
        except BridgeError as error:
            print(error, file=sys.stderr)
            return 1
    await showing
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
