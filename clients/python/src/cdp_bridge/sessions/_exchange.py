"""One request over HTTP and its answer, as values. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConnectionLost, ProtocolError

#: Longer than the bridge takes for anything: its own time limits are at most 120 s.
LONGEST_SECONDS = 150.0
#: What a request takes beyond the time limit that the bridge was given.
_MARGIN_SECONDS = 30.0
#: No answer but a file is longer. The bridge answers at most 16 MiB as JSON; pictures and PDFs may
#: be longer.
LONGEST_BODY = 256 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Tokens and `Host` are added where it is sent."""

    method: str
    path: str
    """Behind the prefix, with its query."""
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = LONGEST_SECONDS
    """In seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def json(self) -> dict[str, Any]:
        """The JSON object in it."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ProtocolError(
                f"the answer is no JSON object (HTTP {self.status}, {self.media_type})"
            )
        return value


class Cut(ConnectionLost):
    """The connection was cut, or could not be made."""

    def __init__(self, message: str, *, was_sent: bool, was_slow: bool = False) -> None:
        super().__init__(message)
        self.was_sent = was_sent
        """Whether the bridge may have received the request."""
        self.was_slow = was_slow
        """Whether it was cut here, because no answer came in time."""


def timeout_of(timeout_ms: float | None) -> float:
    """How long an answer may take, in seconds, whose request has this time limit."""
    return LONGEST_SECONDS if timeout_ms is None else timeout_ms / 1000 + _MARGIN_SECONDS
