"""The tokens of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._secret import Secret


class Credentials:
    """Which tokens requests carry: the client's own, the session's, or both
    (`auth.require_session_token`).
    """

    def __init__(self, *, client: str | None = None, session: str | None = None) -> None:
        self._client = None if client is None else Secret(client)
        self._session = None if session is None else Secret(session)

    def __repr__(self) -> str:
        return "Credentials(...)"

    @classmethod
    def to_attach(cls, token: str | None, client: str | None) -> Credentials:
        """The tokens to attach to an existing session. A `token` that is not a session's is the
        client's own.
        """
        if client is not None or token is None or _is_of_session(token):
            return cls(client=client, session=token)
        return cls(client=token)

    @property
    def newest(self) -> str | None:
        """The session's token, or else the client's."""
        token = self._session or self._client
        return token.reveal() if token else None

    def renew(self, answer: Mapping[str, Any]) -> None:
        """Takes over a newer token of the session, where an answer has one."""
        token = answer.get("token")
        if isinstance(token, str) and token:
            self._session = Secret(token)

    def headers(self) -> dict[str, str]:
        """The headers of a request."""
        bearer = self._client or self._session
        headers = {"Authorization": f"Bearer {bearer.reveal()}"} if bearer else {}
        if self._client and self._session:
            headers["X-Session-Token"] = self._session.reveal()
        return headers

    def of_client(self) -> Credentials:
        """Those for what only the client's own token may do."""
        return Credentials(client=self._client.reveal() if self._client else None)


def _is_of_session(token: str) -> bool:
    """Whether it has the form of a session's token, which is a JWT."""
    return token.startswith("eyJ") and token.count(".") == 2
