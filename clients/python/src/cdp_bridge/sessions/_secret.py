"""Tokens, which nothing shows by accident."""

from __future__ import annotations


class Secret:
    """A token. Its `repr` and its `str` do not show it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        # `http.client` would refuse these characters too, and quote the header that has them.
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("a token consists of ASCII characters without spaces")
        self._value = value

    def reveal(self) -> str:
        """The token itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a token is not pickled; hand on `browser.token` instead")
