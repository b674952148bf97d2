"""What the generated messages stand on."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, ClassVar, Final, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound="Event")


class Record:
    """A dataclass whose `repr` leaves out absent fields, passwords and tokens, and shows of bytes how many there are."""

    __slots__ = ()

    def __repr__(self) -> str:
        dataclass_self: Any = self
        values = ((field.name, getattr(self, field.name)) for field in fields(dataclass_self))
        present = [f"{name}={_shown(name, value)}" for name, value in values if value is not None]
        return f"{type(self).__qualname__}({', '.join(present)})"


#: Fields that nothing shows by accident.
_SECRETS = frozenset(["password", "token", "resume_token"])
#: A token may stand in the query of a URL.
_SECRET_IN_URL = re.compile(r"(?i)([?&]token=)[^&#\s]*")


def _shown(name: str, value: Any) -> str:
    if name in _SECRETS:
        return "..."
    if isinstance(value, str):
        return repr(_SECRET_IN_URL.sub(r"\1...", value))
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else repr(value)


class Event(Record):
    """A message of the bridge."""

    __slots__ = ()

    type: ClassVar[str]

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Event:
        """Reads the message's JSON."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Payload:
    """The payload of an event that comes in parts."""

    field: str
    base64: bool
    """Whether it is base64 in a text message; else it is text."""


class RequestsBase(ABC):
    """What every request goes through."""

    @abstractmethod
    async def request(self, type: str, fields: Mapping[str, Any] | None = None) -> Event:
        """Sends any request, also one that this client does not know yet, and waits for its answer.

        `fields` have their names on the wire, such as `tabId`.
        """

    @abstractmethod
    async def _ask(self, answer: type[E], type: str, fields: Mapping[str, Any]) -> E: ...


class Keep(Enum):
    """Stands for a setting that a request leaves as it is, where `None` resets it."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


class _Null(Enum):
    """Stands for JSON's `null`, where a field that is `None` is left out."""

    NULL = "null"


def resetting(value: Any) -> Any:
    """A setting of a request: `None` resets it."""
    return _Null.NULL if value is None else value


def optional(read: Callable[[Any], T], value: Any) -> T | None:
    """Reads a value that may be missing."""
    return None if value is None else read(value)


def to_wire(value: Any) -> Any:
    """A value as JSON has it."""
    if value is _Null.NULL:
        return None
    if hasattr(value, "to_wire"):
        return value.to_wire()
    if isinstance(value, (list, tuple)):
        return [to_wire(each) for each in value]
    return value


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as JSON, without those that are not given."""
    return {
        name: to_wire(value)
        for name, value in fields.items()
        if value is not None and value is not KEEP
    }
