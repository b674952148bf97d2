"""The connection of a Coordinator."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from ._wire import Event
from .errors import BridgeError, ConnectionLost, ProtocolError
from .events import EventStream, read_event
from .parts import Message, Parts, read_binary_frame, read_message
from .protocol import GapEvent, RequestId, Requests, ResumedEvent, WelcomeEvent
from .socket import Socket
from .staging import stage_bytes
from .unanswered import UnansweredRequests

E = TypeVar("E", bound=Event)

#: Close codes after which coming back makes no sense: the end was wanted, the bridge stops, this
#: client broke the protocol, or another connection has the session.
_FINAL_CODES = {1000, 1001, 1002, 1003, 1007, 1009, 4009}
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0
#: How long `close` waits for the cancellations that are under way.
_CANCELLATION_SECONDS = 1.0


class Bridge(Requests):
    """A Coordinator's connection to cdp-bridge, of one event loop.

    Requests are awaited for the event that answers them and raise `BridgeError`; what nobody asked for
    is in `events`. A cut connection is resumed by itself.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        binary: bool,
        resume_for: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        """Use `connect`."""
        self._url = url
        self._token = token
        self._binary = binary
        self._resume_for = resume_for
        self._tls = tls
        self._unanswered = UnansweredRequests()
        # Requests whose callers were cancelled, until the bridge has cancelled them.
        self._cancellations: set[asyncio.Task[None]] = set()
        self._parts = Parts()
        self._streams: set[EventStream[Any]] = set()
        self._socket: Socket | None = None
        self._welcome: WelcomeEvent | None = None
        self._cursor = 0
        # Whether requests may be sent: the bridge has said with which session the connection goes on.
        self._ready = False
        self._resuming = False
        self._over: ConnectionLost | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())

    @classmethod
    async def connect(
        cls,
        url: str = "ws://127.0.0.1:9333/ws",
        *,
        token: str | None = None,
        binary: bool = True,
        resume_for: float = 30.0,
        tls: ssl.SSLContext | None = None,
    ) -> Bridge:
        """Connects to `ws://HOST:PORT/ws`, `wss://…` or `unix:/path`, and waits for the welcome. Raises `ConnectionLost`.

        - `token`: The bearer token of one of the bridge's clients.
        - `binary`: Payloads as binary frames, which saves a third of the bytes of pictures.
        - `resume_for`: For how many seconds a cut connection is tried to be resumed; 0 ends with the
          first cut. The bridge keeps a session for 30 s by default (`server.resume_window`).
        - `tls`: Whom to trust for `wss`, instead of the system's authorities.
        """
        bridge = cls(url, token=token, binary=binary, resume_for=resume_for, tls=tls)
        try:
            await bridge._opened
        except BaseException:
            await bridge.close()
            raise
        return bridge

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def welcome(self) -> WelcomeEvent:
        """What the bridge said last when a connection began: its limits, and the tabs at that time."""
        assert self._welcome is not None, "connect() waits for it"
        return self._welcome

    async def closed(self) -> ConnectionLost | None:
        """Waits for the end of the connection; gives the reason unless `close` was called."""
        await asyncio.wait([self._task])
        return self._reason()

    async def request(self, type: str, fields: Mapping[str, Any] | None = None) -> Event:
        if self._over:
            raise self._over
        id, text, answer = self._unanswered.add(type, fields or {})
        try:
            if self._ready and self._socket:
                self._unanswered.sent(id)
                await self._socket.send(text)
            return await answer
        except asyncio.CancelledError:
            # Otherwise the bridge would still click, seconds after the caller has given up.
            if not self._over and type != "cancel":
                task = asyncio.create_task(self._cancel(id))
                self._cancellations.add(task)
                task.add_done_callback(self._cancellations.discard)
            raise

    async def _cancel(self, id: RequestId) -> None:
        """Ends a request in the bridge, whose caller does not wait for the answer any more."""
        with contextlib.suppress(BridgeError, ConnectionLost):
            await self.request("cancel", {"targetRequestId": id})

    async def _ask(self, answer: type[E], type: str, fields: Mapping[str, Any]) -> E:
        event = await self.request(type, fields)
        if not isinstance(event, answer):
            raise ProtocolError(f"{type} was answered by {event.type}")
        return event

    async def stage_bytes(self, name: str, data: bytes, *, mime: str | None = None) -> str:
        """Hands a file to the bridge, in as many parts as it needs. `UploadFile(file_id=…)` with the
        id that it gives names it in `upload`.
        """
        longest = self.welcome.limits.max_message_bytes
        return await stage_bytes(self, name, data, mime=mime, longest_message=longest)

    @overload
    def events(self, *, limit: int = ...) -> EventStream[Event]: ...
    @overload
    def events(self, *types: type[E], limit: int = ...) -> EventStream[E]: ...

    def events(self, *types: type[Any], limit: int = 1024) -> EventStream[Any]:
        """Events nobody asked for, from now on, of these classes or of all; also `welcome`, `resumed`
        and `gap` of later connections. The stream ends with `close`, and raises `ConnectionLost` where the
        connection is lost. `limit` may wait to be read.
        """
        stream: EventStream[Any] = EventStream(types, limit, self._streams.discard)
        if self._over:
            stream._end(self._reason())
        else:
            self._streams.add(stream)
        return stream

    async def close(self) -> None:
        """Ends the connection and its session. Requests that are unanswered fail; tabs stay."""
        if self._ready and self._cancellations:
            await asyncio.wait(self._cancellations, timeout=_CANCELLATION_SECONDS)
        self._end(ConnectionLost("the connection was closed by this program", close_code=1000))
        if self._socket:
            await self._socket.close(1000)
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        """Connects, again and again where the connection is cut, until it ends for good."""
        try:
            await self._keep_connected()
        except ConnectionLost as error:
            self._end(error)
        except ProtocolError as error:
            self._end(ConnectionLost(str(error), close_code=1002))
            if self._socket:
                await self._socket.close(1002)

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        cut_at: float | None = None
        attempts = 0
        while True:
            try:
                socket = await self._open()
                async for frame in socket.messages():
                    await self._received(frame)
                    if self._ready:
                        cut_at, attempts = None, 0
                    # Whoever awaits an answer runs before the next message.
                    await asyncio.sleep(0)
            except ConnectionLost as error:
                self._ready = False
                now = loop.time()
                cut_at = now if cut_at is None else cut_at
                pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempts)
                pause *= random.uniform(0.5, 1.5)
                attempts += 1
                is_late = now + pause > cut_at + self._resume_for
                if self._over or _is_final(error) or self._token_to_resume() is None or is_late:
                    raise
            await asyncio.sleep(pause)

    def _token_to_resume(self) -> str | None:
        return self._welcome.resume_token if self._welcome else None

    async def _open(self) -> Socket:
        token = self._token_to_resume()
        self._resuming = token is not None
        self._socket = await Socket.open(
            self._url,
            token=self._token,
            binary=self._binary,
            resume=None if token is None else (token, self._cursor),
            tls=self._tls,
        )
        return self._socket

    async def _received(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            message, payload = read_binary_frame(frame)
        else:
            message, payload = read_message(frame), None
        self._cursor = message.get("cursor", self._cursor)
        if message["type"] == "error" and "requestId" in message:
            self._parts.give_up(message["requestId"])
        whole = (
            self._parts.text(message) if payload is None else self._parts.binary(message, payload)
        )
        if whole is None:
            return
        event = read_event(whole)
        if await self._begins(event, whole):
            return
        if "requestId" in whole:
            self._unanswered.answer(event, [*(whole.get("coalesced") or []), whole["requestId"]])
        else:
            self._tell(event)

    async def _begins(self, event: Event, message: Message) -> bool:
        """Whether it is what the bridge says at the beginning of a connection."""
        if isinstance(event, WelcomeEvent):
            self._welcome = event
            self._tell(event)
            if not self._resuming:
                await self._begin([], lost=False)
            return True
        if isinstance(event, GapEvent):
            self._parts.lost()
            self._cursor = event.to
            return False
        if not self._resuming:
            return False
        if isinstance(event, ResumedEvent):
            self._parts.resumed()
            self._tell(event)
            # A `gap` comes next where the session goes on with a later message than the next one.
            await self._begin(event.in_flight, lost=event.next > self._cursor + 1)
            return True
        if message["type"] == "error" and message.get("code") == "RESUME_FAILED":
            self._parts.lost()
            self._cursor = 0
            self._tell(event)
            await self._begin([], lost=True)
            return True
        return False

    async def _begin(self, in_flight: Iterable[RequestId], *, lost: bool) -> None:
        """The connection is in order: requests that the bridge does not know are sent."""
        self._resuming = False
        texts = self._unanswered.send_again(in_flight, lost)
        while texts and self._socket:
            for text in texts:
                await self._socket.send(text)
            # What was asked meanwhile comes after it.
            texts = self._unanswered.unsent()
        self._ready = True
        if not self._opened.done():
            self._opened.set_result(None)

    def _tell(self, event: Event) -> None:
        for stream in list(self._streams):
            stream._push(event)

    def _reason(self) -> ConnectionLost | None:
        """Why the connection is over, unless it was wanted."""
        return self._over if self._over and self._over.close_code != 1000 else None

    def _end(self, error: ConnectionLost) -> None:
        if self._over:
            return
        self._over = error
        self._ready = False
        self._unanswered.fail(error)
        streams, self._streams = self._streams, set()
        for stream in streams:
            stream._end(self._reason())
        if not self._opened.done():
            self._opened.set_exception(error)


def _is_final(error: ConnectionLost) -> bool:
    """Whether it is the bridge's word that it will not have this client, or its last one."""
    if error.status is not None:
        return error.status < 500 and error.status != 429
    return error.close_code in _FINAL_CODES
