"""HTTP/1.1 over asyncio's streams: the standard library has a client of it for threads only."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import ssl
from collections.abc import AsyncIterator
from typing import Any

from .._endpoint import Endpoint
from .._exchange import LONGEST_BODY, Answer, Cut, Request

#: Idle connections that are kept.
_MOST_IDLE = 4
_CONNECT_SECONDS = 10.0
_PIECE = 1 << 16
_LONGEST_HEAD = 1 << 16
#: Answers that never have a body.
_WITHOUT_BODY = frozenset([204, 304])

#: What is raised where a connection ends or its peer does not speak HTTP.
_BROKEN = (
    OSError,
    EOFError,
    TimeoutError,
    ValueError,
    asyncio.LimitOverrunError,
    http.client.HTTPException,
)


async def pause(seconds: float) -> None:
    """Waits."""
    await asyncio.sleep(seconds)


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @property
    def is_open(self) -> bool:
        return not self.reader.at_eof() and not self.writer.is_closing()

    def close(self) -> None:
        self.writer.close()


class Body:
    """An answer whose body is read piece by piece."""

    def __init__(
        self,
        endpoint: Endpoint,
        connection: _Connection,
        status: int,
        headers: dict[str, str],
        timeout: float,
    ) -> None:
        self._endpoint = endpoint
        self._connection = connection
        self._timeout = timeout
        self.status = status
        self.headers = headers
        self.is_whole = False
        """Whether all of it was read, so that the connection can be used again."""

    async def pieces(self) -> AsyncIterator[bytes]:
        """As they arrive."""
        try:
            async for piece in self._parts():
                yield piece
        except _BROKEN as error:
            raise _cut(self._endpoint, error, was_sent=True) from None

    async def read(self) -> bytes:
        """All of it."""
        parts: list[bytes] = []
        length = 0
        async for piece in self.pieces():
            length += len(piece)
            if length > LONGEST_BODY:
                text = f"the answer of {self._endpoint} has more than {LONGEST_BODY} bytes"
                raise Cut(text, was_sent=True)
            parts.append(piece)
        return b"".join(parts)

    async def _parts(self) -> AsyncIterator[bytes]:
        length = self.headers.get("content-length")
        if self.status in _WITHOUT_BODY:
            pass
        elif self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await self._line()).split(b";")[0], 16):
                async for piece in self._exactly(size):
                    yield piece
                await self._line()
            while (await self._line()).strip():
                pass
        elif length is not None:
            async for piece in self._exactly(int(length)):
                yield piece
        else:
            while piece := await self._some(_PIECE):
                yield piece
            return
        self.is_whole = self.headers.get("connection", "").lower() != "close"

    async def _exactly(self, length: int) -> AsyncIterator[bytes]:
        while length > 0:
            piece = await self._some(min(length, _PIECE))
            if not piece:
                raise EOFError("it ended early")
            length -= len(piece)
            yield piece

    async def _some(self, most: int) -> bytes:
        async with asyncio.timeout(self._timeout):
            return await self._connection.reader.read(most)

    async def _line(self) -> bytes:
        async with asyncio.timeout(self._timeout):
            return await self._connection.reader.readuntil(b"\n")


class Transport:
    """Connections to one bridge, of one event loop."""

    def __init__(self, endpoint: Endpoint, tls: ssl.SSLContext | None) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._idle: list[_Connection] = []

    async def send(self, request: Request, headers: dict[str, str]) -> Answer:
        """Sends a request and reads all of the answer. `headers` go with those of the request."""
        connection = self._idle.pop() if self._idle else None
        if connection is not None and connection.is_open:
            # The bridge may close it right now. Each request may be sent twice.
            try:
                return await self._exchange(connection, request, headers)
            except Cut as cut:
                if cut.was_slow:
                    raise
            self.close()
        return await self._exchange(await self._connect(request.timeout), request, headers)

    @contextlib.asynccontextmanager
    async def stream(self, request: Request, headers: dict[str, str]) -> AsyncIterator[Body]:
        """Sends a request on a connection of its own, and reads the head of the answer."""
        connection = await self._connect(request.timeout)
        try:
            yield await self._begin(connection, request, headers)
        finally:
            connection.close()

    def close(self) -> None:
        """Closes the idle connections; another request opens a new one."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    async def _connect(self, timeout: float) -> _Connection:
        to = self._endpoint
        tls: Any = (self._tls or True) if to.scheme == "https" else None
        try:
            async with asyncio.timeout(min(timeout, _CONNECT_SECONDS)):
                if to.unix_path is not None:
                    opened = await asyncio.open_unix_connection(to.unix_path, limit=_LONGEST_HEAD)
                else:
                    opened = await asyncio.open_connection(
                        to.host, to.port, ssl=tls, limit=_LONGEST_HEAD
                    )
        except _BROKEN as error:
            raise _cut(to, error, was_sent=False) from None
        return _Connection(*opened)

    async def _begin(
        self, connection: _Connection, request: Request, headers: dict[str, str]
    ) -> Body:
        try:
            connection.writer.write(_head(self._endpoint, request, headers))
            if request.body:
                connection.writer.write(request.body)
            async with asyncio.timeout(request.timeout):
                await connection.writer.drain()
                status, found = await _read_head(connection.reader)
        except _BROKEN as error:
            raise _cut(self._endpoint, error, was_sent=True) from None
        return Body(self._endpoint, connection, status, found, request.timeout)

    async def _exchange(
        self, connection: _Connection, request: Request, headers: dict[str, str]
    ) -> Answer:
        try:
            answer = await self._begin(connection, request, headers)
            body = await answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.is_whole and len(self._idle) < _MOST_IDLE:
            self._idle.append(connection)
        else:
            connection.close()
        return Answer(answer.status, answer.headers, body)


def _head(endpoint: Endpoint, request: Request, headers: dict[str, str]) -> bytes:
    fields = {
        "Host": endpoint.host_header,
        "Accept-Encoding": "identity",
        **headers,
        **request.headers,
    }
    if request.body is not None:
        fields["Content-Length"] = str(len(request.body))
    elif request.method != "GET":
        fields["Content-Length"] = "0"
    line = f"{request.method} {endpoint.prefix}{request.path} HTTP/1.1"
    lines = [line, *(f"{name}: {value}" for name, value in fields.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header or a path has a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """The status and the headers, behind those that only announce the answer."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        first, _, rest = head.partition(b"\r\n")
        version, _, status = first.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            raise ValueError("what answers does not speak HTTP/1.1")
        code = int(status[:3])
        if code >= 200:
            message = http.client.parse_headers(io.BytesIO(rest))
            return code, {name.lower(): value for name, value in message.items()}


def _cut(endpoint: Endpoint, error: Exception, was_sent: bool) -> Cut:
    what = "was cut" if was_sent else "could not be made"
    # The text of some has what was sent or received so far.
    why = error if isinstance(error, OSError) and str(error) else type(error).__name__
    text = f"the connection to {endpoint} {what}: {why}"
    return Cut(text, was_sent=was_sent, was_slow=was_sent and isinstance(error, TimeoutError))
