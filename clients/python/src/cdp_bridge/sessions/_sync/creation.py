# Written by scripts/generate_sync.py from ../_async/creation.py. Do not edit.
"""Creations that wait for a place."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import quote

from ...errors import ConnectionLost
from .._exchange import Answer
from ..errors import RestError, error_of
from .http import Http
from .transport import pause

#: Between two looks at the job, in seconds.
_PAUSE = 0.2


def created_session(http: Http, answer: Answer) -> dict[str, Any]:
    """The session that was created; where it waits for a place (`queue_timeout_ms`), once it has
    one.
    """
    told = answer.json()
    if answer.status != 202:
        return told
    path = f"/jobs/{quote(told['jobId'], safe='')}"
    try:
        while told["status"] in ("queued", "running"):
            pause(_PAUSE)
            told = (http.get(path)).json()
    except BaseException:
        with contextlib.suppress(RestError, ConnectionLost):
            http.change("DELETE", path)
        raise
    if told["status"] != "succeeded":
        error = told.get("error") or {"code": "CANCELLED", "detail": "the job was cancelled"}
        raise error_of(error, int(error.get("status", 409)))
    session: dict[str, Any] = told["result"]
    return session
