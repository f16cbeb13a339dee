"""Making exports: under a name of their own until they are whole, and never over another one."""

import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nps_portal.exports.archive import manifest_of, write_archive
from nps_portal.exports.reader import Reader, snapshot
from nps_portal.exports.table import Column, Table
from nps_portal.exports.tables import TABLES
from nps_portal.exports.workbook import Workbook
from nps_portal.foundation.csv_files import csv_lines, unguarded
from nps_portal.foundation.errors import PortalError

UNFINISHED = ".nps-portal-export-"
WORKBOOK = "nps-portal.xlsx"
ARCHIVE = "nps-portal.zip"
ROWS_A_STEP = 1_000
LONGEST_CELL = 2**27

Step = Callable[[str, int], None]


class ExportFailed(PortalError):
    """The files could not be written."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """CSV files that lie ready: the path, the columns and the count of rows of each by its name."""

    files: Mapping[str, Path]
    columns: Mapping[str, Sequence[Column]]
    rows: Mapping[str, int]


def silent(table: str, rows: int) -> None:
    """Tell nobody how far an export is."""


def export_all(directory: Path, now: datetime, name: str, step: Step = silent) -> Path:
    """Write everything into a new folder of a directory, and return the folder.

    :raises ExportFailed: the directory cannot be written to, or has no room; nothing is left there.
    """
    with _told(directory):
        directory.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=directory))
        try:
            written = write_csv_files(place, step)
            write_archive(
                place / ARCHIVE, written.files, manifest_of(written.files, written.rows, now)
            )
            write_workbook(place / WORKBOOK, written, step)
            return _settle(place, directory, name)
        except BaseException:
            # Half an export is worth nothing, whatever ended it.
            shutil.rmtree(place, ignore_errors=True)
            raise


def export_archive(
    target: Path, now: datetime, step: Step = silent, *, unfinished: str = UNFINISHED
) -> None:
    """Write everything as one ZIP.

    :raises ExportFailed: it cannot be written; nothing is left there.
    """
    with (
        _told(target.parent),
        tempfile.TemporaryDirectory(prefix=unfinished, dir=target.parent) as place,
    ):
        written = write_csv_files(Path(place), step)
        packed = Path(place) / ARCHIVE
        write_archive(packed, written.files, manifest_of(written.files, written.rows, now))
        _make_durable(packed)
        packed.rename(target)


def write_csv_files(place: Path, step: Step = silent) -> Written:
    """Write each table as a CSV file; all show the same instant."""
    files: dict[str, Path] = {}
    columns: dict[str, Sequence[Column]] = {}
    rows: dict[str, int] = {}
    with snapshot() as reader:
        for table in TABLES:
            name = f"{table.name}.csv"
            files[name], columns[name] = place / f"{table.name}.csv", table.columns(reader)
            rows[name] = _write_csv(files[name], table, reader, step)
    return Written(files=files, columns=columns, rows=rows)


def csv_of(table: Table, reader: Reader) -> Iterator[str]:
    """Give one table as the lines of a CSV file."""
    return csv_lines([column.name for column in table.columns(reader)], table.rows(reader))


def write_workbook(target: Path, written: Written, step: Step = silent) -> None:
    """Write a workbook from CSV files, so that it shows the very same rows."""
    workbook = Workbook(target)
    for name, path in written.files.items():
        step(f"{WORKBOOK}: {name}", 0)
        with path.open(encoding="utf-8-sig", newline="") as file, long_cells():
            lines = csv.reader(file)
            next(lines)
            cells = ([unguarded(cell) for cell in row] for row in lines)
            workbook.add(name.removesuffix(".csv"), written.columns[name], cells)
    workbook.close()


@contextmanager
def long_cells() -> Iterator[None]:
    """Let the csv module read the long cells of our own files, which hold whole sets of texts."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _write_csv(path: Path, table: Table, reader: Reader, step: Step) -> int:
    # The first line is that of the headers.
    count = -1
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in csv_of(table, reader):
            file.write(line)
            count += 1
            if count % ROWS_A_STEP == 0:
                step(path.name, count)
    return count


def _settle(place: Path, directory: Path, name: str) -> Path:
    """Give a finished folder its name, or the next free one beside it."""
    for file in place.iterdir():
        _make_durable(file)
    place.chmod(0o700)
    number = 1
    while True:
        target = directory / (name if number == 1 else f"{name}-{number}")
        number += 1
        try:
            # A rename onto an empty folder would replace it.
            if not target.exists():
                return place.rename(target)
        except FileExistsError:
            continue


def _make_durable(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _told(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise ExportFailed(
            f"The export could not be written to {directory}: {fault.strerror or fault}. "
            "Nothing is left there."
        ) from fault
