"""A body compiled once for many emails: what they share is encoded already, and the rest is joined.

Encoding a survey email takes about two milliseconds, joining one some microseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nps_portal.mail.mime import body_end, new_boundary, part_head
from nps_portal.mail.quoted_printable import quoted_printable

_SOFT_BREAK = b"=\r\n"


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in a body for a value of the one email; `key` names the value."""

    key: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A text of a body, plain or html, as literal text and slots in their order."""

    subtype: str
    pieces: Sequence[str | Slot]


class SegmentedBody:
    """A multipart/alternative body with slots.

    A slot stands on lines of its own, between soft breaks that no reader sees, so that the text
    around it can be encoded before its value is known.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.boundary = new_boundary()
        self._chunks: list[bytes] = []
        self._holes: list[tuple[int, str]] = []
        for part in parts:
            self._add(part_head(self.boundary, part.subtype))
            self._add_pieces(part.pieces)
        self._add(body_end(self.boundary))
        self.keys = frozenset(key for _, key in self._holes)

    def fill(self, values: Mapping[str, str]) -> bytes:
        """Return the body with these values, each one line, in its slots."""
        # The same link stands in both parts.
        encoded = {value: quoted_printable(value) for value in {values[key] for key in self.keys}}
        chunks = self._chunks.copy()
        for index, key in self._holes:
            chunks[index] = encoded[values[key]]
        return b"".join(chunks)

    def _add_pieces(self, pieces: Sequence[str | Slot]) -> None:
        at_line_start, after_slot = True, False
        for piece in pieces:
            if isinstance(piece, Slot):
                if not at_line_start:
                    self._add(_SOFT_BREAK)
                self._holes.append((len(self._chunks), piece.key))
                self._chunks.append(b"")
                at_line_start, after_slot = False, True
            elif piece:
                if after_slot and not piece.startswith("\n"):
                    self._add(_SOFT_BREAK)
                self._add(quoted_printable(piece))
                at_line_start, after_slot = piece.endswith("\n"), False

    def _add(self, encoded: bytes) -> None:
        """Add to what all emails share; neighbours become one chunk."""
        is_hole = self._holes and self._holes[-1][0] == len(self._chunks) - 1
        if self._chunks and not is_hole:
            self._chunks[-1] += encoded
        else:
            self._chunks.append(encoded)
