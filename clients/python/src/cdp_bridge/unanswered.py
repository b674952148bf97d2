"""Requests that wait for their answer. No I/O."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ._wire import Event, present
from .errors import BridgeError, OutcomeUnknown
from .protocol import CHANGES, ErrorEvent, RequestId


@dataclass(slots=True)
class _Unanswered:
    type: str
    text: str
    repeatable: bool
    """Whether asking twice is the same as once."""
    answer: asyncio.Future[Event]
    sent: bool = False


class UnansweredRequests:
    """Requests that wait for their answer, in the order in which they were made."""

    def __init__(self) -> None:
        self._requests: dict[RequestId, _Unanswered] = {}
        self._numbered = 0

    def add(
        self, type: str, fields: Mapping[str, Any]
    ) -> tuple[RequestId, str, asyncio.Future[Event]]:
        """Takes note of a request, and gives its id, what is to be sent, and its answer."""
        wire = present(fields)
        given: RequestId | None = wire.get("requestId")
        id = self._fresh_id() if given is None else given
        if id in self._requests:
            raise ValueError(f"request {id!r} is still unanswered")
        # In front, where the bridge finds them in a message that is too long for it.
        text = json.dumps({"type": type, "requestId": id, **wire}, ensure_ascii=False)
        repeatable = type not in CHANGES or "idempotencyKey" in wire
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._requests[id] = _Unanswered(type, text, repeatable, answer)
        return id, text, answer

    def sent(self, id: RequestId) -> None:
        """The request has been handed to a connection."""
        if id in self._requests:
            self._requests[id].sent = True

    def answer(self, event: Event, ids: Iterable[RequestId]) -> None:
        """Hands an answer to whoever asked. An answer to a request that is not known has come twice:
        after a resume one snapshot may be answered by two captures.
        """
        for id in ids:
            request = self._requests.pop(id, None)
            # Whoever asked may have given up.
            if request is None or request.answer.done():
                continue
            if isinstance(event, ErrorEvent):
                request.answer.set_exception(BridgeError(event))
            else:
                request.answer.set_result(event)

    def send_again(self, in_flight: Iterable[RequestId], lost: bool) -> list[str]:
        """What is to be sent on a connection that goes on with a session (docs/resume.md): what was
        never sent or never read. Where messages are lost, a change without a key may have been made,
        and its request fails.
        """
        running, texts = set(in_flight), []
        for id, request in list(self._requests.items()):
            if request.sent and id in running:
                continue
            # Nobody waits for it any more.
            if request.answer.cancelled():
                del self._requests[id]
                continue
            if request.sent and lost and not request.repeatable:
                del self._requests[id]
                _reject(
                    request,
                    OutcomeUnknown(
                        f"the connection was cut, and the answer to this {request.type} is lost: it "
                        "may have been done or not. With an idempotency_key it is safe to ask again"
                    ),
                )
                continue
            request.sent = True
            texts.append(request.text)
        return texts

    def unsent(self) -> list[str]:
        """What was never handed to a connection, and is now."""
        unsent = [request for request in self._requests.values() if not request.sent]
        for request in unsent:
            request.sent = True
        return [request.text for request in unsent]

    def fail(self, error: Exception) -> None:
        """Nothing will be answered any more."""
        requests, self._requests = self._requests, {}
        for request in requests.values():
            _reject(request, error)

    def _fresh_id(self) -> RequestId:
        while True:
            self._numbered += 1
            id = f"r{self._numbered}"
            if id not in self._requests:
                return id


def _reject(request: _Unanswered, error: Exception) -> None:
    if not request.answer.done():
        request.answer.set_exception(error)
