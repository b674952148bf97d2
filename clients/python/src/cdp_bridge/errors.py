"""What can go wrong, as exceptions."""

from __future__ import annotations

from .protocol import ErrorCode, ErrorDetails, ErrorEvent, RequestId, TabId


class BridgeError(Exception):
    """The bridge answered a request with an `error`."""

    code: ErrorCode
    """What went wrong, for a program. A newer bridge may know codes that this client does not."""
    retryable: bool
    """Whether the same request may succeed later."""
    details: ErrorDetails
    """Facts behind the message; which of them stand depends on the code."""
    request_id: RequestId | None
    """The request that failed."""
    tab_id: TabId | None
    """The tab concerned."""
    session_id: str | None
    """The CDP session of the tab, to be found again in the bridge's log."""

    def __init__(self, event: ErrorEvent) -> None:
        super().__init__(f"{event.code}: {event.message}")
        self.code = event.code
        self.retryable = event.retryable
        self.details = event.details or ErrorDetails()
        self.request_id = event.request_id
        self.tab_id = event.id
        self.session_id = event.session_id


class ConnectionLost(Exception):
    """There is no connection: it could not be made, or it ended and was not resumed."""

    def __init__(
        self, message: str, *, close_code: int | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.close_code = close_code
        """The WebSocket close code, where there was a connection."""
        self.status = status
        """The HTTP status, where the bridge refused the upgrade: 401 without the right token."""


class OutcomeUnknown(ConnectionLost):
    """A change was asked for, the connection was cut, and what came of it is lost: it may have been
    made or not. With an `idempotency_key` the client would have asked again.
    """


class ProtocolError(Exception):
    """A message of the bridge broke the protocol."""


class EventsOverflow(Exception):
    """More events waited than the stream holds: its reader is too slow."""
