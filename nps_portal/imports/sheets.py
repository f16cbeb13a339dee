"""Workbooks of Excel and LibreOffice: their first sheet with anything in it."""

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from nps_portal.imports.tables import MOST_COLUMNS, Format, Record, UnreadableFile, is_blank

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
_DAMAGED = "The workbook is damaged. Open it in your spreadsheet program and save it again."
_TOO_LARGE = (
    f"The workbook is too large to open: {MOST_CELLS:,} cells are the most. "
    "Save its sheet as “CSV UTF-8” and try that file."
)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet with at least one filled cell."""

    format: Format
    name: str
    cells: CalamineSheet

    def records(self) -> Iterator[Record]:
        """Read the rows that show anything, with their numbers as the program shows them."""
        for number, values in enumerate(self.cells.iter_rows(), start=1):
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
    if size > (LARGEST_UNPACKED_BYTES if is_archive else LARGEST_OLE_BYTES):
        raise UnreadableFile(_TOO_LARGE)
    file_format = _format_of_archive(file) if is_archive else Format.XLS
    file.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(file)
        for name in workbook.sheet_names:
            cells = workbook.get_sheet_by_name(name)
            if cells.start is not None:
                if cells.total_height * cells.total_width > MOST_CELLS:
                    raise UnreadableFile(_TOO_LARGE)
                return Sheet(format=file_format, name=name, cells=cells)
    except PasswordError as error:
        raise UnreadableFile(
            "The workbook is locked with a password. Save it without one and try again."
        ) from error
    except CalamineError as error:
        raise UnreadableFile(_DAMAGED) from error
    raise UnreadableFile("The workbook has no sheet with anything in it.")


def _format_of_archive(file: BinaryIO) -> Format:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "content.xml" in names:
                file_format = Format.ODS
            elif any(name.startswith("xl/") for name in names):
                file_format = Format.XLSX
            else:
                raise UnreadableFile("The file is an archive, not a table. Unpack it first.")
            _measure(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile(_DAMAGED) from error
    return file_format


def _measure(archive: zipfile.ZipFile) -> None:
    """Refuse what would burst the memory: by bytes unpacked, and by the reach of its cells.

    The reader below holds a sheet as a full rectangle, so a single cell in the last corner would
    cost as much as a sheet filled to that corner.
    """
    if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED_BYTES:
        raise UnreadableFile(_TOO_LARGE)
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
                    raise UnreadableFile(_TOO_LARGE)
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
            raise UnreadableFile(_TOO_LARGE)

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
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value)
