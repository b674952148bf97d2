"""A bridge, a site and a relay, each of its own for a test."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path

#: Longer than anything here takes.
LONGEST_SECONDS = 30.0


async def until(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits until something is so."""
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            while not await holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never came: {what}") from None


class BridgeUnderTest:
    """A bridge of its own for a test, on a free port, that may go to 127.0.0.0/8."""

    def __init__(self, url: str, home: Path, process: subprocess.Popen[str]) -> None:
        self.url = url
        self.dir = home
        self._process = process

    @classmethod
    def start(cls, *settings: str, unix: bool = False) -> BridgeUnderTest:
        program = os.environ.get("BRIDGE_UNDER_TEST")
        if not program:
            raise RuntimeError(
                "BRIDGE_UNDER_TEST names no bridge: set it to the path of the program `cdp-bridge`"
            )
        home = Path(tempfile.mkdtemp(prefix="cdpb-"))
        listen = f"unix:{home}/bridge.sock" if unix else "127.0.0.1:0"
        flags = ["serve", "--listen", listen]
        for setting in ("policy.private_networks=127.0.0.0/8", *settings):
            flags += ["--set", setting]
        # Settings of this shell are for another bridge; the browser is the exception.
        kept = {name: os.environ[name] for name in ("PATH", "CHROME_PATH") if name in os.environ}
        log = (home / "log").open("wb")
        process = subprocess.Popen(
            [program, *flags],
            cwd=home,
            env={**kept, "HOME": str(home), "TMPDIR": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"listening on (\S+)", line)
        if not found:
            raise RuntimeError(f"it did not start: {(home / 'log').read_text()}")
        return cls(found[1], home, process)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].split("/")[0])

    async def metric(self, name: str) -> float:
        """A metric without labels, as it stands now."""

        def read() -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
                return str(answer.read().decode())

        found = re.search(rf"^{name} (\S+)$", await asyncio.to_thread(read), re.MULTILINE)
        assert found, name
        return float(found[1])

    def stop(self) -> None:
        self._process.terminate()
        with self._process:
            self._process.wait(LONGEST_SECONDS)
        shutil.rmtree(self.dir, ignore_errors=True)


class Site:
    """A site on 127.0.0.1 with a page at each path."""

    def __init__(self, pages: dict[str, str]) -> None:
        self._pages = pages
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)

    def url(self, path: str) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{path}"

    async def stop(self) -> None:
        if self._server:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        page = self._pages.get(head.split(b" ")[1].decode())
        body = (page or "not found").encode()
        writer.write(
            f"HTTP/1.1 {'404 Not Found' if page is None else '200 OK'}\r\n"
            "Content-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.close()


class Relay:
    """A relay in front of a bridge, whose connections can be cut."""

    def __init__(self, bridge: BridgeUnderTest) -> None:
        self._port = bridge.port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        #: Whether connections come through; others are closed at once.
        self.open = True
        #: Whether what the client says comes through; else it is lost.
        self.hears = True

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ws"

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def stop(self) -> None:
        self.cut()
        if self._server:
            self._server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.open:
            writer.transport.abort()
            return
        bridge_reader, bridge_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, bridge_writer}
        await asyncio.gather(
            self._copy(reader, bridge_writer, from_client=True),
            self._copy(bridge_reader, writer, from_client=False),
        )
        self._writers -= {writer, bridge_writer}

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool
    ) -> None:
        try:
            while data := await reader.read(65536):
                if self.hears or not from_client:
                    writer.write(data)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()
