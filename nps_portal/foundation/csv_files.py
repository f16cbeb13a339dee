"""CSV files that are handed over: every spreadsheet reads them, and runs nothing in them."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

# Spreadsheets take a file without this mark for one in the machine's old encoding.
_BYTE_ORDER_MARK = "\ufeff"
# The last four are what a spreadsheet in an East Asian language takes for the first four.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")

_NEGATIVE_NUMBER = re.compile(r"-\d+(\.\d+)?")


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the text of a CSV file; what could begin a formula gets an apostrophe before it."""
    return "".join(csv_lines(columns, rows))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give the same file line by line, for one that is too long to be held whole."""
    line = io.StringIO()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    # Headers may be strangers' words too: names of properties, questions.
    writer.writerow([harmless(column) for column in columns])
    yield _BYTE_ORDER_MARK + line.getvalue()
    for row in rows:
        line.seek(0)
        line.truncate()
        writer.writerow([harmless(cell) for cell in row])
        yield line.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that is shown as it is; an apostrophe tells spreadsheets that it is text.

    One that begins like a guarded cell is guarded too, so that `unguarded` gives back each.
    """
    return f"'{cell}" if could_be_formula(cell) else cell


def unguarded(cell: str) -> str:
    """Return the cell that `harmless` was given."""
    return cell[1:] if cell.startswith("'") and could_be_formula(cell) else cell


def could_be_formula(cell: str) -> bool:
    """Tell whether a cell begins like a formula, or like one with apostrophes before it."""
    if _NEGATIVE_NUMBER.fullmatch(cell):
        return False
    return cell.lstrip("'").startswith(_FORMULA_STARTS)
