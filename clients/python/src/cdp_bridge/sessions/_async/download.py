"""A file that a page has handed out."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from urllib.parse import quote

from ..types import DownloadView
from .http import AsyncHttp

#: How long nothing may come of a file, in seconds.
_SILENCE = 60.0


class AsyncDownload:
    """A download that the bridge keeps, as long as the page that handed it out is there."""

    def __init__(self, http: AsyncHttp, session_path: str, view: DownloadView) -> None:
        """Use `browser.downloads`."""
        self._http = http
        self._path = f"{session_path}/downloads/{quote(view.download_id, safe='')}"
        self.view = view
        """What the bridge said of it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.view.bytes} bytes)"

    @property
    def name(self) -> str:
        """The file's name, without any folder."""
        return self.view.name

    @property
    def is_complete(self) -> bool:
        """Whether all of it was there."""
        return self.view.state == "completed"

    async def read(self) -> bytes:
        """Its bytes."""
        return (await self._http.get(self._path, accept="*/*")).body

    async def save_as(self, path: str | PathLike[str]) -> None:
        """Writes it to a file, piece by piece."""
        with Path(path).open("wb") as file:
            async with self._http.stream(self._path, accept="*/*", silence=_SILENCE) as body:
                async for piece in body.pieces():
                    file.write(piece)
