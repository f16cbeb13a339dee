"""The file that lists everybody who is not asked, with the reason."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from nps_portal.batches.models import Reason

COLUMNS = ("Name", "Email", "Company", "Reason")

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
# Spreadsheets take a file without this mark for one in the machine's old encoding.
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, kw_only=True)
class ExcludedPerson:
    """One person who is not asked."""

    name: str
    email: str
    company: str
    reason: Reason


def exclusion_file(people: Iterable[ExcludedPerson]) -> str:
    """Return a CSV file of these people, which no spreadsheet takes for formulas."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in people:
        cells = (one.name, one.email, one.company, one.reason.words)
        writer.writerow([_harmless(cell) for cell in cells])
    return _BYTE_ORDER_MARK + text.getvalue()


def _harmless(cell: str) -> str:
    """Return a cell that is shown as it is; an apostrophe tells spreadsheets that it is text."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
