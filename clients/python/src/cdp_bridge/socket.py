"""The WebSocket, as the package `websockets` gives it, from 10.4 on."""

from __future__ import annotations

import contextlib
import inspect
import ssl
from collections.abc import AsyncIterator
from typing import Any

import websockets
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from .errors import ConnectionLost

#: How often the bridge is asked whether it is still there, and for how long it may not answer.
_PING_EVERY_SECONDS = 20
_HANDSHAKE_SECONDS = 10
_CLOSE_SECONDS = 5
#: Far above any `chunkBytes` that makes sense; parts are put together in `Parts`.
_LONGEST_MESSAGE_BYTES = 100 * 1024 * 1024

#: From version 15 on a proxy of the environment would be used, also for the machine itself.
_NO_PROXY: dict[str, Any] = (
    {"proxy": None} if "proxy" in inspect.signature(websockets.connect).parameters else {}
)

_MEANINGS = {
    400: "400, it does not speak this protocol",
    401: "401, the token is missing or wrong",
    403: "403, this Origin is not allowed",
    421: "421, it is not called by this name (server.allowed_hosts)",
    429: "429, too many connections from this address",
}


class Socket:
    """One WebSocket to the bridge."""

    def __init__(self, url: str, ws: Any) -> None:
        self._url = url
        self._ws = ws

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        token: str | None,
        binary: bool,
        resume: tuple[str, int] | None,
        tls: ssl.SSLContext | None,
    ) -> Socket:
        """Connects. `resume` are the token and the cursor of the session to go on with."""
        offered = ["cdp-bridge.v1.binary" if binary else "cdp-bridge.v1"]
        if token is not None:
            # A header would be called differently by old and new versions of the package.
            offered.append(f"cdp-bridge.bearer.{token}")
        if resume is not None:
            offered.append(f"cdp-bridge.resume.{resume[0]}.{resume[1]}")
        options: dict[str, Any] = {
            "subprotocols": offered,
            "open_timeout": _HANDSHAKE_SECONDS,
            "close_timeout": _CLOSE_SECONDS,
            "ping_interval": _PING_EVERY_SECONDS,
            "ping_timeout": _PING_EVERY_SECONDS,
            "max_size": _LONGEST_MESSAGE_BYTES,
            "compression": None,
        }
        try:
            if url.startswith("unix:"):
                connecting = websockets.unix_connect(
                    url.removeprefix("unix:"), uri="ws://localhost/ws", **options
                )
            else:
                if tls is not None:
                    options["ssl"] = tls
                connecting = websockets.connect(url, **options, **_NO_PROXY)
            return cls(url, await connecting)
        except InvalidHandshake as error:
            status = _status(error)
            meaning = _MEANINGS.get(status or 0, f"HTTP {status}" if status else str(error))
            raise ConnectionLost(
                f"the bridge at {url} refused the connection: {meaning}", status=status
            ) from error
        except (OSError, TimeoutError, EOFError, WebSocketException) as error:
            raise ConnectionLost(
                f"no connection to {url}: {error or type(error).__name__}"
            ) from error

    async def send(self, text: str) -> None:
        """Sends a request. Where the connection is cut, its reader finds out."""
        try:
            await self._ws.send(text)
        except ConnectionClosed:
            pass

    async def messages(self) -> AsyncIterator[str | bytes]:
        """What comes, until the connection is over; ends with `ConnectionLost`."""
        try:
            while True:
                yield await self._ws.recv()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            said = f": {closed.rcvd.reason}" if closed.rcvd and closed.rcvd.reason else ""
            raise ConnectionLost(
                f"the connection to {self._url} was closed with {code}{said}", close_code=code
            ) from closed

    async def close(self, code: int) -> None:
        """Closes the connection."""
        # After some failures websockets aborts a transport that asyncio has taken apart already.
        with contextlib.suppress(AttributeError):
            await self._ws.close(code)


def _status(error: InvalidHandshake) -> int | None:
    """The HTTP status of a refusal, where both the old and the new versions have it."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    return status if isinstance(status, int) else None
