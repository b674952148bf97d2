"""A browser session that stays between two programs."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, overload
from urllib.parse import quote

from ..._wire import Event, to_wire
from ...protocol import UploadFile, Viewport, WaitUntil
from .. import _multipart
from .._credentials import Credentials
from .._endpoint import Endpoint
from .._session_options import SessionOptions, session_fields
from .._values import FileToUpload, milliseconds, read_file
from .._wire_values import fields_of, present_fields
from ..command import camel
from ..errors import SessionEnded
from ..types import DownloadView, UploadView
from ..types import Page as PageInfo
from ..types import Session as SessionInfo
from .creation import created_session
from .download import AsyncDownload
from .events import session_events
from .http import AsyncHttp
from .keeper import AsyncKeeper
from .page import AsyncPage

# async only
from ...bridge import Bridge  # isort: skip

# until here
E = TypeVar("E", bound=Event)

DEFAULT_URL = "http://127.0.0.1:9333"
_OVER = frozenset(["completed", "error", "destroyed"])
_LONGEST_BEAT = 60.0


class AsyncPersistentBrowser:
    """A session of the bridge. It lives until it is ended or expires, whatever becomes of this
    program.

    `create` makes one; `attach` goes on with one that another program made, by its `session_id` and
    `token`. Leaving it as a context manager closes the connections of this program, and not the
    session.
    """

    def __init__(self, http: AsyncHttp, session_id: str) -> None:
        """Use `create` or `attach`."""
        self._http = http
        self._path = f"/sessions/{quote(session_id, safe='')}"
        self.session_id = session_id
        """What `attach` goes on with, together with `token`."""
        self.existed = False
        """Whether `create` found it under its `external_id`."""
        self._info: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.session_id!r}, server_url={self.server_url!r})"

    @classmethod
    async def create(
        cls,
        server_url: str = DEFAULT_URL,
        *,
        token: str | None = None,
        retries: int = 3,
        tls: ssl.SSLContext | None = None,
        **options: Unpack[SessionOptions],
    ) -> Self:
        """Creates a session. Raises `RestError` where it may not, and `ConnectionLost` where
        nothing answers.

        - `server_url`: `http://HOST:PORT`, `https://…`, `unix:/path`, or the address of the
          WebSocket.
        - `token`: The client's own token (`auth.clients`).
        - `retries`: How often a request is sent again, where that does nothing twice.
        - `tls`: Whom to trust for `https`, instead of the system's authorities.
        - `options`: What the session is like, such as `max_duration_ms=3_600_000`
          (`SessionOptions`).
        """
        credentials = Credentials(client=token)
        http = AsyncHttp(Endpoint.parse(server_url), credentials, retries=retries, tls=tls)
        try:
            answer = await http.change("POST", "/sessions", session_fields(options))
            told = await created_session(http, answer)
        except BaseException:
            http.close()
            raise
        credentials.renew(told)
        browser = cls(http, told["sessionId"])
        browser.existed = answer.status == 200
        browser._learn(told)
        return browser

    @classmethod
    async def attach(
        cls,
        session_id: str,
        token: str | None = None,
        *,
        server_url: str = DEFAULT_URL,
        client_token: str | None = None,
        retries: int = 3,
        tls: ssl.SSLContext | None = None,
    ) -> Self:
        """Goes on with a session. Raises `SessionEnded` where there is none any more.

        `token` is the session's, or the client's own; `client_token` is needed besides where the
        bridge asks for both (`auth.require_session_token`).
        """
        credentials = Credentials.to_attach(token, client_token)
        http = AsyncHttp(Endpoint.parse(server_url), credentials, retries=retries, tls=tls)
        browser = cls(http, session_id)
        try:
            await browser.info()
            if browser.status in _OVER:
                raise _ended(session_id, browser._info)
        except BaseException:
            http.close()
            raise
        return browser

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections of this program. The session stays; `end` ends it."""
        self._http.close()

    @property
    def server_url(self) -> str:
        """Where the bridge is."""
        return str(self._http.endpoint)

    @property
    def token(self) -> str | None:
        """The newest token of the session. Secret: who has it can use the session."""
        return self._http.credentials.newest

    @property
    def status(self) -> str:
        """What the session was when the bridge said so last: `ready`, `running`, …"""
        return str(self._info.get("status", ""))

    @property
    def expires_at(self) -> int | None:
        """When it ends at the latest, as far as this program knows: milliseconds since 1970."""
        return self._info.get("expiresAt")

    @property
    def idle_expires_at(self) -> int | None:
        """When it ends if it is not used: milliseconds since 1970."""
        return self._info.get("idleExpiresAt")

    # The session

    async def info(self) -> SessionInfo:
        """What the session is like now. That is no use of it: it delays no end."""
        told = (await self._http.get(self._path)).json()
        self._learn(told)
        return SessionInfo.from_wire(told)

    async def update(
        self,
        *,
        max_duration_ms: int | None = None,
        idle_timeout_ms: int | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> SessionInfo:
        """Changes how long it lives, or its metadata."""
        fields = {
            "maxDurationMs": max_duration_ms,
            "idleTimeoutMs": idle_timeout_ms,
            "metadata": metadata,
        }
        told = (await self._http.change("PATCH", self._path, present_fields(fields))).json()
        self._learn(told)
        return SessionInfo.from_wire(told)

    async def history(self, **query: Any) -> dict[str, Any]:
        """What was done in it, also after its end: `entries` and, where more follow, `nextCursor`.

        `query`: `page_id`, `type`, `failed`, `newest_first`, `limit`, `cursor`.
        """
        fields = present_fields({camel(name): value for name, value in query.items()})
        told: dict[str, Any] = (await self._http.get(f"{self._path}/history", fields)).json()
        return told

    async def metrics(self) -> dict[str, Any]:
        """Its totals, also after its end: requests, failures, the slowest, what it has used."""
        told: dict[str, Any] = (await self._http.get(f"{self._path}/metrics")).json()
        return told

    async def heartbeat(self) -> int | None:
        """Says that this program still needs it, and renews the token; gives `idle_expires_at`."""
        told = (await self._http.change("POST", f"{self._path}/heartbeat")).json()
        self._learn(told)
        return self.idle_expires_at

    def keep_alive(self, every: float | None = None) -> AsyncKeeper:
        """Sends heartbeats in the background until it is stopped: `async with browser.keep_alive():
        …`.

        `every` is in seconds; if absent, a third of what the session lives without one.
        """
        return AsyncKeeper(self.heartbeat, self._beat_seconds() if every is None else every)

    async def end(self, *, wait: bool = False) -> None:
        """Ends the session: its pages are closed, and its token is worth nothing. `wait`: until
        nothing is left.
        """
        query = "?wait=true" if wait else ""
        await self._http.change("DELETE", f"{self._path}{query}")

    async def mint_token(
        self, scopes: Iterable[str], *, ttl_ms: int, page_id: str | None = None
    ) -> str:
        """Another token of the session, which grants some of `rest`, `json`, `cdp` and `watch`,
        perhaps for one page only. It takes the client's own token.
        """
        fields = {"scopes": list(scopes), "ttlMs": ttl_ms, "pageId": page_id}
        http = self._http.of_client()
        told = await http.change("POST", f"{self._path}/tokens", present_fields(fields))
        return str(told.json()["token"])

    # Its pages

    async def new_page(
        self,
        url: str | None = None,
        *,
        viewport: Viewport | Mapping[str, Any] | None = None,
        wait_until: WaitUntil = "load",
        timeout: float | None = None,
    ) -> AsyncPage:
        """Opens a page, and goes to `url` if there is one. Where that fails, the page stays."""
        fields = {
            "url": url,
            "viewport": fields_of(viewport),
            "waitUntil": None if url is None else wait_until,
            "timeoutMs": milliseconds(timeout),
        }
        answer = await self._http.change(
            "POST", f"{self._path}/pages", present_fields(fields), timeout_ms=timeout
        )
        return self._page_of(answer.json())

    async def pages(self) -> list[AsyncPage]:
        """Its pages, the oldest first, also those that other programs have opened."""
        told = (await self._http.get(f"{self._path}/pages")).json()
        return [self._page_of(page) for page in told["pages"]]

    def page(self, page_id: str) -> AsyncPage:
        """One of its pages by its id, without asking whether it is there."""
        return AsyncPage(self, page_id)

    # Files

    async def downloads(self) -> list[AsyncDownload]:
        """What its pages have downloaded, the oldest first."""
        told = (await self._http.get(f"{self._path}/downloads")).json()
        views = [DownloadView.from_wire(one) for one in told["downloads"]]
        return [AsyncDownload(self._http, self._path, view) for view in views]

    async def upload(self, file: FileToUpload, *, mime: str | None = None) -> UploadView:
        """Hands a file over to the session: a path here, or a name with its bytes.
        `set_input_files` takes it.
        """
        if isinstance(file, (UploadView, UploadFile)):
            raise TypeError("this file was handed over already")
        name, data, guessed = read_file(file)
        media_type, body = _multipart.encode(name, data, mime or guessed)
        answer = await self._http.post_bytes(f"{self._path}/uploads", media_type, body)
        return UploadView.from_wire(answer.json())

    async def _handed_over(self, file: FileToUpload) -> dict[str, Any]:
        """A file as the action `upload` names it."""
        if isinstance(file, UploadFile):
            wire: dict[str, Any] = to_wire(file)
            return wire
        view = file if isinstance(file, UploadView) else await self.upload(file)
        return {"fileId": view.upload_id}

    # Events

    @overload
    def events(self, *, last_event_id: str | None = ...) -> AsyncIterator[Event]: ...
    @overload
    def events(self, *types: type[E], last_event_id: str | None = ...) -> AsyncIterator[E]: ...

    def events(self, *types: type[Any], last_event_id: str | None = None) -> AsyncIterator[Any]:
        """What happens in the session, of these classes or all: an iterator that goes on after cuts
        and ends with the session.

        `last_event_id="0"` begins with what is kept of the past. A `GapEvent` says that some are
        lost.
        """
        return session_events(self._http, self._path, types, last_event_id)

    # async only
    async def connect(self, *, resume_for: float = 30.0) -> Bridge:
        """The JSON protocol over a WebSocket, with this session's tabs only: screencasts, console,
        raw requests.
        """
        endpoint = self._http.endpoint
        if endpoint.unix_path is not None:
            raise ValueError("a session's WebSocket is not on a Unix socket; use `Bridge.connect`")
        scheme = {"http": "ws", "https": "wss"}[endpoint.scheme]
        url = f"{scheme}://{endpoint.host_header}{endpoint.prefix}{self._path}/ws"
        return await Bridge.connect(
            url, token=self.token, resume_for=resume_for, tls=self._http.tls
        )

    # until here
    def _page_of(self, wire: Mapping[str, Any]) -> AsyncPage:
        info = PageInfo.from_wire(wire)
        return AsyncPage(self, info.page_id, info.url)

    def _learn(self, told: Mapping[str, Any]) -> None:
        self._http.credentials.renew(told)
        known = ("status", "endReason", "expiresAt", "idleExpiresAt", "limits")
        self._info |= {name: told[name] for name in known if name in told}

    def _beat_seconds(self) -> float:
        limits = self._info.get("limits") or {}
        longest = limits.get("heartbeatTimeoutMs") or limits.get("idleTimeoutMs")
        return min(_LONGEST_BEAT, longest / 3000) if longest else _LONGEST_BEAT


def _ended(session_id: str, told: Mapping[str, Any]) -> SessionEnded:
    reason = told.get("endReason")
    problem = {
        "code": "SESSION_ENDED",
        "detail": f"the session {session_id} has ended: {reason or told.get('status')}",
        "details": {"endReason": reason},
    }
    return SessionEnded(problem, status=410)
