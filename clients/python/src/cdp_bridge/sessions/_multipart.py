"""A file as `multipart/form-data`. No I/O."""

from __future__ import annotations

import secrets


def encode(name: str, data: bytes, mime: str | None) -> tuple[str, bytes]:
    """The media type and the body."""
    boundary = f"cdp-bridge-{secrets.token_hex(16)}"
    escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    kind = mime or "application/octet-stream"
    if not kind.isprintable():
        raise ValueError("a media type is printable text")
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{escaped}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body
