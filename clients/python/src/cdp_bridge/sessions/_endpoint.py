"""Where the bridge is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
#: What the bridge says of itself is the address of its WebSocket.
_SCHEMES = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of the bridge, taken apart."""

    scheme: str
    host: str
    port: int
    unix_path: str | None
    """The Unix socket, where it is one."""
    prefix: str
    """What stands before each path."""

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Of `http://HOST:PORT`, `https://…` with or without a path of a proxy in front,
        `unix:/path`, or the address of the WebSocket (`ws://HOST:PORT/ws`).
        """
        if url.startswith("unix:"):
            return cls("http", "localhost", 80, url.removeprefix("unix:"), "/v1")
        parts = urlsplit(url)
        scheme = _SCHEMES.get(parts.scheme, parts.scheme)
        if parts.username is not None or parts.password is not None:
            raise ValueError("the server's URL has a user or a password: give `token` instead")
        if scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"the server's URL is none: {url!r}; expected http://HOST:PORT")
        path = parts.path.rstrip("/")
        if parts.scheme in _SCHEMES:
            path = path.removesuffix("/ws")
        port = parts.port or _PORTS[scheme]
        prefix = f"{path.removesuffix('/v1')}/v1"
        return cls(scheme, parts.hostname, port, None, prefix)

    @property
    def host_header(self) -> str:
        """`Host` of a request."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        where = (
            f"unix:{self.unix_path}" if self.unix_path else f"{self.scheme}://{self.host_header}"
        )
        return where + self.prefix.removesuffix("/v1")
