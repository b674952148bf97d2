# Written by scripts/generate_sync.py from ../_async/locator.py. Do not edit.
"""Elements of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Unpack

from ...protocol import ImageFormat, Modifier, MouseButton, Point, WaitState
from .. import _selectors
from .._options import ActionOptions, PictureOptions
from .._values import FileToUpload, a_list, milliseconds
from .finds import Finds

if TYPE_CHECKING:
    from .page import Page


class Locator(Finds):
    """Finds elements, again in each of its methods.

    Actions wait until there is one element that can be operated; where there are several, they
    raise `AMBIGUOUS`. Time limits are in milliseconds, as everywhere here.
    """

    def __init__(self, page: Page, selector: str) -> None:
        """Use `page.locator`."""
        self._page = page
        self.selector = selector
        """What it is for the bridge (docs/locators.md)."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.selector!r})"

    @property
    def page(self) -> Page:
        return self._page

    # Others inside of it

    def locator(self, selector: str) -> Locator:
        """What another locator finds inside of the elements of this one."""
        return Locator(self._page, _selectors.inside(self.selector, selector))

    def filter(
        self,
        *,
        has_text: str | re.Pattern[str] | None = None,
        has: Locator | None = None,
        visible: bool | None = None,
    ) -> Locator:
        """Those of the elements that have this text or such an element in them, or that are visible
        or not.
        """
        found = self
        if has_text is not None:
            found = found.locator(f"has-text={_selectors.text_of(has_text)}")
        if has is not None:
            found = found.locator(f"has={_selectors.text_of(has.selector, exact=True)}")
        if visible is not None:
            found = found.locator(f"visible={str(visible).lower()}")
        return found

    def nth(self, index: int) -> Locator:
        """One of the elements, counted from 0, or from the end."""
        return self.locator(f"nth={index}")

    @property
    def first(self) -> Locator:
        return self.nth(0)

    @property
    def last(self) -> Locator:
        return self.nth(-1)

    def all(self) -> list[Locator]:
        """A locator for each of the elements that are there now."""
        return [self.nth(index) for index in range(self.count())]

    # What is done to it

    def click(
        self,
        *,
        button: MouseButton | None = None,
        click_count: int | None = None,
        modifiers: list[Modifier] | None = None,
        position: Point | Mapping[str, float] | None = None,
        **options: Unpack[ActionOptions],
    ) -> None:
        fields = {"button": button, "clickCount": click_count}
        self._act("click", options, **fields, modifiers=modifiers, position=position)

    def dblclick(self, **options: Unpack[ActionOptions]) -> None:
        self._act("click", options, clickCount=2)

    def hover(self, **options: Unpack[ActionOptions]) -> None:
        self._act("hover", options)

    def focus(self, *, timeout: float | None = None) -> None:
        self._act("focus", {"timeout": timeout})

    def fill(self, value: str, **options: Unpack[ActionOptions]) -> None:
        """Replaces the content of a field."""
        self._act("fill", options, value=value)

    def clear(self, **options: Unpack[ActionOptions]) -> None:
        self.fill("", **options)

    def type(
        self, text: str, *, delay: float | None = None, **options: Unpack[ActionOptions]
    ) -> None:
        """Types text key by key, with `delay` between two of them."""
        self._act("type", options, text=text, delayMs=milliseconds(delay))

    def press_sequentially(
        self, text: str, *, delay: float | None = None, **options: Unpack[ActionOptions]
    ) -> None:
        """The same as `type`."""
        self.type(text, delay=delay, **options)

    def press(self, key: str, **options: Unpack[ActionOptions]) -> None:
        """Presses a key, or keys together, such as `Control+A`."""
        self._act("press", options, key=key)

    def check(self, **options: Unpack[ActionOptions]) -> None:
        self._act("check", options)

    def uncheck(self, **options: Unpack[ActionOptions]) -> None:
        self._act("uncheck", options)

    def set_checked(self, checked: bool, **options: Unpack[ActionOptions]) -> None:
        self._act("check" if checked else "uncheck", options)

    def select_option(
        self,
        value: str | Iterable[str] | None = None,
        *,
        index: int | Iterable[int] | None = None,
        **options: Unpack[ActionOptions],
    ) -> list[str]:
        """Chooses options of a `<select>` by value or label, or by their places; gives the values
        chosen now.
        """
        values = [*a_list(value), *a_list(index)]
        told = self._act("select", options, values=values)
        return list(told.get("values") or [])

    def set_input_files(
        self, files: FileToUpload | Iterable[FileToUpload], **options: Unpack[ActionOptions]
    ) -> None:
        """Puts files into an `<input type=file>`: paths here, or what `browser.upload` gave; no
        files clear it.
        """
        wire = [self._page.browser._handed_over(file) for file in a_list(files)]
        self._act("upload", options, files=wire)

    def drag_to(self, target: Locator, **options: Unpack[ActionOptions]) -> None:
        fields = {"from": self.selector, "to": target.selector}
        self._page._act("drag", options, fields)

    def scroll_into_view_if_needed(self, *, timeout: float | None = None) -> None:
        self._act("scrollIntoView", {"timeout": timeout})

    # What is read of it

    def count(self) -> int:
        """How many elements there are now."""
        return int(self._query("count"))

    def text_content(self, *, timeout: float | None = None) -> str:
        """Its text as it is shown, the same as `inner_text`."""
        return str(self._query("text", timeout))

    def inner_text(self, *, timeout: float | None = None) -> str:
        """Its text as it is shown."""
        return str(self._query("text", timeout))

    def all_inner_texts(self) -> list[str]:
        """The text of each of the elements that are there now."""
        return [one.inner_text() for one in self.all()]

    def inner_html(self, *, timeout: float | None = None) -> str:
        return str(self._query("html", timeout))

    def input_value(self, *, timeout: float | None = None) -> str:
        return str(self._query("value", timeout))

    def get_attribute(self, name: str, *, timeout: float | None = None) -> str | None:
        attributes: Mapping[str, str] = self._query("attributes", timeout)
        return attributes.get(name)

    def bounding_box(self, *, timeout: float | None = None) -> dict[str, float] | None:
        """Where it is, in CSS pixels of the page's visible part; None without a box."""
        box: dict[str, float] | None = self._query("box", timeout)
        return box

    def is_visible(self) -> bool:
        """Whether it is now; also where there is no such element."""
        return bool(self._query("visible"))

    def is_hidden(self) -> bool:
        return not self.is_visible()

    def is_enabled(self, *, timeout: float | None = None) -> bool:
        return bool(self._query("enabled", timeout))

    def is_disabled(self, *, timeout: float | None = None) -> bool:
        return not self.is_enabled(timeout=timeout)

    def is_checked(self, *, timeout: float | None = None) -> bool:
        return bool(self._query("checked", timeout))

    def evaluate(
        self, expression: str, arg: Any = None, *, timeout: float | None = None
    ) -> Any:
        """Runs a function in the page, with the element and `arg`."""
        return self._page._evaluate(expression, arg, self.selector, False, timeout)

    def wait_for(
        self, *, state: WaitState | None = None, timeout: float | None = None
    ) -> None:
        """Waits until it is visible, or in another `state`."""
        self._page._wait({"selector": self.selector, "state": state}, timeout)

    def screenshot(
        self,
        *,
        path: str | PathLike[str] | None = None,
        type: ImageFormat | None = None,
        **options: Unpack[PictureOptions],
    ) -> bytes:
        """A picture of it, all of it."""
        return self._page.screenshot(path=path, type=type, selector=self.selector, **options)

    def _act(
        self, action: str, options: Mapping[str, Any], **fields: Any
    ) -> Mapping[str, Any]:
        return self._page._act(action, options, {"selector": self.selector, **fields})

    def _query(self, what: str, timeout: float | None = None) -> Any:
        fields = {"selector": self.selector, "what": what}
        return (self._page._act("query", {"timeout": timeout}, fields))["value"]
