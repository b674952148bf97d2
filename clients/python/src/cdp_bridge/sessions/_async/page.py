"""A page of a session, with the names that Playwright has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import quote

from ...protocol import (
    Clip,
    ImageFormat,
    LoadState,
    Margin,
    NavigatedEvent,
    Paper,
    WaitState,
    WaitUntil,
)
from .._options import ActionOptions, PictureOptions, on_the_wire
from .._values import FileToUpload, arguments, four, milliseconds
from .._wire_values import fields_of, present_fields
from ..command import Command, CommandOutcome
from ..errors import RestError, error_of
from ..types import Page as PageInfo
from .finds import AsyncFinds
from .locator import AsyncLocator

if TYPE_CHECKING:
    from .browser import AsyncPersistentBrowser


class AsyncPage(AsyncFinds):
    """A page (a tab) of a session. It stays when the program ends.

    What it does is done by the bridge, one request each. Time limits are in milliseconds; without
    one the bridge's own holds.
    """

    def __init__(self, browser: AsyncPersistentBrowser, page_id: str, url: str = "") -> None:
        """Use `browser.new_page`, `browser.pages` or `browser.page`."""
        self._browser = browser
        self._path = f"/pages/{quote(page_id, safe='')}"
        self.page_id = page_id
        """Its id, such as `t3`, which is the same in every program."""
        self.url = url
        """Where it was when the bridge said so last: after navigations, waits, and `info`."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.page_id!r}, url={self.url!r})"

    @property
    def browser(self) -> AsyncPersistentBrowser:
        return self._browser

    async def info(self) -> PageInfo:
        """What the bridge knows of it now: its address, title and state."""
        answer = await self._browser._http.get(self._path)
        info = PageInfo.from_wire(answer.json())
        self.url = info.url
        return info

    async def close(self) -> None:
        await self._browser._http.change("DELETE", self._path)

    # Where it goes

    async def goto(
        self, url: str, *, wait_until: WaitUntil = "load", timeout: float | None = None
    ) -> NavigatedEvent:
        """Goes to a URL and waits until it has loaded. The answer has the `status` of the document."""
        return await self._travel("navigate", wait_until, timeout, url=url)

    async def reload(
        self, *, wait_until: WaitUntil = "load", timeout: float | None = None
    ) -> NavigatedEvent:
        return await self._travel("reload", wait_until, timeout)

    async def go_back(
        self, *, wait_until: WaitUntil = "load", timeout: float | None = None
    ) -> NavigatedEvent:
        return await self._travel("goBack", wait_until, timeout)

    async def go_forward(
        self, *, wait_until: WaitUntil = "load", timeout: float | None = None
    ) -> NavigatedEvent:
        return await self._travel("goForward", wait_until, timeout)

    async def wait_for_selector(
        self, selector: str, *, state: WaitState | None = None, timeout: float | None = None
    ) -> AsyncLocator:
        """Waits until an element is visible, or in another `state`."""
        await self._wait({"selector": selector, "state": state}, timeout)
        return self.locator(selector)

    async def wait_for_load_state(
        self, state: LoadState = "load", *, timeout: float | None = None
    ) -> None:
        await self._wait({"loadState": state}, timeout)

    async def wait_for_url(
        self, url: str | re.Pattern[str], *, timeout: float | None = None
    ) -> None:
        """Waits until its address is like this: a glob, or a regular expression."""
        is_regex = isinstance(url, re.Pattern)
        field = (
            {"urlRegex": url.pattern} if isinstance(url, re.Pattern) and is_regex else {"url": url}
        )
        await self._wait(field, timeout)

    async def wait_for_text(self, text: str, *, timeout: float | None = None) -> None:
        """Waits until this text is visible somewhere."""
        await self._wait({"text": text}, timeout)

    async def wait_for_function(
        self, expression: str, arg: Any = None, *, timeout: float | None = None
    ) -> Any:
        """Waits until a script gives something true, and gives that."""
        told = await self._wait({"expression": expression, "args": arguments(arg)}, timeout)
        return told.get("value")

    # What is done in it

    def locator(self, selector: str) -> AsyncLocator:
        """A way to find elements: CSS, or another locator of docs/locators.md."""
        return AsyncLocator(self, selector)

    async def click(self, selector: str, **options: Unpack[ActionOptions]) -> None:
        await self.locator(selector).click(**options)

    async def dblclick(self, selector: str, **options: Unpack[ActionOptions]) -> None:
        await self.locator(selector).dblclick(**options)

    async def fill(self, selector: str, value: str, **options: Unpack[ActionOptions]) -> None:
        """Replaces the content of a field."""
        await self.locator(selector).fill(value, **options)

    async def type(
        self,
        selector: str,
        text: str,
        *,
        delay: float | None = None,
        **options: Unpack[ActionOptions],
    ) -> None:
        """Types text key by key."""
        await self.locator(selector).type(text, delay=delay, **options)

    async def press(self, selector: str, key: str, **options: Unpack[ActionOptions]) -> None:
        """Presses a key, or keys together, such as `Control+A`."""
        await self.locator(selector).press(key, **options)

    async def check(self, selector: str, **options: Unpack[ActionOptions]) -> None:
        await self.locator(selector).check(**options)

    async def uncheck(self, selector: str, **options: Unpack[ActionOptions]) -> None:
        await self.locator(selector).uncheck(**options)

    async def select_option(
        self,
        selector: str,
        value: str | Iterable[str] | None = None,
        *,
        index: int | Iterable[int] | None = None,
        **options: Unpack[ActionOptions],
    ) -> list[str]:
        """Chooses options of a `<select>` by value or label, or by their places; gives the values
        chosen now.
        """
        return await self.locator(selector).select_option(value, index=index, **options)

    async def hover(self, selector: str, **options: Unpack[ActionOptions]) -> None:
        await self.locator(selector).hover(**options)

    async def focus(self, selector: str, *, timeout: float | None = None) -> None:
        await self.locator(selector).focus(timeout=timeout)

    async def set_input_files(
        self,
        selector: str,
        files: FileToUpload | Iterable[FileToUpload],
        **options: Unpack[ActionOptions],
    ) -> None:
        """Puts files into an `<input type=file>`."""
        await self.locator(selector).set_input_files(files, **options)

    async def drag_and_drop(
        self, source: str, target: str, **options: Unpack[ActionOptions]
    ) -> None:
        await self.locator(source).drag_to(self.locator(target), **options)

    # What is read of it

    async def title(self) -> str:
        """Its title: the document's own, or where clients may run no scripts the one that the
        bridge knows.
        """
        try:
            return str(await self.evaluate("document.title", read_only=True))
        except RestError as error:
            if error.status != 403:
                raise
            return (await self.info()).title

    async def text_content(self, selector: str, *, timeout: float | None = None) -> str:
        """The text of an element as it is shown."""
        return await self.locator(selector).text_content(timeout=timeout)

    async def content(self, *, selector: str | None = None, timeout: float | None = None) -> str:
        """Its HTML, or what is inside of an element."""
        return await self._read("html", {"selector": selector}, timeout)

    async def text(self, *, selector: str | None = None, timeout: float | None = None) -> str:
        """Its text as it is shown."""
        return await self._read("text", {"selector": selector}, timeout)

    async def markdown(self, *, selector: str | None = None, timeout: float | None = None) -> str:
        """Its content as Markdown."""
        return await self._read("markdown", {"selector": selector}, timeout)

    async def outline(
        self,
        *,
        selector: str | None = None,
        interactive_only: bool | None = None,
        compact: bool | None = None,
        find: str | None = None,
        max_chars: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> str:
        """What assistive technology sees, a line each, with the references that `ref=e12` takes
        (docs/outlines.md).
        """
        query = {
            "selector": selector,
            "interactiveOnly": interactive_only,
            "compact": compact,
            "find": find,
            "maxChars": max_chars,
            "offset": offset,
        }
        return await self._read("outline", query, timeout)

    async def screenshot(
        self,
        *,
        path: str | PathLike[str] | None = None,
        type: ImageFormat | None = None,
        full_page: bool | None = None,
        selector: str | None = None,
        clip: Clip | Mapping[str, float] | None = None,
        **options: Unpack[PictureOptions],
    ) -> bytes:
        """A picture of it, also written to `path`, whose ending says the format where `type` does
        not.
        """
        query = {
            "format": type or _format_of(path),
            "fullPage": full_page,
            "selector": selector,
            "clip": four(fields_of(clip), ("x", "y", "width", "height")),
            "quality": options.get("quality"),
            "omitBackground": options.get("omit_background"),
            "animations": options.get("animations"),
            "caret": options.get("caret"),
        }
        return await self._bytes("screenshot", query, "image/*", path, options.get("timeout"))

    async def pdf(
        self,
        path: str | PathLike[str] | None = None,
        *,
        paper: Paper | None = None,
        width: float | None = None,
        height: float | None = None,
        landscape: bool | None = None,
        margin: Margin | Mapping[str, float] | None = None,
        page_ranges: str | None = None,
        print_background: bool | None = None,
        scale: float | None = None,
        header_template: str | None = None,
        footer_template: str | None = None,
        prefer_css_page_size: bool | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """The page on paper, also written to `path`. Lengths are in inches."""
        query = {
            "paper": paper,
            "width": width,
            "height": height,
            "landscape": landscape,
            "margin": four(fields_of(margin), ("top", "right", "bottom", "left")),
            "pageRanges": page_ranges,
            "printBackground": print_background,
            "scale": scale,
            "headerTemplate": header_template,
            "footerTemplate": footer_template,
            "preferCssPageSize": prefer_css_page_size,
        }
        return await self._bytes("pdf", query, "application/pdf", path, timeout)

    async def evaluate(
        self,
        expression: str,
        arg: Any = None,
        *,
        read_only: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Runs a script in the page: an expression, or a function, which is called with `arg`.

        `read_only` is a promise that it changes nothing: it then waits for no action.
        """
        return await self._evaluate(expression, arg, None, read_only, timeout)

    # Requests of the protocol

    async def command(
        self, action: str, *, timeout: float | None = None, **params: Any
    ) -> Mapping[str, Any]:
        """Sends any request of the protocol that names a tab, also one that this client is too old
        to know.
        """
        return await self._run(Command(action, timeout=timeout, **params))

    async def commands(
        self, commands: Iterable[Command | Mapping[str, Any]], *, continue_on_error: bool = False
    ) -> list[CommandOutcome]:
        """Does several things, at most 32, in one round trip. The first that fails is the last,
        unless they go on.

        Which of them failed is in the outcomes; those that were not begun have none.
        """
        listed = [one if isinstance(one, Command) else _command(one) for one in commands]
        answer = await self._browser._http.change(
            "POST",
            f"{self._path}/commands",
            {
                "commands": [one.to_wire() for one in listed],
                "onError": "continue" if continue_on_error else "stop",
            },
            timeout_ms=sum(one.longest_ms for one in listed),
            is_change=any(one.changes_something for one in listed),
        )
        return [_outcome(one) for one in answer.json()["results"]]

    async def _run(self, command: Command) -> Mapping[str, Any]:
        answer = await self._browser._http.change(
            "POST",
            f"{self._path}/command",
            command.to_wire(),
            timeout_ms=command.timeout_ms,
            is_change=command.changes_something,
        )
        result: Mapping[str, Any] = answer.json()["result"]
        return result

    async def _act(
        self, action: str, options: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        common, timeout = on_the_wire(options)
        told = await self._run(
            Command(action, timeout=timeout, **present_fields({**fields, **common}))
        )
        waited = told.get("waited")
        if isinstance(waited, Mapping):
            self.url = waited.get("url", self.url)
        return told

    async def _travel(
        self, action: str, wait_until: WaitUntil, timeout: float | None, **fields: Any
    ) -> NavigatedEvent:
        told = await self._run(Command(action, timeout=timeout, waitUntil=wait_until, **fields))
        navigated = NavigatedEvent.from_wire(told)
        self.url = navigated.url
        return navigated

    async def _wait(self, fields: Mapping[str, Any], timeout: float | None) -> Mapping[str, Any]:
        told = await self._run(Command("waitFor", timeout=timeout, **fields))
        self.url = told["url"]
        return told

    async def _evaluate(
        self,
        expression: str,
        arg: Any,
        selector: str | None,
        read_only: bool,
        timeout: float | None,
    ) -> Any:
        command = Command(
            "evaluate",
            timeout=timeout,
            expression=expression,
            args=arguments(arg),
            selector=selector,
            readOnly=read_only or None,
        )
        return (await self._run(command)).get("value")

    async def _read(self, form: str, query: Mapping[str, Any], timeout: float | None) -> str:
        answer = await self._browser._http.get(
            f"{self._path}/content",
            {"as": form, "timeoutMs": milliseconds(timeout), **query},
            accept="*/*",
            timeout_ms=timeout,
        )
        return answer.body.decode("utf-8", "replace")

    async def _bytes(
        self,
        what: str,
        query: Mapping[str, Any],
        accept: str,
        path: str | PathLike[str] | None,
        timeout: float | None,
    ) -> bytes:
        answer = await self._browser._http.get(
            f"{self._path}/{what}",
            {**query, "timeoutMs": milliseconds(timeout)},
            accept=accept,
            timeout_ms=timeout,
        )
        if path is not None:
            Path(path).write_bytes(answer.body)
        return answer.body


def _format_of(path: str | PathLike[str] | None) -> ImageFormat | None:
    known: dict[str, ImageFormat] = {".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
    return None if path is None else known.get(Path(path).suffix.lower())


def _command(fields: Mapping[str, Any]) -> Command:
    """Of a dictionary as it is on the wire."""
    return Command(
        fields["action"], timeout=fields.get("timeoutMs"), **dict(fields.get("params") or {})
    )


def _outcome(wire: Mapping[str, Any]) -> CommandOutcome:
    error = wire.get("error")
    if error is None:
        return CommandOutcome(wire["result"], None)
    return CommandOutcome(None, error_of(error, int(error.get("status", 0))))
