# Written by scripts/generate_sync.py from ../_async/http.py. Do not edit.
"""Requests with tokens, sent again where that is safe."""

from __future__ import annotations

import contextlib
import json
import ssl
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ...errors import OutcomeUnknown
from .._credentials import Credentials
from .._endpoint import Endpoint
from .._exchange import Answer, Cut, Request, timeout_of
from .._retry import RetryPolicy
from ..errors import error_of_answer
from .transport import Body, Transport, pause

#: On every request that changes something.
_KEY = "Idempotency-Key"


class Http:
    """Requests to one bridge with one session's tokens."""

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials,
        *,
        retries: int,
        tls: ssl.SSLContext | None,
        transport: Transport | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.credentials = credentials
        self._retry = RetryPolicy(retries=retries)
        self._transport = transport or Transport(endpoint, tls)
        self._tls = tls

    @property
    def retries(self) -> int:
        return self._retry.retries

    @property
    def tls(self) -> ssl.SSLContext | None:
        return self._tls

    def of_client(self) -> Http:
        """The same with the client's own token only."""
        return Http(
            self.endpoint,
            self.credentials.of_client(),
            retries=self.retries,
            tls=self._tls,
            transport=self._transport,
        )

    def get(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        accept: str = "application/json",
        timeout_ms: float | None = None,
    ) -> Answer:
        """Reads something."""
        headers = {"Accept": accept}
        request = Request("GET", path + _query(query), None, headers, timeout_of(timeout_ms))
        return self._repeated(request)

    def change(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        timeout_ms: float | None = None,
        is_change: bool = True,
    ) -> Answer:
        """Sends JSON. Where it changes something, a key has the bridge do it once, however often it
        is sent.
        """
        headers = {"Accept": "application/json"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        if is_change:
            headers[_KEY] = uuid.uuid4().hex
        return self._repeated(Request(method, path, data, headers, timeout_of(timeout_ms)))

    def post_bytes(self, path: str, media_type: str, data: bytes) -> Answer:
        """Sends bytes, once."""
        headers = {
            "Accept": "application/json",
            "Content-Type": media_type,
            _KEY: uuid.uuid4().hex,
        }
        return self._repeated(Request("POST", path, data, headers))

    @contextlib.contextmanager
    def stream(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        accept: str,
        silence: float,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Body]:
        """Reads a long answer piece by piece. It is cut where nothing comes for `silence` seconds."""
        every = {"Accept": accept, **(headers or {})}
        request = Request("GET", path + _query(query), None, every, silence)
        with self._transport.stream(request, self.credentials.headers()) as body:
            if body.status >= 300:
                raise error_of_answer(Answer(body.status, body.headers, body.read()))
            yield body

    def close(self) -> None:
        """Closes the connections that are idle."""
        self._transport.close()

    def _repeated(self, request: Request) -> Answer:
        attempt = 0
        while True:
            wait: float | None
            try:
                answer = self._transport.send(request, self.credentials.headers())
                if answer.is_good:
                    return answer
                wait = self._retry.after_answer(answer, attempt)
                if wait is None:
                    raise error_of_answer(answer)
            except Cut as cut:
                wait = self._retry.after_cut(cut, attempt)
                if wait is None:
                    if cut.was_sent and _KEY in request.headers:
                        raise OutcomeUnknown(f"{cut}; it may have been done") from None
                    raise
            attempt += 1
            pause(wait)


def _query(fields: Mapping[str, Any] | None) -> str:
    given = {name: value for name, value in (fields or {}).items() if value is not None}
    text = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in given.items()
    }
    return f"?{urlencode(text, quote_via=quote)}" if text else ""
