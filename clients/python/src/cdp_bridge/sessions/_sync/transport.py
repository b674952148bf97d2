"""HTTP with the standard library, in any thread."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator

from .._endpoint import Endpoint
from .._exchange import LONGEST_BODY, Answer, Cut, Request

#: Idle connections that are kept.
_MOST_IDLE = 4
_CONNECT_SECONDS = 10.0
_PIECE = 1 << 16

#: What the standard library raises where a connection ends or its peer does not speak HTTP.
_BROKEN = (OSError, http.client.HTTPException)


def pause(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Body:
    """An answer whose body is read piece by piece."""

    def __init__(
        self,
        endpoint: Endpoint,
        connection: http.client.HTTPConnection,
        answer: http.client.HTTPResponse,
    ) -> None:
        self._endpoint = endpoint
        self._connection = connection
        self._answer = answer
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}

    def pieces(self) -> Iterator[bytes]:
        """As they arrive."""
        try:
            while piece := self._answer.read1(_PIECE):
                yield piece
        except _BROKEN as error:
            raise _cut(self._endpoint, error, was_sent=True) from None
        if self._answer.length:
            raise Cut(f"the answer of {self._endpoint} was cut", was_sent=True)

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces())

    def close(self) -> None:
        """Ends the connection."""
        self._answer.close()
        self._connection.close()


class Transport:
    """Connections to one bridge. Several threads may use it at once."""

    def __init__(self, endpoint: Endpoint, tls: ssl.SSLContext | None) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def send(self, request: Request, headers: dict[str, str]) -> Answer:
        """Sends a request and reads all of the answer. `headers` go with those of the request."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            # The bridge may have closed it by now. Each request may be sent twice.
            try:
                return self._exchange(connection, request, headers)
            except Cut as cut:
                if cut.was_slow:
                    raise
            self.close()
        return self._exchange(self._connection(request.timeout), request, headers)

    @contextlib.contextmanager
    def stream(self, request: Request, headers: dict[str, str]) -> Iterator[Body]:
        """Sends a request on a connection of its own, and reads the head of the answer."""
        connection = self._connection(request.timeout)
        body = Body(self._endpoint, connection, self._begin(connection, request, headers))
        try:
            yield body
        finally:
            body.close()

    def close(self) -> None:
        """Closes the idle connections; another request opens a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        to = self._endpoint
        connecting = min(timeout, _CONNECT_SECONDS)
        if to.unix_path is not None:
            return _UnixConnection(to.unix_path, connecting)
        if to.scheme == "https":
            return http.client.HTTPSConnection(
                to.host, to.port, timeout=connecting, context=self._tls
            )
        return http.client.HTTPConnection(to.host, to.port, timeout=connecting)

    def _begin(
        self, connection: http.client.HTTPConnection, request: Request, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        was_sent = False
        try:
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(request.timeout)
            was_sent = True
            every = {**headers, **request.headers}
            path = self._endpoint.prefix + request.path
            connection.request(request.method, path, body=request.body, headers=every)
            return connection.getresponse()
        except _BROKEN as error:
            connection.close()
            raise _cut(self._endpoint, error, was_sent) from None

    def _exchange(
        self, connection: http.client.HTTPConnection, request: Request, headers: dict[str, str]
    ) -> Answer:
        answer = self._begin(connection, request, headers)
        try:
            body = answer.read(LONGEST_BODY)
        except _BROKEN as error:
            connection.close()
            raise _cut(self._endpoint, error, was_sent=True) from None
        if not answer.isclosed():
            connection.close()
            is_long = len(body) == LONGEST_BODY
            what = f"has more than {LONGEST_BODY} bytes" if is_long else "was cut"
            raise Cut(f"the answer of {self._endpoint} {what}", was_sent=True)
        found = {name.lower(): value for name, value in answer.getheaders()}
        self._keep(connection)
        return Answer(answer.status, found, body)

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            # It has no socket any more where the bridge said `Connection: close`.
            if connection.sock is not None and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
                return
        connection.close()


def _cut(endpoint: Endpoint, error: Exception, was_sent: bool) -> Cut:
    what = "was cut" if was_sent else "could not be made"
    # The text of some has what was sent or received so far.
    why = error if isinstance(error, OSError) and str(error) else type(error).__name__
    text = f"the connection to {endpoint} {what}: {why}"
    return Cut(text, was_sent=was_sent, was_slow=was_sent and isinstance(error, TimeoutError))
