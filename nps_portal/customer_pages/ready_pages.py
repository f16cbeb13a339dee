"""The survey page made ready: rendered once for all who read the same, then filled for each.

What belongs to one person or one opening is rendered as a mark, and the page is cut at the marks.
Everything else that the page says is in the key under which it is kept.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import current_app
from markupsafe import escape

MOST_PAGES = 256

# Nobody can write a mark into a text or a name, because nobody knows this.
_SECRET = secrets.token_hex(16)
_MARK = re.compile(f"{_SECRET}([a-z_]+)Z")

Key = tuple[object, ...]
Render = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, kw_only=True)
class ReadyPage:
    """A page cut at its marks: markup and the name of what comes after it, in turn."""

    pieces: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the page with the values in their places, each escaped."""
        parts = list(self.pieces)
        for place in range(1, len(parts), 2):
            parts[place] = str(escape(values[parts[place]]))
        return "".join(parts)


def ready_page(key: Key, values: Mapping[str, str], render: Render) -> str:
    """Return a page with these values; only the first one of its key is rendered.

    `render` gets marks in place of the values. A value that is empty is in the key as such,
    because a template may leave out what is empty.
    """
    pages: dict[Key, ReadyPage] = current_app.extensions.setdefault("nps_ready_pages", {})
    whole_key = (*key, *(bool(value) for value in values.values()))
    page = pages.get(whole_key)
    if page is None:
        marks = {name: f"{_SECRET}{name}Z" if value else "" for name, value in values.items()}
        page = ReadyPage(pieces=tuple(_MARK.split(render(marks))))
        if len(pages) >= MOST_PAGES:
            pages.clear()
        pages[whole_key] = page
    return page.filled(values)
