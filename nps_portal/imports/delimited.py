"""Text files of cells between commas, semicolons, tabs or bars."""

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from nps_portal.imports.encodings import DAMAGE_MARKED, DAMAGED, detect_encoding
from nps_portal.imports.tables import (
    LONGEST_CELL,
    Record,
    holds_address,
    is_blank,
)

DELIMITERS = (",", ";", "\t", "|")

_SAMPLE_LINES = 200
# A record of more lines is a mark that was never closed.
_MOST_MENDED_LINES = 50
_NAMED_DELIMITER = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)

# Of so many columns a row with a single cell above may be a title, and no header.
FEWEST_UNDER_TITLES = 3
UNCLOSED_QUOTE = "A cell begins with a quotation mark that is not closed before the next cell."
STRAY_QUOTE = "A quotation mark inside a cell is not doubled, so the cells cannot be told apart."
TOO_LONG = f"A cell is longer than {LONGEST_CELL:,} characters."
DAMAGED_TEXT = (
    "The row has characters that cannot be read. Save the file again as “CSV UTF-8” for this row."
)
NUL_BYTE = "The row holds NUL bytes, which mean nothing in a table; the file may be damaged."


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the text is cut into cells.

    `first_line` is 2 when the first line only names the delimiter (`sep=;`, as Excel writes it).
    `space_after_delimiter` means that cells are written `"a", "b"`.
    """

    encoding: str
    delimiter: str
    first_line: int
    space_after_delimiter: bool


def detect_layout(file: BinaryIO) -> Layout | None:
    """Find encoding and delimiter from the content; None when it shows nothing.

    :raises UnreadableFile: one line has no end.
    """
    encoding = detect_encoding(file)
    if not encoding:
        return None
    lines = list(islice(_lines(file, encoding), _SAMPLE_LINES))
    first_line = 1
    named = _NAMED_DELIMITER.fullmatch(lines[0].lstrip("\ufeff")) if lines else None
    if named:
        first_line = 2
        lines = lines[1:]
    delimiter = named[1] if named else _likeliest_delimiter(lines)
    text = "".join(lines)
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        first_line=first_line,
        space_after_delimiter=f'{delimiter} "' in text and f'{delimiter}"' not in text,
    )


def read_records(file: BinaryIO, layout: Layout) -> Iterator[Record]:
    """Read the records that show anything, one after the other.

    A broken record is given with its fault and the reading goes on in the line after it, so that
    one stray quotation mark cannot swallow the rest of the file.
    """
    lines = _lines(file, layout.encoding)
    if layout.first_line == 2:
        next(lines, None)
    return _Records(lines, layout).read()


class _Records:
    """The csv module's records, each with the lines of the file that it was made of."""

    def __init__(self, lines: Iterator[str], layout: Layout) -> None:
        self._lines = lines
        self._layout = layout
        self._again: deque[str] = deque()
        self._taken: list[str] = []

    def read(self) -> Iterator[Record]:
        line = self._layout.first_line
        cells_of = self._reader()
        taken = self._taken
        while True:
            try:
                cells = next(cells_of)
            except StopIteration:
                return
            except csv.Error as error:
                cells_of = self._reader()
                if (mended := self._mended()) is None:
                    yield Record(line, [taken[0].rstrip("\r\n")], _words(error, len(taken)))
                    # What the broken record took of the following lines is read again, as rows.
                    self._again.extendleft(reversed(taken[1:]))
                    taken.clear()
                    line += 1
                    continue
                cells = mended
            count = len(taken)
            if not is_blank(cells):
                yield Record(line, cells, _fault(cells, taken), count)
            taken.clear()
            line += count

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(
            self._feed(),
            delimiter=self._layout.delimiter,
            skipinitialspace=self._layout.space_after_delimiter,
            strict=True,
        )

    def _mended(self) -> list[str] | None:
        """Return the cells of a record that is broken by blanks beside its quotation marks."""
        if len(self._taken) > _MOST_MENDED_LINES:
            return None
        delimiter = self._layout.delimiter
        blanks = re.compile(rf'"[ \t]+(?={re.escape(delimiter)}|[\r\n]|$)')
        without = [blanks.sub('"', line) for line in self._taken]
        # `"a" , "b"` is meant as two cells, and `a, "big" b` as what it says.
        for lines, skips in ((without, True), (self._taken, False)):
            try:
                found = list(
                    csv.reader(lines, delimiter=delimiter, skipinitialspace=skips, strict=True)
                )
            except csv.Error:
                continue
            if len(found) == 1:
                return found[0]
        return None

    def _feed(self) -> Iterator[str]:
        while self._again:
            self._taken.append(self._again.popleft())
            yield self._taken[-1]
        for line in self._lines:
            self._taken.append(line)
            yield line


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    file.seek(0)
    stream = io.TextIOWrapper(file, encoding=encoding, errors=DAMAGE_MARKED, newline="")
    try:
        for line in stream:
            # Files glued together carry marks of byte order in their midst.
            yield line.replace("\ufeff", "") if "\ufeff" in line else line
    finally:
        # The file is read again later: without this the wrapper would close it.
        stream.detach()


def _words(error: csv.Error, lines_taken: int) -> str:
    if lines_taken > 1 or "unexpected end" in str(error):
        return UNCLOSED_QUOTE
    return TOO_LONG if "limit" in str(error) else STRAY_QUOTE


def _fault(cells: list[str], taken: list[str]) -> str | None:
    for line in taken:
        if "\0" in line:
            return NUL_BYTE
        if not line.isascii() and DAMAGED in line:
            return DAMAGED_TEXT
    if sum(map(len, taken)) > LONGEST_CELL and max(map(len, cells)) > LONGEST_CELL:
        return TOO_LONG
    return None


def _likeliest_delimiter(lines: list[str]) -> str:
    return max(DELIMITERS, key=lambda delimiter: _evidence(lines, delimiter))


def _evidence(lines: list[str], delimiter: str) -> tuple[bool, float, int]:
    """Weigh a delimiter: do rows have as many cells as most, and whole addresses in them?"""
    records = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            if not is_blank(cells):
                records.append(cells)
    except csv.Error:
        # What was read before the giant cell is evidence enough.
        pass
    if not records:
        return False, 0.0, 0
    width = len(records[0])
    usual = Counter(map(len, records)).most_common(1)[0][0]
    if width == 1 and usual >= FEWEST_UNDER_TITLES:
        # Some programs put a title above the headers.
        width = usual
    agreeing = sum(1 for cells in records if len(cells) == width) / len(records)
    with_address = sum(1 for cells in records if any(map(holds_address, cells))) / len(records)
    return width > 1 and agreeing > 0.2, agreeing + with_address, width
