"""Workbooks of Excel and LibreOffice: their first sheet with anything in it."""

import datetime
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from nps_portal.imports.tables import MOST_COLUMNS, Format, Record, UnreadableFile, is_blank
from nps_portal.imports.xlsx_parts import DAMAGED, DAMAGES
from nps_portal.imports.xlsx_streams import open_streamed

# The reader below holds a whole sheet: of these sizes it stays within the memory that an import may
# have. Measured: 92 bytes a cell, half of them texts of their own.
LARGEST_UNPACKED_BYTES = 120_000_000
LARGEST_OLE_BYTES = 40_000_000
MOST_CELLS = 1_500_000
MOST_REPEATED_CELLS = 1_000_000_000
ZIP_START = b"PK\x03\x04"
OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_CHUNK = 1_048_576
_CELL_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_REPEATED = re.compile(rb"""number-columns-repeated=["']([0-9]{1,18})["']""")
_THREE_DECIMALS = re.compile(r"-?\d+\.\d{3}")
_EMPTY = "The workbook has no sheet with anything in it."
_TOO_LARGE = (
    f"The workbook is too large to open: {MOST_CELLS:,} cells are the most. "
    "Save its sheet as “CSV UTF-8” and try that file."
)


class _TooLargeToHold(Exception):
    """The sheet would fill the memory; of an XLSX the rows can be read one by one."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet with at least one filled cell."""

    format: Format
    name: str
    open_rows: Callable[[], Iterable[tuple[int, Sequence[object]]]]

    def records(self) -> Iterator[Record]:
        """Read the rows that show anything, with their numbers as the program shows them."""
        for number, values in self.open_rows():
            texts = [_as_seen(value) for value in values]
            if not is_blank(texts):
                yield Record(number, texts)


def open_sheet(file: BinaryIO) -> Sheet:
    """Open the first sheet that is not empty.

    :raises UnreadableFile: it is no workbook, is damaged, locked, empty or too large.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    is_archive = file.read(len(ZIP_START)) == ZIP_START
    if not is_archive and size > LARGEST_OLE_BYTES:
        raise UnreadableFile(_TOO_LARGE)
    file_format = _format_of_archive(file) if is_archive else Format.XLS
    try:
        if is_archive:
            _measure(file)
        return _held_whole(file, file_format)
    except _TooLargeToHold as error:
        if file_format is not Format.XLSX:
            raise UnreadableFile(_TOO_LARGE) from error
    sheet = open_streamed(file)
    if sheet is None:
        raise UnreadableFile(_EMPTY)
    return Sheet(format=file_format, name=sheet.name, open_rows=sheet.rows)


def _held_whole(file: BinaryIO, file_format: Format) -> Sheet:
    file.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(file)
        for name in workbook.sheet_names:
            cells = workbook.get_sheet_by_name(name)
            if cells.start is not None:
                if cells.total_height * cells.total_width > MOST_CELLS:
                    raise _TooLargeToHold
                rows = partial(_numbered, cells)
                return Sheet(format=file_format, name=name, open_rows=rows)
    except PasswordError as error:
        raise UnreadableFile(
            "The workbook is locked with a password. Save it without one and try again."
        ) from error
    except CalamineError as error:
        raise UnreadableFile(DAMAGED) from error
    raise UnreadableFile(_EMPTY)


def _numbered(cells: CalamineSheet) -> Iterable[tuple[int, Sequence[object]]]:
    return enumerate(cells.iter_rows(), start=1)


def _format_of_archive(file: BinaryIO) -> Format:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except DAMAGES as error:
        raise UnreadableFile(DAMAGED) from error
    if "content.xml" in names:
        return Format.ODS
    if any(name.startswith("xl/") for name in names):
        return Format.XLSX
    raise UnreadableFile("The file is an archive, not a table. Unpack it first.")


def _measure(file: BinaryIO) -> None:
    """Tell what would burst the memory: by bytes unpacked, and by the reach of its cells.

    The reader below holds a sheet as a full rectangle, so a single cell in the last corner would
    cost as much as a sheet filled to that corner.

    :raises _TooLargeToHold: it would.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _measure_parts(archive)
    except DAMAGES as error:
        raise UnreadableFile(DAMAGED) from error


def _measure_parts(archive: zipfile.ZipFile) -> None:
    if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED_BYTES:
        raise _TooLargeToHold
    unpacked = 0
    for entry in archive.infolist():
        # The size an archive declares may be a lie, and the reading would stop there. So it is
        # told a size beyond the limit, and what comes out is counted.
        entry.file_size = LARGEST_UNPACKED_BYTES + 2 * _CHUNK
        reach = _Reach()
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += len(chunk)
                if unpacked > LARGEST_UNPACKED_BYTES:
                    raise _TooLargeToHold
                if entry.filename.startswith("xl/worksheets/"):
                    reach.extend(chunk)
                elif entry.filename == "content.xml":
                    reach.extend_repeated(chunk)


class _Reach:
    """How far to the right and how far down the cells of a sheet go."""

    def __init__(self) -> None:
        self._columns: set[bytes] = set()
        self._last_row = 0
        self._repeated = 0
        self._rest = b""

    def extend(self, chunk: bytes) -> None:
        """Take in a piece of the sheet; refuse the sheet when it has gone too far."""
        places = _CELL_PLACE.findall(self._rest + chunk)
        self._rest = chunk[-32:]
        if not places:
            return
        self._columns.update(column for column, _ in places)
        self._last_row = max(self._last_row, max(int(row) for _, row in places))
        columns = max(map(_column_number, self._columns))
        if columns > MOST_COLUMNS:
            raise UnreadableFile(f"The sheet has more than {MOST_COLUMNS:,} columns.")
        if columns * self._last_row > MOST_CELLS:
            raise _TooLargeToHold

    def extend_repeated(self, chunk: bytes) -> None:
        """Take in a piece of an ODS, where one cell may stand for millions."""
        self._repeated += sum(map(int, _REPEATED.findall(self._rest + chunk)))
        self._rest = chunk[-64:].rpartition(b" ")[2]
        if self._repeated > MOST_REPEATED_CELLS:
            raise UnreadableFile(_TOO_LARGE)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _as_seen(value: object) -> str:
    """Write a cell as a person sees it: 7 and not 7.0, a day without midnight."""
    if isinstance(value, str):
        return value.replace("\ufeff", "").replace("\0", "")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        written = str(int(value)) if value.is_integer() else repr(value)
        # As a text, three decimals could be thousands.
        return f"{written}0" if _THREE_DECIMALS.fullmatch(written) else written
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value)
