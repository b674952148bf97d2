"""Arguments that many methods of pages and locators have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from ..protocol import ActionWait, Animations, Caret


class ActionOptions(TypedDict, total=False):
    """What every action takes."""

    force: bool
    """Whether it is done even if the element is disabled, moves or is covered."""
    trial: bool
    """Whether it is only checked that it would work."""
    wait_for: ActionWait | Mapping[str, Any]
    """What is waited for afterwards, in the same request, such as `ActionWait(url="**/done")`."""
    timeout: float | None
    """In milliseconds."""


class PictureOptions(TypedDict, total=False):
    """What every picture takes."""

    quality: int
    """Of `jpeg` and `webp`, from 1 to 100."""
    omit_background: bool
    """Whether what the page does not paint is transparent."""
    animations: Animations
    caret: Caret
    timeout: float | None
    """In milliseconds."""


def on_the_wire(options: Mapping[str, Any]) -> tuple[dict[str, Any], float | None]:
    """Fields of an action, and its time limit."""
    fields = {
        "force": options.get("force"),
        "trial": options.get("trial"),
        "waitFor": options.get("wait_for"),
    }
    return fields, options.get("timeout")
