"""Cuts the connection between a request and its answer, many times. With an idempotency key there is exactly one
session and one click for each; without one, an answer that may have taken effect says not to repeat it."""

import json
import socket
import sys
import urllib.request

from daemon import Daemon, site


def call(daemon, method, path, body=None, key=None):
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(daemon.url + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
        return answer.headers, json.loads(text) if text else None


def cut(daemon, path, body, key):
    """Sends a request, waits for the first byte of its answer, and goes away."""
    host, port = daemon.host.split(":")
    text = json.dumps(body)
    head = (
        f"POST /v1{path} HTTP/1.1\r\nHost: {daemon.host}\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {key}\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall((head + text).encode())
        # Half of them go away before there is an answer, the others with its first byte.
        if hash(key) % 2:
            connection.recv(1)


def main(binary, browser, cuts):
    limits = {"sessions__creates_per_minute": 10000, "server__idempotency_keys": 100000}
    daemon = Daemon(binary, browser, **limits)
    try:
        _, page = call(daemon, "POST", "/sessions/default/pages", {"url": site(), "waitUntil": "load"})
        command = f"/pages/{page['pageId']}/command"
        click = {"action": "click", "params": {"selector": "text=Go"}}
        replayed = 0
        for number in range(cuts):
            key = f"click-{number}"
            cut(daemon, command, click, key)
            headers, answer = call(daemon, "POST", command, click, key)
            replayed += headers.get("Idempotency-Replayed") == "true"
            assert answer["result"]["action"] == "click", answer
        count = {"action": "evaluate", "params": {"expression": "window.n"}}
        _, answer = call(daemon, "POST", command, count)
        clicks = answer["result"]["value"]
        assert clicks == cuts, f"{clicks} clicks for {cuts} requests"
        made = set()
        for number in range(cuts):
            key = f"session-{number}"
            cut(daemon, "/sessions", {}, key)
            _, session = call(daemon, "POST", "/sessions", {}, key)
            made.add(session["sessionId"])
            _, listed = call(daemon, "GET", "/sessions")
            assert listed["counts"]["live"] == 1, listed["counts"]
            call(daemon, "DELETE", f"/sessions/{session['sessionId']}?wait=true")
        assert len(made) == cuts
        print(f"cut {cuts} clicks and {cuts} sessions: {clicks} clicks, {len(made)} sessions, {replayed} clicks answered again")
    finally:
        assert daemon.stop() == 0


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
