"""Heartbeats in the background, as a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ...errors import ConnectionLost
from ..errors import RestError


class Keeper:
    """Sends heartbeats until it is stopped, the program ends, or the session has ended."""

    def __init__(self, beat: Callable[[], object], every: float) -> None:
        """Use `browser.keep_alive`."""
        self._beat = beat
        self._every = every
        self._stopped = threading.Event()
        self.error: Exception | None = None
        """Why it has stopped by itself."""
        self._thread = threading.Thread(target=self._run, name="cdp-bridge heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Sends no more."""
        self._stopped.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while True:
            try:
                self._beat()
            except RestError as error:
                if not error.retryable:
                    self.error = error
                    return
            except ConnectionLost:
                # The next one may arrive, and the session says itself when it was too late.
                pass
            if self._stopped.wait(self._every):
                return
