"""What a session is created with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from ..protocol import Geolocation, Viewport
from ._wire_values import fields_of
from .command import camel


class UpstreamProxy(TypedDict, total=False):
    """The proxy that the pages of a session go through (`policy.upstream_proxies`)."""

    server: str
    """`http://HOST:PORT`, `https://…` or `socks5://…`."""
    username: str
    password: str
    bypass: Sequence[str]
    resolve: Literal["local", "remote"]


class SessionOptions(TypedDict, total=False):
    """What a session is created with. What is absent is as the bridge is configured."""

    max_duration_ms: int
    """How long it lives at most."""
    idle_timeout_ms: int
    """How long it lives without being used."""
    heartbeat_timeout_ms: int
    """It ends when no heartbeat has come in this time; without it none is needed (`keep_alive`
    sends them).
    """
    viewport: Viewport | Mapping[str, Any]
    """Size of the visible part of its pages."""
    start_url: str
    """Opened in it at once."""
    logged_out: bool
    """Whether it begins without cookies and storage; true if absent."""
    allowlist: Sequence[str]
    """Where its pages may go: it narrows what the client may."""
    downloads: Literal["deny", "keep"]
    """What happens to files that its pages offer."""
    metadata: Mapping[str, str]
    """Texts to find it by."""
    external_id: str
    """The client's own name for it: while one with this name lives, `create` gives that one."""
    queue_timeout_ms: int
    """How long to wait for a place; 0 not to wait."""
    proxy: UpstreamProxy | Mapping[str, Any]
    geolocation: Geolocation | Mapping[str, Any]
    locale: str
    timezone_id: str
    webhook_url: str
    """Receives a signed `POST` once it has ended (`webhooks.allow`)."""


def session_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the request. An option that is not known here is sent too: the bridge judges it."""
    nested = ("viewport", "proxy", "geolocation")
    return {
        camel(name): fields_of(value) if name in nested else value
        for name, value in options.items()
        if value is not None
    }
