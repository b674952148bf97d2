"""Servers that stand between a client and a bridge, or in the place of one. They run in threads,
for both kinds of clients.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .support import BridgeUnderTest

#: At the end of an answer: the connection is cut there.
CUT = b"<cut>"


class PageServer:
    """A site on 127.0.0.1 with a page at each path, for clients that block."""

    def __init__(self, pages: dict[str, str | tuple[dict[str, str], bytes]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path)
                headers, body = page if isinstance(page, tuple) else ({}, (page or "none").encode())
                self.send_response(404 if page is None else 200)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class AnswersFromAList:
    """In the place of a bridge: gives these answers, one after another. None cuts the connection,
    and so does the end of the list.
    """

    def __init__(self, *answers: bytes | None) -> None:
        self.requests: list[bytes] = []
        self._answers = list(answers)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._server.close()

    @property
    def keys(self) -> list[str]:
        """The idempotency keys that came."""
        return [_header(request, "idempotency-key") for request in self.requests]

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while request := read_request(connection):
                self.requests.append(request)
                answer = self._answers.pop(0) if self._answers else None
                if answer is None:
                    return
                connection.sendall(answer.removesuffix(CUT))
                if answer.endswith(CUT):
                    return


class CuttingProxy:
    """In front of a bridge: hands requests on, and loses the answers of those that `loses` picks."""

    def __init__(self, bridge: BridgeUnderTest, loses: Callable[[bytes], bool]) -> None:
        self._bridge = bridge
        self._loses = loses
        self.lost = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._server.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=[connection], daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while request := read_request(client):
                # A connection each, which the bridge closes behind its answer.
                plain = request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
                with socket.create_connection(("127.0.0.1", self._bridge.port)) as bridge:
                    bridge.sendall(plain)
                    answer = b""
                    while piece := bridge.recv(65536):
                        answer += piece
                if self._loses(request):
                    self.lost += 1
                    return
                client.sendall(answer)
                return


def answer(
    status: str, body: str = "", *, media_type: str = "application/json", **headers: str
) -> bytes:
    """An answer as bytes. Underscores in the names of headers stand for hyphens."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body.encode())}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def problem(status: str, body: str, **headers: str) -> bytes:
    """A problem document of the bridge."""
    return answer(status, body, media_type="application/problem+json", **headers)


def read_request(connection: socket.socket) -> bytes:
    """One request with its body; nothing at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    length = int(_header(data, "content-length") or 0)
    rest = data.index(b"\r\n\r\n") + 4 + length - len(data)
    while rest > 0:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
        rest -= len(piece)
    return data


def _header(request: bytes, name: str) -> str:
    head = request.split(b"\r\n\r\n")[0].decode("latin-1")
    for line in head.split("\r\n")[1:]:
        found, _, value = line.partition(":")
        if found.lower() == name:
            return value.strip()
    return ""
