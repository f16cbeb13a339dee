"""The rows of an archive's files, read in chunks."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from nps_portal.exports.archive import BadArchive
from nps_portal.exports.cells import Field
from nps_portal.exports.making import ROWS_A_STEP, long_cells
from nps_portal.exports.table import values_of
from nps_portal.foundation.csv_files import unguarded


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a file: cells by header, those of an account's own columns in their order."""

    file: str
    number: int
    cells: dict[str, str]
    own: Sequence[str] = ()

    def __getitem__(self, name: str) -> str:
        return self.cells[name]

    def values(self, fields: Sequence[Field]) -> list[Any]:
        """Return the values of fields.

        :raises BadArchive: a cell cannot be one.
        """
        with self.checked():
            return values_of(fields, self.cells)

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Say which row it was when a cell, or what it names, is not what it must be.

        :raises BadArchive: it is not.
        """
        try:
            yield
        except (ValueError, KeyError, IndexError, TypeError, ArithmeticError) as fault:
            told = str(fault) if isinstance(fault, ValueError) else f"{fault} is not known"
            raise BadArchive(
                f"{self.file}, row {self.number}: {told}. Nothing was imported."
            ) from fault


@dataclass(frozen=True, kw_only=True)
class Archive:
    """An opened archive, and whom to tell how far its reading is."""

    zip: zipfile.ZipFile
    rows: Mapping[str, int]
    step: Callable[[str, int], None]

    def chunks(self, table: str, fixed: int | None = None) -> Iterator[list[Row]]:
        """Give the rows of a table; columns beyond so many fixed ones are the account's own.

        :raises BadArchive: a row has not as many cells as the header.
        """
        name = f"{table}.csv"
        if name not in self.rows:
            raise BadArchive(f"«{name}» is missing from this export. Nothing was imported.")
        with self.zip.open(name) as packed, long_cells():
            text = io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")
            rows = _rows(name, csv.reader(text), fixed)
            while chunk := list(islice(rows, ROWS_A_STEP)):
                yield chunk
                self.step(name, chunk[-1].number)

    def all(self, table: str) -> Iterator[Row]:
        """Give the rows of a table one by one."""
        for chunk in self.chunks(table):
            yield from chunk


def _rows(file: str, lines: Iterator[list[str]], fixed: int | None) -> Iterator[Row]:
    headers = [unguarded(header) for header in next(lines, [])]
    for number, line in enumerate(lines, start=1):
        if len(line) != len(headers):
            raise BadArchive(
                f"{file}, row {number}: {len(line)} cells under {len(headers)} headers. "
                "Nothing was imported."
            )
        cells = [unguarded(cell) for cell in line]
        yield Row(
            file=file,
            number=number,
            cells=dict(zip(headers[:fixed], cells[:fixed], strict=True)),
            own=cells[fixed:] if fixed is not None else (),
        )
