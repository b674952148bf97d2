"""When a request is sent again. No I/O."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from ._exchange import Answer, Cut
from .errors import is_problem

#: What a proxy in between answers where the bridge has not.
_OF_PROXIES = frozenset([408, 425, 429, 502, 503, 504])


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after how long, in seconds."""

    retries: int = 3
    first_pause: float = 0.1
    longest_pause: float = 5.0
    longest_wait: float = 30.0
    """A `Retry-After` that is longer is left to the caller."""

    def after_cut(self, cut: Cut, attempt: int) -> float | None:
        """The pause before the next attempt where the connection was cut; None where there is none.

        The first attempt is 0. Every request may be sent again after a cut: one that changes
        something has an idempotency key, with which the bridge carries it out once.
        """
        return None if cut.was_slow or attempt >= self.retries else self._backoff(attempt)

    def after_answer(self, answer: Answer, attempt: int) -> float | None:
        """The same for an answer whose status is not 2xx."""
        if attempt >= self.retries or not may_retry(answer):
            return None
        wait = retry_after(answer.headers)
        if wait is None:
            return self._backoff(attempt)
        return None if wait > self.longest_wait else max(wait, self.first_pause)

    def _backoff(self, attempt: int) -> float:
        pause: float = min(self.longest_pause, self.first_pause * 2**attempt)
        return pause * random.uniform(0.5, 1.5)


def may_retry(answer: Answer) -> bool:
    """Whether the same request may succeed, and do nothing twice.

    The bridge says so itself. Where it says nothing, a repetition with the same key would get this
    answer again.
    """
    said = answer.headers.get("x-should-retry")
    if said is not None:
        return said == "true"
    return not is_problem(answer) and answer.status in _OF_PROXIES


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How long to wait, in seconds, if the answer says so."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait = float(headers[name]) / unit
        except (KeyError, ValueError):
            # A date is not taken: the two clocks may differ.
            continue
        if math.isfinite(wait) and wait >= 0:
            return wait
    return None
