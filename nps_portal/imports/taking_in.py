"""Taking a file in: read to its end in a stream, and kept in pieces, each batch a unit of work."""

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePath
from typing import BinaryIO

from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, unit_of_work
from nps_portal.imports.commands import (
    Choice,
    NothingToImport,
    begin_reading,
    drop_import,
    end_reading,
    keep_pieces,
)
from nps_portal.imports.keeping import known_specs, remembered
from nps_portal.imports.mapping import guess_mapping
from nps_portal.imports.pieces import in_pieces, packed
from nps_portal.imports.reading import Row, Table, read_table

SAMPLE_ROWS = 1_000
# A unit of work waits for the disk: one for some megabytes of pieces, and a short one.
_PIECES_A_UNIT = 16

Batch = dict[int, tuple[int, bytes]]


def take_in(actor: Actor, file: BinaryIO, filename: str) -> int:
    """Keep a file, and return the import that may be looked at and confirmed.

    :raises UnreadableFile: it is no table that can be read; the sentence says where.
    :raises NothingToImport: it has no rows below its headers.
    """
    name = PurePath(filename.replace("\\", "/")).name[:200] or "contacts"
    table = read_table(file, name)
    choice = _proposed(table)
    with unit_of_work(actor) as work:
        import_id = begin_reading(work, name, choice).id
    try:
        rows_total = keep_rows(actor, import_id, table.rows())
        with unit_of_work(actor) as work:
            end_reading(
                work, import_id, rows_total=rows_total, size_bytes=file.seek(0, io.SEEK_END)
            )
    except BaseException:
        # Whatever it was, half a file must not stay; the fault itself is told as it is.
        with unit_of_work(actor) as work:
            drop_import(work, import_id)
        raise
    return import_id


def _proposed(table: Table) -> Choice:
    sample = list(islice(table.rows(), SAMPLE_ROWS))
    if not sample:
        raise NothingToImport("The file has no rows below its headers.")
    if former := remembered(reading(), table.headers):
        return Choice(mapping=former[0], rule=former[1])
    return Choice(mapping=guess_mapping(table.headers, sample, known_specs(reading())))


def keep_rows(actor: Actor, import_id: int, rows: Iterable[Row]) -> int:
    """Keep the rows of a file in pieces, some at a time, and return how many there are."""
    rows_total = 0
    for batch in _batches(rows):
        with unit_of_work(actor) as work:
            keep_pieces(work, import_id, batch)
        rows_total += sum(count for count, _ in batch.values())
    return rows_total


def _batches(rows: Iterable[Row]) -> Iterator[Batch]:
    pieces = enumerate((len(some), packed(some)) for some in in_pieces(rows))
    while batch := dict(islice(pieces, _PIECES_A_UNIT)):
        yield batch
