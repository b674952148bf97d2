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
from .finds import AsyncFinds

if TYPE_CHECKING:
    from .page import AsyncPage


class AsyncLocator(AsyncFinds):
    """Finds elements, again in each of its methods.

    Actions wait until there is one element that can be operated; where there are several, they
    raise `AMBIGUOUS`. Time limits are in milliseconds, as everywhere here.
    """

    def __init__(self, page: AsyncPage, selector: str) -> None:
        """Use `page.locator`."""
        self._page = page
        self.selector = selector
        """What it is for the bridge (docs/locators.md)."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.selector!r})"

    @property
    def page(self) -> AsyncPage:
        return self._page

    # Others inside of it

    def locator(self, selector: str) -> AsyncLocator:
        """What another locator finds inside of the elements of this one."""
        return AsyncLocator(self._page, _selectors.inside(self.selector, selector))

    def filter(
        self,
        *,
        has_text: str | re.Pattern[str] | None = None,
        has: AsyncLocator | None = None,
        visible: bool | None = None,
    ) -> AsyncLocator:
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

    def nth(self, index: int) -> AsyncLocator:
        """One of the elements, counted from 0, or from the end."""
        return self.locator(f"nth={index}")

    @property
    def first(self) -> AsyncLocator:
        return self.nth(0)

    @property
    def last(self) -> AsyncLocator:
        return self.nth(-1)

    async def all(self) -> list[AsyncLocator]:
        """A locator for each of the elements that are there now."""
        return [self.nth(index) for index in range(await self.count())]

    # What is done to it

    async def click(
        self,
        *,
        button: MouseButton | None = None,
        click_count: int | None = None,
        modifiers: list[Modifier] | None = None,
        position: Point | Mapping[str, float] | None = None,
        **options: Unpack[ActionOptions],
    ) -> None:
        fields = {"button": button, "clickCount": click_count}
        await self._act("click", options, **fields, modifiers=modifiers, position=position)

    async def dblclick(self, **options: Unpack[ActionOptions]) -> None:
        await self._act("click", options, clickCount=2)

    async def hover(self, **options: Unpack[ActionOptions]) -> None:
        await self._act("hover", options)

    async def focus(self, *, timeout: float | None = None) -> None:
        await self._act("focus", {"timeout": timeout})

    async def fill(self, value: str, **options: Unpack[ActionOptions]) -> None:
        """Replaces the content of a field."""
        await self._act("fill", options, value=value)

    async def clear(self, **options: Unpack[ActionOptions]) -> None:
        await self.fill("", **options)

    async def type(
        self, text: str, *, delay: float | None = None, **options: Unpack[ActionOptions]
    ) -> None:
        """Types text key by key, with `delay` between two of them."""
        await self._act("type", options, text=text, delayMs=milliseconds(delay))

    async def press_sequentially(
        self, text: str, *, delay: float | None = None, **options: Unpack[ActionOptions]
    ) -> None:
        """The same as `type`."""
        await self.type(text, delay=delay, **options)

    async def press(self, key: str, **options: Unpack[ActionOptions]) -> None:
        """Presses a key, or keys together, such as `Control+A`."""
        await self._act("press", options, key=key)

    async def check(self, **options: Unpack[ActionOptions]) -> None:
        await self._act("check", options)

    async def uncheck(self, **options: Unpack[ActionOptions]) -> None:
        await self._act("uncheck", options)

    async def set_checked(self, checked: bool, **options: Unpack[ActionOptions]) -> None:
        await self._act("check" if checked else "uncheck", options)

    async def select_option(
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
        told = await self._act("select", options, values=values)
        return list(told.get("values") or [])

    async def set_input_files(
        self, files: FileToUpload | Iterable[FileToUpload], **options: Unpack[ActionOptions]
    ) -> None:
        """Puts files into an `<input type=file>`: paths here, or what `browser.upload` gave; no
        files clear it.
        """
        wire = [await self._page.browser._handed_over(file) for file in a_list(files)]
        await self._act("upload", options, files=wire)

    async def drag_to(self, target: AsyncLocator, **options: Unpack[ActionOptions]) -> None:
        fields = {"from": self.selector, "to": target.selector}
        await self._page._act("drag", options, fields)

    async def scroll_into_view_if_needed(self, *, timeout: float | None = None) -> None:
        await self._act("scrollIntoView", {"timeout": timeout})

    # What is read of it

    async def count(self) -> int:
        """How many elements there are now."""
        return int(await self._query("count"))

    async def text_content(self, *, timeout: float | None = None) -> str:
        """Its text as it is shown, the same as `inner_text`."""
        return str(await self._query("text", timeout))

    async def inner_text(self, *, timeout: float | None = None) -> str:
        """Its text as it is shown."""
        return str(await self._query("text", timeout))

    async def all_inner_texts(self) -> list[str]:
        """The text of each of the elements that are there now."""
        return [await one.inner_text() for one in await self.all()]

    async def inner_html(self, *, timeout: float | None = None) -> str:
        return str(await self._query("html", timeout))

    async def input_value(self, *, timeout: float | None = None) -> str:
        return str(await self._query("value", timeout))

    async def get_attribute(self, name: str, *, timeout: float | None = None) -> str | None:
        attributes: Mapping[str, str] = await self._query("attributes", timeout)
        return attributes.get(name)

    async def bounding_box(self, *, timeout: float | None = None) -> dict[str, float] | None:
        """Where it is, in CSS pixels of the page's visible part; None without a box."""
        box: dict[str, float] | None = await self._query("box", timeout)
        return box

    async def is_visible(self) -> bool:
        """Whether it is now; also where there is no such element."""
        return bool(await self._query("visible"))

    async def is_hidden(self) -> bool:
        return not await self.is_visible()

    async def is_enabled(self, *, timeout: float | None = None) -> bool:
        return bool(await self._query("enabled", timeout))

    async def is_disabled(self, *, timeout: float | None = None) -> bool:
        return not await self.is_enabled(timeout=timeout)

    async def is_checked(self, *, timeout: float | None = None) -> bool:
        return bool(await self._query("checked", timeout))

    async def evaluate(
        self, expression: str, arg: Any = None, *, timeout: float | None = None
    ) -> Any:
        """Runs a function in the page, with the element and `arg`."""
        return await self._page._evaluate(expression, arg, self.selector, False, timeout)

    async def wait_for(
        self, *, state: WaitState | None = None, timeout: float | None = None
    ) -> None:
        """Waits until it is visible, or in another `state`."""
        await self._page._wait({"selector": self.selector, "state": state}, timeout)

    async def screenshot(
        self,
        *,
        path: str | PathLike[str] | None = None,
        type: ImageFormat | None = None,
        **options: Unpack[PictureOptions],
    ) -> bytes:
        """A picture of it, all of it."""
        return await self._page.screenshot(path=path, type=type, selector=self.selector, **options)

    async def _act(
        self, action: str, options: Mapping[str, Any], **fields: Any
    ) -> Mapping[str, Any]:
        return await self._page._act(action, options, {"selector": self.selector, **fields})

    async def _query(self, what: str, timeout: float | None = None) -> Any:
        fields = {"selector": self.selector, "what": what}
        return (await self._page._act("query", {"timeout": timeout}, fields))["value"]
