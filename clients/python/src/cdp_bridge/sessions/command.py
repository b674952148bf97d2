"""One thing to do in a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._wire import present
from .errors import RestError

#: The longest time limit of a command.
LONGEST_COMMAND_MS = 120_000

#: What only looks, under all of its names. Everything else may change something, also what this
#: client does not know.
_LOOKS = frozenset(
    [
        "query",
        "waitFor",
        "wait",
        "getDomSnapshot",
        "snapshot",
        "getScreenshot",
        "screenshot",
        "getContent",
    ]
    + ["content", "getAxSnapshot", "ariaSnapshot", "listFrames", "getDownload", "printToPdf"]
)


def camel(name: str) -> str:
    """A field's name on the wire."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part.capitalize() for part in rest)


class Command:
    """One command for `page.commands`: `Command("fill", selector="#q", value="x")`.

    The action is the `type` of a request of the protocol, and the fields are that request's, in
    snake case or as they are on the wire. `timeout` is in milliseconds.
    """

    __slots__ = ("action", "params", "timeout_ms")

    def __init__(self, action: str, *, timeout: float | None = None, **params: Any) -> None:
        self.action = action
        self.params = present({camel(name): value for name, value in params.items()})
        self.timeout_ms = None if timeout is None else int(timeout)

    @property
    def changes_something(self) -> bool:
        """Whether it may do something to the page."""
        return self.action not in _LOOKS and self.params.get("readOnly") is not True

    @property
    def longest_ms(self) -> int:
        """How long it may take."""
        return LONGEST_COMMAND_MS if self.timeout_ms is None else self.timeout_ms

    def to_wire(self) -> dict[str, Any]:
        return present({"action": self.action, "params": self.params, "timeoutMs": self.timeout_ms})

    def __repr__(self) -> str:
        # What is typed may be a password.
        return f"Command({self.action!r}, {', '.join(self.params)})"


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What came of one command of several."""

    result: Mapping[str, Any] | None
    """The fields of the event that answers it, where it succeeded."""
    error: RestError | None
    """Why it failed, where it has."""

    def unwrap(self) -> Mapping[str, Any]:
        """The result; raises the error."""
        if self.error:
            raise self.error
        return self.result or {}
