"""Messages as they come, and the parts of their payloads put together."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from .errors import ProtocolError
from .protocol import PAYLOADS

Message = dict[str, Any]

_HEAD_LENGTH_BYTES = 4


def read_message(text: str | bytes) -> Message:
    """The JSON of a text message."""
    try:
        message = json.loads(text)
    except ValueError as error:
        raise ProtocolError(f"a message is not JSON: {error}") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError("a message has no `type`")
    return message


def read_binary_frame(frame: bytes) -> tuple[Message, bytes]:
    """The JSON of a binary frame, and its payload."""
    end = _HEAD_LENGTH_BYTES + int.from_bytes(frame[:_HEAD_LENGTH_BYTES], "big")
    if len(frame) < max(_HEAD_LENGTH_BYTES, end):
        raise ProtocolError(f"a binary frame of {len(frame)} bytes is too short for its head")
    head = read_message(frame[_HEAD_LENGTH_BYTES:end])
    if head["type"] not in PAYLOADS:
        raise ProtocolError(f"a `{head['type']}` came as a binary frame")
    return head, frame[end:]


class Parts:
    """Puts payloads together again. Parts of different payloads may be mixed, those of one come in
    order.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[Any, ...], list[bytes]] = {}
        self._lost = False

    def text(self, message: Message) -> Message | None:
        """Takes a text message; gives it back once it is whole, with its payload decoded."""
        payload = PAYLOADS.get(message["type"])
        if payload is None:
            return message
        value = message.get(payload.field)
        if not isinstance(value, str):
            raise ProtocolError(f"a `{message['type']}` has no `{payload.field}`")
        if not payload.base64:
            return self.binary(message, value.encode("utf-8", "surrogatepass"))
        try:
            return self.binary(message, base64.b64decode(value, validate=True))
        except binascii.Error as error:
            raise ProtocolError(f"a part of a `{message['type']}` is not base64") from error

    def binary(self, head: Message, part: bytes) -> Message | None:
        """Takes the head of a binary frame and its payload; gives the message back once it is whole."""
        type, seq = head["type"], head.get("seq")
        key = (type, head.get("id"), head.get("requestId"), head.get("frameNo"))
        parts = self._open.pop(key, [])
        if seq != len(parts):
            if self._lost and not parts:
                return None
            raise ProtocolError(f"expected part {len(parts)} of a `{type}`, found part {seq}")
        parts.append(part)
        if len(parts) < head.get("total", 0):
            self._open[key] = parts
            return None
        payload = PAYLOADS[type]
        whole = {name: value for name, value in head.items() if name not in ("seq", "total")}
        data = b"".join(parts)
        whole[payload.field] = data if payload.base64 else data.decode("utf-8", "replace")
        return whole

    def give_up(self, request_id: Any) -> None:
        """Lets go of the parts of a request: it was answered by an error after all."""
        self._keep(lambda key: key[2] != request_id)

    def resumed(self) -> None:
        """Lets go of half a frame: a connection that goes on with a session does not complete it."""
        self._keep(lambda key: key[0] != "frame")

    def lost(self) -> None:
        """Messages are lost: what is open is not completed, and of what follows the beginning may be
        missing.
        """
        self._open.clear()
        self._lost = True

    def _keep(self, wanted: Any) -> None:
        self._open = {key: parts for key, parts in self._open.items() if wanted(key)}
