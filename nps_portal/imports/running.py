"""Running an import or its Undo: the worker's duty, and the command line's."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, unit_of_work
from nps_portal.imports.bringing_in import OvertakenImport, import_piece, judge_of, judge_piece
from nps_portal.imports.commands import finish_import
from nps_portal.imports.models import Import, ImportPiece, ImportState
from nps_portal.imports.pieces import unpacked
from nps_portal.imports.tables import Row
from nps_portal.imports.undo_commands import OvertakenUndo, finish_undo, undo_some

Report = Callable[[int], None]

_DUE = (ImportState.CONFIRMED, ImportState.RUNNING, ImportState.UNDOING)


def next_import_id() -> int | None:
    """Return the oldest import that is confirmed, was left in the middle, or shall be undone."""
    return reading().scalar(
        sa.select(Import.id).where(Import.state.in_(_DUE)).order_by(Import.id).limit(1)
    )


def run_import(
    import_id: int, actor: Actor, stopping: threading.Event, report: Report = lambda _: None
) -> int:
    """Bring the rest of a file in, or take it back, and return how much was done.

    `report` gets the count of each piece. It goes on where the last finished piece ended, so a
    killed worker repeats nothing. A worker that finds itself overtaken leaves the rest to the
    other.
    """
    kept = reading().get_one(Import, import_id, populate_existing=True)
    if kept.state is ImportState.UNDOING:
        return _run_undo(import_id, actor, stopping, report)
    with _few_collections():
        return _run_pieces(kept, actor, stopping, report)


def _run_pieces(kept: Import, actor: Actor, stopping: threading.Event, report: Report) -> int:
    import_id = kept.id
    judge, number, done = judge_of(reading(), kept), kept.pieces_done, 0
    while not stopping.is_set():
        rows = _piece(import_id, number)
        if rows is None:
            break
        piece = judge_piece(judge, number, rows)
        # The reading must not stay open: what was deleted could not be used again meanwhile.
        reading().rollback()
        try:
            with unit_of_work(actor) as work:
                import_piece(work, import_id, piece)
        except OvertakenImport:
            return done
        number, done = number + 1, done + len(rows)
        report(len(rows))
    else:
        return done
    with unit_of_work(actor) as work:
        ended = finish_import(work, import_id)
    return done or int(ended)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Look for rings of garbage seldom while many rows are made, none of which is in a ring.

    Measured: the looking takes a third of the time otherwise.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _run_undo(import_id: int, actor: Actor, stopping: threading.Event, report: Report) -> int:
    done = 0
    while not stopping.is_set():
        try:
            with unit_of_work(actor) as work:
                undone = undo_some(work, import_id)
        except OvertakenUndo:
            return done
        if not undone:
            with unit_of_work(actor) as work:
                ended = finish_undo(work, import_id)
            return done or int(ended)
        done += undone
        report(undone)
    return done


def _piece(import_id: int, number: int) -> list[Row] | None:
    content = reading().scalar(
        sa.select(ImportPiece.content).where(
            ImportPiece.import_id == import_id, ImportPiece.number == number
        )
    )
    return None if content is None else unpacked(content)
