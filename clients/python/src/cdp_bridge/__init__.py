"""A Coordinator's side of cdp-bridge: real browser tabs over one WebSocket, and sessions over HTTP that stay between
two programs.
"""

from . import protocol, sessions
from ._wire import Event
from .bridge import Bridge
from .errors import BridgeError, ConnectionLost, EventsOverflow, OutcomeUnknown, ProtocolError
from .events import EventStream, UnknownEvent
from .sessions import (
    AsyncPage,
    AsyncPersistentBrowser,
    Command,
    Page,
    PersistentBrowser,
    RestError,
    SessionEnded,
)

__all__ = [
    "AsyncPage",
    "AsyncPersistentBrowser",
    "Bridge",
    "BridgeError",
    "Command",
    "ConnectionLost",
    "Event",
    "EventStream",
    "EventsOverflow",
    "OutcomeUnknown",
    "Page",
    "PersistentBrowser",
    "ProtocolError",
    "RestError",
    "SessionEnded",
    "UnknownEvent",
    "protocol",
    "sessions",
]
