"""Events nobody asked for, as asynchronous iterators."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from ._wire import Event
from .errors import EventsOverflow, ProtocolError
from .protocol import EVENTS, FrameEvent

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event of a newer bridge, as it came."""

    type: ClassVar[str] = ""
    fields: Mapping[str, Any]
    """Its JSON, `type` included."""


def read_event(message: Mapping[str, Any]) -> Event:
    """The event in a message."""
    known = EVENTS.get(message["type"])
    if known is None:
        return UnknownEvent(message)
    try:
        return known.from_wire(message)
    except (KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(
            f"a `{message['type']}` has not the fields it must: {error!r}"
        ) from error


class EventStream(AsyncIterator[E], Generic[E]):
    """Events nobody asked for, from the call that made it on, for `async for`.

    Nothing is left out: where more wait than `limit`, reading fails with `EventsOverflow` after those
    that were kept. Of a screencast the newest frame of each tab wins.
    """

    def __init__(
        self, types: tuple[type[E], ...], limit: int, leave: Callable[[EventStream[Any]], None]
    ) -> None:
        self._types = types
        self._limit = limit
        self._leave = leave
        self._waiting: deque[E] = deque()
        self._readers: deque[asyncio.Future[None]] = deque()
        self._ended = False
        self._error: Exception | None = None

    def _push(self, event: Event) -> None:
        if self._ended or (self._types and not isinstance(event, self._types)):
            return
        if isinstance(event, FrameEvent):
            self._waiting = deque(
                it for it in self._waiting if not (isinstance(it, FrameEvent) and it.id == event.id)
            )
        if len(self._waiting) >= self._limit:
            self._end(EventsOverflow(f"more than {self._limit} events waited to be read"))
            self._leave(self)
            return
        self._waiting.append(event)  # type: ignore[arg-type]
        self._wake()

    def _end(self, error: Exception | None) -> None:
        """The connection is over: what waits is still read, then the stream ends or fails."""
        if not self._ended:
            self._ended, self._error = True, error
            for _ in range(len(self._readers)):
                self._wake()

    def _wake(self) -> None:
        while self._readers:
            reader = self._readers.popleft()
            if not reader.done():
                reader.set_result(None)
                return

    async def __anext__(self) -> E:
        while not self._waiting:
            if self._ended:
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            reader: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._readers.append(reader)
            await reader
        return self._waiting.popleft()

    def close(self) -> None:
        """Stops listening."""
        self._waiting.clear()
        self._end(None)
        self._leave(self)
