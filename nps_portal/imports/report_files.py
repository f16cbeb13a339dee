"""The report of an import as a CSV file: every row that did not come in as it stood, and why."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nps_portal.foundation.csv_files import csv_lines
from nps_portal.imports.refusals import CELL_END

COLUMNS = ("Line", "Imported", "Reason")


def report_file(headers: Sequence[str], refused: Iterable[Any]) -> Iterator[str]:
    """Give the file line by line; the row's own cells stand under their headers."""
    width = len(headers)

    def rows() -> Iterator[list[str]]:
        for one in refused:
            cells = one.cells.split(CELL_END) if one.cells else [one.text]
            came_in = "without a cell" if one.is_imported else "no"
            yield [str(one.line), came_in, one.reason, *cells[:width], *[""] * (width - len(cells))]

    return csv_lines([*COLUMNS, *headers], rows())
