"""A browser that stays between two programs.

The first one makes a session, goes to a page, takes a picture and exits:

    python3 examples/two_programs.py begin SESSION.json https://example.com/ before.png

The second one goes on in the same page with nothing but the session's id and token, clicks, takes a
picture and ends it:

    python3 examples/two_programs.py go-on SESSION.json "text=Learn more" after.png

CDP_BRIDGE_URL says where the bridge is, and CDP_BRIDGE_AUTH_TOKEN is the client's token, if it has
one.
"""

import json
import os
import sys

from cdp_bridge import PersistentBrowser

SERVER = os.environ.get("CDP_BRIDGE_URL", "http://127.0.0.1:9333")


def begin(kept: str, url: str, picture: str) -> None:
    token = os.environ.get("CDP_BRIDGE_AUTH_TOKEN")
    with PersistentBrowser.create(SERVER, token=token, idle_timeout_ms=600_000) as browser:
        page = browser.new_page(url)
        page.screenshot(path=picture)
        print(f"{page.page_id} is at {page.url}")
        # The token opens the session: only this user may read it.
        with open(os.open(kept, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"session_id": browser.session_id, "token": browser.token}, file)


def go_on(kept: str, selector: str, picture: str) -> None:
    with open(kept) as file:
        browser = PersistentBrowser.attach(**json.load(file), server_url=SERVER)
    with browser:
        [page] = browser.pages()
        page.click(selector, wait_for={"loadState": "load"})
        page.screenshot(path=picture)
        print(f"{page.page_id} is at {page.url}")
        browser.end()


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    {"begin": begin, "go-on": go_on}[what](*arguments)
