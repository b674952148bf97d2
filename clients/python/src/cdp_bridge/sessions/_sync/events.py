# Written by scripts/generate_sync.py from ../_async/events.py. Do not edit.
"""What happens in a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..._wire import Event
from ...errors import ConnectionLost
from ...events import read_event
from .._exchange import Cut
from .._retry import RetryPolicy
from .._sse import EventReader
from ..errors import SessionEnded
from .http import Http
from .transport import pause

#: The bridge sends a comment each 15 s: a longer silence is a cut.
_SILENCE = 45.0
#: Before the next stream where the bridge has ended one, in seconds.
_PAUSE = 0.1


def session_events(
    http: Http, session_path: str, types: tuple[type[Any], ...], last_event_id: str | None
) -> Iterator[Any]:
    """Events of these classes or all, also after cuts, until the session ends."""
    reader = EventReader(last_event_id or "")
    query = {"types": ",".join(it.type for it in types) or None}
    policy, attempt, has_begun = RetryPolicy(retries=http.retries), 0, False
    while True:
        headers = {"Last-Event-ID": reader.last_id} if reader.last_id else {}
        try:
            with http.stream(
                f"{session_path}/events",
                query,
                accept="text/event-stream",
                silence=_SILENCE,
                headers=headers,
            ) as body:
                if body.status == 204:
                    return
                reader, attempt, has_begun = EventReader(reader.last_id), 0, True
                for piece in body.pieces():
                    for event in reader.feed(piece):
                        yield _event(event.data)
            # The bridge ends a stream with the session, and when it stops.
            wait = _PAUSE
        except SessionEnded:
            # The session ended while this stream was cut, or right after its last event.
            if has_begun:
                return
            raise
        except Cut as cut:
            # Silence is a cut too.
            later = policy.after_cut(Cut(str(cut), was_sent=cut.was_sent), attempt)
            if later is None:
                raise ConnectionLost(str(cut)) from None
            wait, attempt = later, attempt + 1
        pause(wait)


def _event(text: str) -> Event:
    return read_event(json.loads(text))
