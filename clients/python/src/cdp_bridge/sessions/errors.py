"""Problem documents (RFC 9457) as exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..errors import BridgeError
from ..protocol import ErrorCode, ErrorDetails
from ._exchange import Answer


class RestError(BridgeError):
    """The bridge refused a request over HTTP, or failed at it.

    `request_id` is that of the request in the bridge's log; `tab_id` and CDP's `session_id` are not
    known here.
    """

    status: int
    """The HTTP status."""
    should_retry: bool | None
    """What the bridge says of sending the same request again by itself (`x-should-retry`)."""

    def __init__(
        self, problem: Mapping[str, Any], *, status: int, should_retry: bool | None = None
    ) -> None:
        code = str(problem.get("code", f"HTTP_{status}"))
        # Not that of `BridgeError`, which is made of an event.
        Exception.__init__(self, f"{code}: {problem.get('detail') or problem.get('title', '')}")
        # HTTP has codes that the protocol has not: `UNAUTHORIZED`, `FORBIDDEN`, …
        self.code = cast(ErrorCode, code)
        self.retryable = problem.get("retryable") is True
        self.details = ErrorDetails.from_wire(problem.get("details") or {})
        self.request_id = problem.get("requestId")
        self.tab_id = None
        self.session_id = None
        self.status = status
        self.should_retry = should_retry


class SessionEnded(RestError):
    """The session has ended: nothing can be done in it any more."""

    end_reason: str | None
    """Why: `requested`, `expired`, `idle`, `terminated`, `shutdown`, `browserLost` or `failed`."""

    def __init__(
        self, problem: Mapping[str, Any], *, status: int, should_retry: bool | None = None
    ) -> None:
        super().__init__(problem, status=status, should_retry=should_retry)
        self.end_reason = (problem.get("details") or {}).get("endReason")


def error_of(
    problem: Mapping[str, Any], status: int, should_retry: bool | None = None
) -> RestError:
    """The exception for a problem document."""
    kind = SessionEnded if problem.get("code") == "SESSION_ENDED" else RestError
    return kind(problem, status=status, should_retry=should_retry)


def error_of_answer(answer: Answer) -> RestError:
    """The exception for an answer whose status is not 2xx."""
    said = {"true": True, "false": False}.get(answer.headers.get("x-should-retry", ""))
    problem: Mapping[str, Any] = {"title": f"an answer of something else with HTTP {answer.status}"}
    if is_problem(answer):
        problem = answer.json()
    return error_of(problem, answer.status, said)


def is_problem(answer: Answer) -> bool:
    """Whether the bridge itself wrote it, and not a proxy in between."""
    return answer.media_type == "application/problem+json"
