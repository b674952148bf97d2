"""Receives a webhook of the bridge and verifies it with the library of Standard Webhooks.

Usage: verify.py CDP_BRIDGE. It needs the package `standardwebhooks` and a Chromium.
"""

from __future__ import annotations

import http.server
import json
import os
import queue
import subprocess
import sys
import threading
import urllib.request

from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PREVIOUS = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
LONGEST = 60


class Receiver(http.server.BaseHTTPRequestHandler):
    got: queue.Queue[tuple[str, dict[str, str]]] = queue.Queue()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.got.put((body, headers))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def ask(method: str, url: str, body: dict[str, object] | None = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=LONGEST) as answer:
        return answer.read()


def main() -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        **os.environ,
        "CDP_BRIDGE_STORE_URL": "",
        "CDP_BRIDGE_WEBHOOKS_ALLOW": "127.0.0.1",
        "CDP_BRIDGE_WEBHOOKS_ALLOW_HTTP": "true",
        "CDP_BRIDGE_WEBHOOKS_PRIVATE_NETWORKS": "127.0.0.0/8",
        "CDP_BRIDGE_WEBHOOKS_SECRET": SECRET,
        "CDP_BRIDGE_WEBHOOKS_SECRET_PREVIOUS": PREVIOUS,
    }
    command = [sys.argv[1], "serve", "--listen", "127.0.0.1:0"]
    bridge = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert bridge.stdout is not None
        url = bridge.stdout.readline().split()[-1].replace("ws://", "http://").removesuffix("/ws")
        hook = f"http://127.0.0.1:{server.server_port}/hook"
        session = json.loads(ask("POST", f"{url}/v1/sessions", {"webhookUrl": hook}))
        ask("DELETE", f"{url}/v1/sessions/{session['sessionId']}")
        body, headers = Receiver.got.get(timeout=LONGEST)
        for secret in (SECRET, PREVIOUS):
            event = Webhook(secret).verify(body, headers)
            assert event["type"] == "session.ended", event
            assert event["data"]["sessionId"] == session["sessionId"], event
        print("verified:", headers["webhook-id"], body)
    finally:
        bridge.terminate()
        bridge.wait(LONGEST)


main()
