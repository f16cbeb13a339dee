"""Rows in pieces: packed to be kept in the database, and unpacked again."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence

from nps_portal.imports.tables import Row

PIECE_ROWS = 1_000
LARGEST_PIECE = 1_000_000
_FASTEST = 1


def in_pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut rows into pieces of at most a thousand, and of about a million characters."""
    piece: list[Row] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += sum(map(len, row.cells))
        if len(piece) == PIECE_ROWS or size >= LARGEST_PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def packed(rows: Sequence[Row]) -> bytes:
    """Return rows as compressed JSON."""
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _FASTEST)


def unpacked(content: bytes) -> list[Row]:
    """Return the rows that were packed."""
    rows = json.loads(text_of(content))
    return [Row(line, tuple(cells), fault) for line, cells, fault in rows]


def text_of(content: bytes) -> str:
    """Return packed rows as JSON, to be looked through before it is taken apart."""
    return zlib.decompress(content).decode("utf-8", "surrogatepass")
