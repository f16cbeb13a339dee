"""The refused rows of an import as a CSV file."""

import csv
import io
from collections.abc import Sequence

from nps_portal.imports.models import ImportRejection

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rejection_file(refused: Sequence[ImportRejection]) -> str:
    """Return the file, with the mark by which Excel knows UTF-8.

    No cell can run as a formula: what would begin one gets an apostrophe before it.
    """
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(["Line", "Reason", "Row"])
    writer.writerows([one.line, _harmless(one.reason), _harmless(one.text)] for one in refused)
    return file.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) else cell
