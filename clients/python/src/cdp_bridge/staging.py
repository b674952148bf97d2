"""Files in parts that fit into messages."""

from __future__ import annotations

import base64
import secrets

from .protocol import Requests


async def stage_bytes(
    requests: Requests, name: str, data: bytes, *, mime: str | None, longest_message: int
) -> str:
    """Stages a file, and gives its `fileId`."""
    # Base64 makes a part longer by a third; the rest is room for the other fields.
    size = max(1, longest_message * 3 // 8)
    file = secrets.token_hex(16)
    staged = await requests.stage_file(
        name=name,
        mime=mime,
        size=len(data),
        data=_base64(data[:size]),
        idempotency_key=f"{file}-0",
    )
    while staged.received < staged.size:
        offset = staged.received
        staged = await requests.stage_file(
            file_id=staged.file_id,
            offset=offset,
            data=_base64(data[offset : offset + size]),
            idempotency_key=f"{file}-{offset}",
        )
    return staged.file_id


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
