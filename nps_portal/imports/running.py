"""Running an import: the worker's duty, and the command line's; each chunk is a unit of work."""

import threading
from collections.abc import Callable, Iterator
from itertools import islice

import sqlalchemy as sa

from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, unit_of_work
from nps_portal.imports.commands import (
    CHUNK_ROWS,
    OvertakenImport,
    fail_import,
    finish_import,
    import_rows,
    table_of,
)
from nps_portal.imports.models import Import, ImportState
from nps_portal.imports.tables import Row, UnreadableFile

Report = Callable[[int], None]


def next_import_id() -> int | None:
    """Return the oldest import that is confirmed or was left in the middle."""
    return reading().scalar(
        sa.select(Import.id)
        .where(Import.state.in_([ImportState.CONFIRMED, ImportState.RUNNING]))
        .order_by(Import.id)
        .limit(1)
    )


def run_import(
    import_id: int, actor: Actor, stopping: threading.Event, report: Report = lambda _: None
) -> int:
    """Bring the rest of a file in and return how many rows were done; `report` gets each count.

    It goes on where the last finished chunk ended, so a killed worker repeats nothing. A worker
    that finds itself overtaken leaves the rest to the other.
    """
    kept = reading().get_one(Import, import_id, populate_existing=True)
    done = started_at = kept.rows_done
    try:
        rows = islice(table_of(kept).rows(), done, None)
        for chunk in _chunks(rows):
            if stopping.is_set():
                return done - started_at
            with unit_of_work(actor) as work:
                import_rows(work, import_id, chunk, done)
            done += len(chunk)
            report(len(chunk))
    except OvertakenImport:
        return done - started_at
    except UnreadableFile as error:
        with unit_of_work(actor) as work:
            fail_import(work, import_id, str(error))
        return max(1, done - started_at)
    with unit_of_work(actor) as work:
        finish_import(work, import_id)
    return max(1, done - started_at)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk
