"""CSV files that are handed over: every spreadsheet reads them, and runs nothing in them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

# Spreadsheets take a file without this mark for one in the machine's old encoding.
_BYTE_ORDER_MARK = "\ufeff"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the text of a CSV file; what could begin a formula gets an apostrophe before it."""
    return "".join(csv_lines(columns, rows))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give the same file line by line, for one that is too long to be held whole."""
    line = io.StringIO()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    yield _BYTE_ORDER_MARK + line.getvalue()
    for row in rows:
        line.seek(0)
        line.truncate()
        writer.writerow([_harmless(cell) for cell in row])
        yield line.getvalue()


def _harmless(cell: str) -> str:
    """Return a cell that is shown as it is; an apostrophe tells spreadsheets that it is text."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
