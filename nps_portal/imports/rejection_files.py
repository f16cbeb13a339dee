"""The refused rows of an import as a CSV file."""

from collections.abc import Iterable

from nps_portal.foundation.csv_files import csv_file
from nps_portal.imports.models import ImportRejection

COLUMNS = ("Line", "Reason", "Row")


def rejection_file(refused: Iterable[ImportRejection]) -> str:
    """Return a CSV file of these rows."""
    return csv_file(COLUMNS, ((str(one.line), one.reason, one.text) for one in refused))
