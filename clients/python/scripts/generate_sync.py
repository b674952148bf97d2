#!/usr/bin/env python3
"""Writes src/cdp_bridge/sessions/_sync from src/cdp_bridge/sessions/_async, so that both say the
same. With `--check` it writes nothing and fails if a file is not what it would write.

`await`, `async` and the prefix `Async` go; what stands between `# async only` and `# until here` is
left out. Transport and keeper are by hand on both sides, since one has tasks and the other threads.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

SESSIONS = Path(__file__).resolve().parent.parent / "src" / "cdp_bridge" / "sessions"
MODULES = [
    "browser",
    "creation",
    "download",
    "events",
    "finds",
    "http",
    "locator",
    "page",
]

HEADER = "# Written by scripts/generate_sync.py from ../_async/{name}.py. Do not edit.\n"
ASYNC_ONLY = re.compile(r"\n? *# async only\n.*?# until here\n", re.DOTALL)
WORDS = {
    r"\basync (def|with|for)\b": r"\1",
    r"\bawait ": "",
    r"\b__aenter__\b": "__enter__",
    r"\b__aexit__\b": "__exit__",
    r"\basynccontextmanager\b": "contextmanager",
    r"\bAsync(?=[A-Z])": "",
}


def synchronous(name: str, text: str) -> str:
    text = ASYNC_ONLY.sub("", text)
    for pattern, replacement in WORDS.items():
        text = re.sub(pattern, replacement, text)
    if found := re.search(r"\b(async|await|asyncio)\b", text):
        sys.exit(f"generate_sync.py: {name} still says {found[0]}")
    return HEADER.format(name=name) + text


def main() -> None:
    for name in MODULES:
        text = synchronous(name, (SESSIONS / "_async" / f"{name}.py").read_text(encoding="utf-8"))
        target = SESSIONS / "_sync" / f"{name}.py"
        if "--check" not in sys.argv[1:]:
            target.write_text(text, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != text:
            sys.exit(
                f"generate_sync.py: {target.relative_to(SESSIONS)} is not what _async/{name}.py "
                "says; `python3 scripts/generate_sync.py` writes it again"
            )


if __name__ == "__main__":
    main()
