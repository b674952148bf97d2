"""Sessions over HTTP: a browser that stays between two programs."""

from ._async.browser import AsyncPersistentBrowser
from ._async.download import AsyncDownload
from ._async.keeper import AsyncKeeper
from ._async.locator import AsyncLocator
from ._async.page import AsyncPage
from ._session_options import SessionOptions, UpstreamProxy
from ._sync.browser import PersistentBrowser
from ._sync.download import Download
from ._sync.keeper import Keeper
from ._sync.locator import Locator
from ._sync.page import Page
from .command import Command, CommandOutcome
from .errors import RestError, SessionEnded

__all__ = [
    "AsyncDownload",
    "AsyncKeeper",
    "AsyncLocator",
    "AsyncPage",
    "AsyncPersistentBrowser",
    "Command",
    "CommandOutcome",
    "Download",
    "Keeper",
    "Locator",
    "Page",
    "PersistentBrowser",
    "RestError",
    "SessionEnded",
    "SessionOptions",
    "UpstreamProxy",
]
