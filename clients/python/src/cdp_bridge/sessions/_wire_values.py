"""Fields of the protocol, given as its own values or as dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._wire import Record, to_wire


def fields_of(value: Record | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The fields of a value."""
    if value is None:
        return None
    wire: Mapping[str, Any] = to_wire(value)
    return wire


def present_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are given."""
    return {name: value for name, value in fields.items() if value is not None}
