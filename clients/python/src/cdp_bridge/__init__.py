"""A Coordinator's side of cdp-bridge: real browser tabs over one WebSocket."""

from . import protocol
from ._wire import Event
from .bridge import Bridge
from .errors import BridgeError, ConnectionLost, EventsOverflow, OutcomeUnknown, ProtocolError
from .events import EventStream, UnknownEvent

__all__ = [
    "Bridge",
    "BridgeError",
    "ConnectionLost",
    "Event",
    "EventStream",
    "EventsOverflow",
    "OutcomeUnknown",
    "ProtocolError",
    "UnknownEvent",
    "protocol",
]
