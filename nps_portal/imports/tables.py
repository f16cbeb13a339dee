"""A table read from a file: headers above, rows below, whatever the file was."""

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from nps_portal.foundation.addresses import BadEmail, parse_email
from nps_portal.foundation.errors import PortalError

LARGEST_FILE_BYTES = 200_000_000
LONGEST_LINE_BYTES = 4_194_304
MOST_COLUMNS = 1_000
LONGEST_CELL = 100_000


class UnreadableFile(PortalError):
    """The file as a whole cannot be read as a table."""


class Format(enum.Enum):
    """What kind of file the table came from."""

    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"


class Record(NamedTuple):
    """What a reader found: cells as they stand, `physical_lines` of the file long."""

    line: int
    cells: list[str]
    fault: str | None = None
    physical_lines: int = 1


class Row(NamedTuple):
    """One row, as wide as the headers unless it has a fault.

    `line` is the line of the file where the row begins (in a sheet: the number of its row).
    `fault` says in words why the row cannot be trusted; its cells then stand as they were found,
    to be shown to a person and never used.
    """

    line: int
    cells: tuple[str, ...]
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """The headers of a file and the way to its rows.

    `encoding` and `delimiter` are those of a text file, `sheet` the name of a sheet in a workbook.
    """

    headers: tuple[str, ...]
    format: Format
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    open_rows: Callable[[], Iterator[Row]] = field(repr=False, compare=False)

    def rows(self) -> Iterator[Row]:
        """Read the rows one after the other; each call begins at the first."""
        return self.open_rows()


def holds_address(cell: str) -> bool:
    """Tell whether the cell is one email address and nothing else."""
    if "@" not in cell:
        return False
    try:
        parse_email(cell)
    except BadEmail:
        return False
    return True


def is_blank(cells: list[str]) -> bool:
    """Tell whether no cell shows anything."""
    return not "".join(cells).strip()


def distinct_headers(cells: list[str]) -> tuple[str, ...]:
    """Return the headers trimmed, each with a name of its own: "Column 3", "Email (2)"."""
    headers: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        wanted = re.sub(r"\s+", " ", cell).strip() or f"Column {number}"
        header, copy = wanted, 1
        while header.casefold() in taken:
            copy += 1
            header = f"{wanted} ({copy})"
        taken.add(header.casefold())
        headers.append(header)
    return tuple(headers)
