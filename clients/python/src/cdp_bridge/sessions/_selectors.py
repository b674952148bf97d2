"""Locators of the bridge (docs/locators.md), written from parts."""

from __future__ import annotations

import re


def text_of(value: str | re.Pattern[str], *, exact: bool = False) -> str:
    """A text as a locator has it: in quotes, so that whatever it has is just text, or an
    expression.
    """
    if isinstance(value, re.Pattern):
        flags = "".join(
            letter
            for flag, letter in ((re.IGNORECASE, "i"), (re.DOTALL, "s"), (re.MULTILINE, "m"))
            if value.flags & flag
        )
        source = re.sub(r"(?<!\\)((?:\\\\)*)/", r"\1\\/", value.pattern)
        return f"/{source}/{flags}"
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"' if exact else f'"{quoted}"i'


def by_role(
    role: str,
    *,
    name: str | re.Pattern[str] | None = None,
    exact: bool = False,
    level: int | None = None,
    checked: bool | None = None,
    disabled: bool | None = None,
    expanded: bool | None = None,
    pressed: bool | None = None,
    selected: bool | None = None,
) -> str:
    """`role=…` with its attributes."""
    states = {
        "checked": checked,
        "disabled": disabled,
        "expanded": expanded,
        "pressed": pressed,
        "selected": selected,
    }
    attributes = "" if name is None else f"[name={text_of(name, exact=exact)}]"
    attributes += "" if level is None else f"[level={level}]"
    for attribute, state in states.items():
        attributes += "" if state is None else f"[{attribute}={str(state).lower()}]"
    return f"role={role}{attributes}"


def inside(outer: str, inner: str) -> str:
    """What `inner` finds inside of what `outer` has found."""
    return f"{outer} >> {inner}"
