"""A file as a table, whatever wrote it, read in a stream."""

import io
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO

from nps_portal.imports.delimited import (
    FEWEST_UNDER_TITLES,
    UNCLOSED_QUOTE,
    detect_layout,
    read_records,
)
from nps_portal.imports.encodings import DAMAGED
from nps_portal.imports.sheets import OLE_START, ZIP_START, open_sheet
from nps_portal.imports.tables import (
    LARGEST_FILE_BYTES,
    MOST_COLUMNS,
    Format,
    Record,
    Row,
    Table,
    UnreadableFile,
    distinct_headers,
    holds_address,
)

__all__ = ["Format", "Row", "Table", "UnreadableFile", "read_table"]

_SAMPLE_RECORDS = 50
_MOST_TITLES = 10
_NOT_TABLES = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a packed file"),
    (b"{\\rtf", "a text document"),
    (b"BEGIN:VCARD", "a set of business cards (vCard)"),
    (b"<!", "a web page or XML"),
    (b"<?", "a web page or XML"),
    (b"<html", "a web page or XML"),
    (b"<table", "a web page or XML"),
    (b"{", "JSON"),
    (b"[", "JSON"),
)


def read_table(file: BinaryIO, filename: str) -> Table:
    """Read the head of the file; the rows follow when they are asked for.

    What the file is, its content decides; `filename` only serves the messages. Row by row nothing
    is raised any more: a row that cannot be trusted comes with its fault. The file stays the
    caller's: it must be one that can be read from its beginning again, and only by one reader.

    :raises UnreadableFile: it is too large, empty, no table, or has a header and nothing else.
    """
    if file.seek(0, io.SEEK_END) > LARGEST_FILE_BYTES:
        megabytes = LARGEST_FILE_BYTES // 1_000_000
        raise UnreadableFile(
            f"«{filename}» is larger than {megabytes} MB. Cut it in pieces; nothing was imported."
        )
    file.seek(0)
    start = file.read(1024)
    if start.startswith((ZIP_START, OLE_START)):
        sheet = open_sheet(file)
        headers, open_rows = _headers_and_rows(sheet.records, delimiter=None)
        return Table(headers=headers, format=sheet.format, sheet=sheet.name, open_rows=open_rows)
    _refuse_what_is_no_table(start, filename)
    layout = detect_layout(file)
    if layout is None:
        raise UnreadableFile(f"«{filename}» is empty.")
    headers, open_rows = _headers_and_rows(
        lambda: read_records(file, layout), delimiter=layout.delimiter
    )
    return Table(
        headers=headers,
        format=Format.CSV,
        encoding=layout.encoding,
        delimiter=layout.delimiter,
        open_rows=open_rows,
    )


def _refuse_what_is_no_table(beginning: bytes, filename: str) -> None:
    start = beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for sign, kind in _NOT_TABLES:
        if start.startswith(sign.lower()):
            raise UnreadableFile(
                f"«{filename}» is {kind}, not a table. "
                "Save the list as XLSX or as “CSV UTF-8” and try that file."
            )


def _headers_and_rows(
    records: Callable[[], Iterator[Record]], *, delimiter: str | None
) -> tuple[tuple[str, ...], Callable[[], Iterator[Row]]]:
    sample = list(islice(records(), _SAMPLE_RECORDS))
    if not sample:
        raise UnreadableFile("The file is empty.")
    titles = _titles_above(sample)
    sample = sample[titles:]
    first = sample[0]
    if first.fault:
        raise UnreadableFile(f"Line {first.line}: {first.fault}")
    headless = any(map(holds_address, first.cells))
    if headless:
        width = max(len(record.cells) for record in sample)
        headers = distinct_headers([""] * width)
    else:
        headers = distinct_headers(first.cells)
    if len(headers) > MOST_COLUMNS:
        raise UnreadableFile(
            f"Line {first.line} has {len(headers):,} columns; {MOST_COLUMNS:,} are the most."
        )
    if len(sample) == 1 and not headless:
        raise UnreadableFile("The file has a header and no rows below it.")

    def open_rows() -> Iterator[Row]:
        below = islice(records(), titles if headless else titles + 1, None)
        return (_row(record, len(headers), delimiter) for record in below)

    return headers, open_rows


def _titles_above(sample: list[Record]) -> int:
    """Return how many rows stand above the headers: a report's name, its day, each in one cell."""
    filled = [sum(1 for cell in record.cells if cell.strip()) for record in sample]
    if max(filled) < FEWEST_UNDER_TITLES:
        return 0
    titles = next(place for place, count in enumerate(filled) if count > 1)
    # One lonely address may be the first row of a list without headers.
    named = any(holds_address(cell) for record in sample[:titles] for cell in record.cells)
    return 0 if named or titles > _MOST_TITLES else titles


def _row(record: Record, width: int, delimiter: str | None) -> Row:
    cells, fault = record.cells, record.fault
    if fault is None:
        if record.physical_lines > 1:
            fault = _swallowed(cells, width, delimiter or "")
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            fault = fault or f"The row has {len(cells)} cells under {width} headers."
    if fault is None and len(cells) != width:
        cells = cells[:width] + [""] * (width - len(cells))
    elif fault is not None:
        cells = [cell.replace(DAMAGED, "\ufffd") for cell in cells]
    return Row(record.line, tuple(cells), fault)


def _swallowed(cells: list[str], width: int, delimiter: str) -> str | None:
    """Find a cell over several lines that is no text but the rows after a stray quotation mark."""
    if len(cells) < width:
        return UNCLOSED_QUOTE
    for cell in cells:
        for inner in cell.splitlines()[1:]:
            pieces = inner.split(delimiter)
            if len(pieces) >= width and any(map(holds_address, pieces)):
                return UNCLOSED_QUOTE
    return None
