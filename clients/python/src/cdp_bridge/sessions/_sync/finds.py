# Written by scripts/generate_sync.py from ../_async/finds.py. Do not edit.
"""Ways to find elements, in a page and inside of other elements."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from .. import _selectors

if TYPE_CHECKING:
    from .locator import Locator


class Finds(ABC):
    """What pages and locators find elements by."""

    @abstractmethod
    def locator(self, selector: str) -> Locator:
        """Elements inside, by CSS or another locator of docs/locators.md."""

    def get_by_role(self, role: str, **attributes: Any) -> Locator:
        """By ARIA role: `get_by_role("button", name="Send")`."""
        return self.locator(_selectors.by_role(role, **attributes))

    def get_by_text(self, text: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        return self.locator(f"text={_selectors.text_of(text, exact=exact)}")

    def get_by_label(self, text: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        return self.locator(f"label={_selectors.text_of(text, exact=exact)}")

    def get_by_placeholder(
        self, text: str | re.Pattern[str], *, exact: bool = False
    ) -> Locator:
        return self.locator(f"placeholder={_selectors.text_of(text, exact=exact)}")

    def get_by_test_id(self, test_id: str) -> Locator:
        return self.locator(f"testid={_selectors.text_of(test_id, exact=True)}")
