"""Heartbeats in the background, as a task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from ...errors import ConnectionLost
from ..errors import RestError


class AsyncKeeper:
    """Sends heartbeats until it is stopped, or the session has ended."""

    def __init__(self, beat: Callable[[], Awaitable[object]], every: float) -> None:
        """Use `browser.keep_alive`."""
        self._beat = beat
        self._every = every
        self.error: Exception | None = None
        """Why it has stopped by itself."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Sends no more."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _run(self) -> None:
        while True:
            try:
                await self._beat()
            except RestError as error:
                if not error.retryable:
                    self.error = error
                    return
            except ConnectionLost:
                # The next one may arrive, and the session says itself when it was too late.
                pass
            await asyncio.sleep(self._every)
