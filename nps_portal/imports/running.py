"""Running an import or its Undo: the worker's duty, and the command line's."""

import gc
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager

import sqlalchemy as sa
import structlog

from nps_portal.foundation.database import TURN_SECONDS, DatabaseUnavailable, reading
from nps_portal.foundation.work import Actor, unit_of_work
from nps_portal.imports.bringing_in import (
    JudgedPiece,
    OvertakenImport,
    import_piece,
    judge_of,
    judge_piece,
)
from nps_portal.imports.commands import finish_import
from nps_portal.imports.drafts import Judge
from nps_portal.imports.models import Import, ImportKind, ImportPiece, ImportState
from nps_portal.imports.pieces import unpacked
from nps_portal.imports.undo_commands import OvertakenUndo, finish_undo, undo_some

Report = Callable[[int], None]

_CHANGE_PLACES_SECONDS = 0.0005
log = structlog.get_logger(__name__)

_DUE = (ImportState.CONFIRMED, ImportState.RUNNING, ImportState.UNDOING)


def next_import_id() -> int | None:
    """Return the oldest import that is confirmed, was left in the middle, or shall be undone."""
    return next(iter(_due_imports()), None)


def run_due_import(actor: Actor, stopping: threading.Event) -> int:
    """Run the oldest import in which anything can be done, and return how much was done.

    One that fails says so in the log and lets the next have its turn; the first fault is raised
    when no other is left.
    """
    faults: list[Exception] = []
    for import_id in _due_imports():
        try:
            if done := run_import(import_id, actor, stopping):
                return done
        except DatabaseUnavailable:
            raise
        except Exception as fault:
            reading().rollback()
            log.error("import failed", import_id=import_id, exc_info=fault)
            faults.append(fault)
        if stopping.is_set():
            break
    if faults:
        raise faults[0]
    return 0


def _due_imports() -> Sequence[int]:
    due = sa.select(Import.id).where(Import.state.in_(_DUE), Import.kind == ImportKind.CONTACTS)
    return reading().scalars(due.order_by(Import.id)).all()


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
    with _at_full_speed():
        return _run_pieces(kept, actor, stopping, report)


def _run_pieces(kept: Import, actor: Actor, stopping: threading.Event, report: Report) -> int:
    import_id, done = kept.id, 0
    with closing(_judged_pieces(judge_of(reading(), kept), kept)) as pieces:
        for piece in pieces:
            if stopping.is_set():
                return done
            try:
                with unit_of_work(actor) as work:
                    import_piece(work, import_id, piece)
            except OvertakenImport:
                return done
            done += piece.rows
            report(piece.rows)
            # Whoever waits for the database, to keep an answer perhaps, is let in between.
            stopping.wait(TURN_SECONDS)
    with unit_of_work(actor) as work:
        ended = finish_import(work, import_id)
    return done or int(ended)


def _judged_pieces(judge: Judge, kept: Import) -> Generator[JudgedPiece]:
    """Yield the pieces that are left; while one is written, the next is judged beside it."""
    import_id, number = kept.id, kept.pieces_done
    with ThreadPoolExecutor(max_workers=1) as aside:

        def begun(number: int) -> Future[JudgedPiece] | None:
            content = _piece(import_id, number)
            # The reading must not stay open: what was deleted could not be used again meanwhile.
            reading().rollback()
            if content is None:
                return None
            return aside.submit(_judge_packed, judge, number, content)

        coming = begun(number)
        while coming is not None:
            piece = coming.result()
            number += 1
            coming = begun(number)
            yield piece


def _judge_packed(judge: Judge, number: int, content: bytes) -> JudgedPiece:
    return judge_piece(judge, number, unpacked(content))


@contextmanager
def _at_full_speed() -> Iterator[None]:
    """Look for rings of garbage seldom, and let threads change places often.

    Many rows are made, none of which is in a ring: the looking took a third of the time. And
    whoever comes back from the database waits for the thread that judges, each time for five
    milliseconds if nobody says otherwise: that took an eighth.
    """
    collected, changed = gc.get_threshold(), sys.getswitchinterval()
    gc.freeze()
    gc.set_threshold(50_000, *collected[1:])
    sys.setswitchinterval(_CHANGE_PLACES_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(changed)
        gc.set_threshold(*collected)
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
        stopping.wait(TURN_SECONDS)
    return done


def _piece(import_id: int, number: int) -> bytes | None:
    return reading().scalar(
        sa.select(ImportPiece.content).where(
            ImportPiece.import_id == import_id, ImportPiece.number == number
        )
    )
