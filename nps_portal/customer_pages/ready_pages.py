"""The survey page made ready: rendered once for all who read the same, then filled for each.

What belongs to one person or one opening is rendered as a mark, and the page is cut at the marks.
Everything else that the page says is in the key under which it is kept.
"""

import re
import secrets
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask import current_app
from markupsafe import escape
from werkzeug.http import parse_accept_header

MOST_PAGES = 256

_GZIP_HEAD = bytes.fromhex("1f8b08000000000000ff")
_LAST_BLOCK = bytes.fromhex("0300")
_LARGEST_STORED = 0xFFFF

# Nobody can write a mark into a text or a name, because nobody knows this.
_SECRET = secrets.token_hex(16)
_MARK = re.compile(f"{_SECRET}([a-z_]+)Z")

Key = tuple[object, ...]
Render = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, kw_only=True)
class ReadyPage:
    """A page cut at its marks: markup and the name of what comes after it, in turn.

    `deflated` is the markup as it stands in a gzip file, in the same places.
    """

    pieces: tuple[str, ...]
    deflated: tuple[bytes, ...]

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the page with the values in their places, each escaped."""
        parts = list(self.pieces)
        for place in range(1, len(parts), 2):
            parts[place] = str(escape(values[parts[place]]))
        return "".join(parts)

    def gzipped(self, values: Mapping[str, str]) -> bytes:
        """Return the filled page as a gzip file; only the markup is compressed (RFC 1951, 1952)."""
        whole = self.filled(values).encode()
        parts = list(self.deflated)
        for place in range(1, len(parts), 2):
            parts[place] = _stored(str(escape(values[self.pieces[place]])).encode())
        end = struct.pack("<LL", zlib.crc32(whole), len(whole))
        return b"".join((_GZIP_HEAD, *parts, _LAST_BLOCK, end))


def ready_page(key: Key, values: Mapping[str, str], render: Render) -> ReadyPage:
    """Return the page for these values; only the first one of its key is rendered.

    `render` gets marks in place of the values. A value that is empty is in the key as such,
    because a template may leave out what is empty.
    """
    pages: dict[Key, ReadyPage] = current_app.extensions.setdefault("nps_ready_pages", {})
    whole_key = (*key, *(bool(value) for value in values.values()))
    page = pages.get(whole_key)
    if page is None:
        marks = {name: f"{_SECRET}{name}Z" if value else "" for name, value in values.items()}
        page = _cut(render(marks))
        if len(pages) >= MOST_PAGES:
            pages.clear()
        pages[whole_key] = page
    return page


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Tell whether a browser that accepts these encodings takes gzip."""
    return parse_accept_header(accepted)["gzip"] > 0


def _cut(page: str) -> ReadyPage:
    pieces = tuple(_MARK.split(page))
    deflated = tuple(
        b"" if place % 2 else _deflated(piece.encode()) for place, piece in enumerate(pieces)
    )
    return ReadyPage(pieces=pieces, deflated=deflated)


def _deflated(markup: bytes) -> bytes:
    """Return blocks that need nothing of what stands before them, and end on a whole byte."""
    compressor = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    return compressor.compress(markup) + compressor.flush(zlib.Z_FULL_FLUSH)


def _stored(text: bytes) -> bytes:
    """Return blocks that hold a text as it is."""
    starts = range(0, len(text), _LARGEST_STORED)
    chunks = (text[start : start + _LARGEST_STORED] for start in starts)
    return b"".join(
        struct.pack("<BHH", 0, len(chunk), len(chunk) ^ 0xFFFF) + chunk for chunk in chunks
    )
