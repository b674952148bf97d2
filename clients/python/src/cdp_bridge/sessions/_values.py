"""Values as callers give them, and as the bridge takes them."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..protocol import UploadFile

if TYPE_CHECKING:
    from .types import UploadView

#: A file here; a name with its bytes; or what was handed over before.
FileToUpload: TypeAlias = "str | PathLike[str] | tuple[str, bytes] | UploadView | UploadFile"


def milliseconds(value: float | None) -> int | None:
    """As the bridge takes it."""
    return None if value is None else round(value)


def a_list(value: Any) -> list[Any]:
    """One thing or several of them, as a list. A text is one thing, and so is a name with its
    bytes.
    """
    if value is None:
        return []
    if isinstance(value, (str, bytes, int, PathLike, Mapping, tuple)) or not isinstance(
        value, Iterable
    ):
        return [value]
    return list(value)


def read_file(file: str | PathLike[str] | tuple[str, bytes]) -> tuple[str, bytes, str | None]:
    """Name, bytes and media type of a file."""
    if isinstance(file, tuple):
        name, data = file
    else:
        path = Path(file)
        name, data = path.name, path.read_bytes()
    return name, data, mimetypes.guess_type(name)[0]


def four(value: Mapping[str, Any] | None, names: tuple[str, ...]) -> str | None:
    """Numbers as a query has them: `x,y,width,height`."""
    return None if value is None else ",".join(f"{value.get(name, 0):g}" for name in names)


def arguments(arg: Any) -> list[Any] | None:
    """What a function in the page is called with: one value, as in Playwright."""
    return None if arg is None else [arg]
