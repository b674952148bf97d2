"""Server-sent events, taken apart. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(rb"\r\n|\n|\r")
#: No event of the bridge is as long.
_LONGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event."""

    id: str
    """What a later request goes on after (`Last-Event-ID`)."""
    event: str
    data: str


class EventReader:
    """Events out of the pieces of a stream."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        """The id of the last event that was complete."""
        self._id = last_id
        self._rest = b""
        self._event = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """The events that are complete with this piece."""
        text = self._rest + piece
        # The line feed of a `\r\n` may be in the next piece.
        held = text.endswith(b"\r")
        lines = _LINE.split(text[:-1] if held else text)
        self._rest = lines.pop() + (b"\r" if held else b"")
        if len(self._rest) > _LONGEST:
            raise ValueError("a line of the event stream does not end")
        for line in lines:
            if event := self._line(line.decode("utf-8", "replace")):
                yield event

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            self.last_id = self._id
            event, data = self._event, self._data
            self._event, self._data = "", []
            return ServerEvent(self.last_id, event or "message", "\n".join(data)) if data else None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None
