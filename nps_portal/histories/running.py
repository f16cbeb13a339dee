"""Bringing a file of past answers in, piece by piece, each a unit of work."""

import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, unit_of_work
from nps_portal.histories.dates import DateReader
from nps_portal.histories.judging import FindSurvey, HistoryJudge, PastAnswer, Rejection
from nps_portal.histories.models import History
from nps_portal.histories.pieces import OvertakenHistory, bring_piece, finish_history
from nps_portal.histories.reading import Cells
from nps_portal.histories.taking import Choices, NothingImported, history_id_of, take_history
from nps_portal.histories.undoing import StoppedUndo, undo_history
from nps_portal.imports.models import Import, ImportKind, ImportPiece, ImportState
from nps_portal.imports.pieces import unpacked
from nps_portal.imports.queries import all_rejections
from nps_portal.imports.tables import Row
from nps_portal.imports.vocabulary import comparable
from nps_portal.surveys.models import DEFAULT_SURVEY, Survey

_DUE = (ImportState.CONFIRMED, ImportState.RUNNING, ImportState.UNDOING)
_NEVER = threading.Event()


def next_history_import() -> int | None:
    """Return the oldest file of answers that waits, was left in the middle, or shall go."""
    return reading().scalar(
        sa.select(Import.id)
        .where(Import.state.in_(_DUE), Import.kind == ImportKind.RESPONSES)
        .order_by(Import.id)
        .limit(1)
    )


def run_history_import(
    import_id: int,
    actor: Actor,
    stopping: threading.Event = _NEVER,
    step: Callable[[int], None] = lambda rows: None,
) -> int:
    """Bring the rest of a file in, or take it back, and return how much was done.

    It goes on where the last finished piece ended. A worker that finds itself overtaken leaves the
    rest to the other.
    """
    kept = reading().get_one(Import, import_id, populate_existing=True)
    if kept.state is ImportState.UNDOING:
        return _take_back(actor, history_id_of(kept), stopping)
    history = reading().get_one(History, history_id_of(kept), populate_existing=True)
    layout, number, done = history.layout, kept.pieces_done, 0
    judge = HistoryJudge(
        dates=DateReader(zone=portal_settings(reading()).zone, day_first=kept.mapping["day_first"]),
        now=current_clock().now(),
        find_survey=_surveys(reading(), kept.mapping["survey_id"]),
    )
    while not stopping.is_set():
        content = _piece(import_id, number)
        # The reading must not stay open while the next piece is written.
        reading().rollback()
        if content is None:
            with unit_of_work(actor) as work:
                ended = finish_history(work, import_id)
            return done or int(ended)
        rows = unpacked(content)
        try:
            with unit_of_work(actor) as work:
                bring_piece(work, import_id, number, layout, _judged(judge, rows))
        except OvertakenHistory:
            return done
        number, done = number + 1, done + len(rows)
        step(len(rows))
    return done


def run_history(
    actor: Actor,
    file: BinaryIO,
    filename: str,
    choices: Choices,
    told: Callable[[Rejection], None],
    step: Callable[[int], None] = lambda rows: None,
) -> History:
    """Bring all answers of a file in, telling each row that is refused, and return what came of it.

    A second run of the same file adds nothing. One that was cut short goes on by the worker.

    :raises UnreadableFile: it cannot be read.
    :raises UnknownLayout: its columns do not tell what they hold.
    :raises AmbiguousDates: its dates can be read in two ways.
    :raises NothingImported: none of its rows is an answer.
    """
    import_id = take_history(actor, file, filename, choices)
    run_history_import(import_id, actor, step=step)
    reading().rollback()
    for one in all_rejections(reading(), import_id):
        told(Rejection(line=one.line, reason=one.reason))
    kept = reading().get_one(Import, import_id, populate_existing=True)
    history = reading().get_one(History, history_id_of(kept), populate_existing=True)
    if history.added == history.known == 0:
        raise NothingImported("0 imported. No row of this file is an answer; see the reasons.")
    return history


def _take_back(actor: Actor, history_id: int, stopping: threading.Event) -> int:
    reading().rollback()
    try:
        return undo_history(actor, history_id, stopping).answers or 1
    except StoppedUndo:
        return 0


def _judged(judge: HistoryJudge, rows: Sequence[Row]) -> list[tuple[Row, PastAnswer | Rejection]]:
    return [(row, judge.judge(Cells.of_row(row))) for row in rows]


def _piece(import_id: int, number: int) -> bytes | None:
    return reading().scalar(
        sa.select(ImportPiece.content).where(
            ImportPiece.import_id == import_id, ImportPiece.number == number
        )
    )


def _surveys(session: Session, survey_id: int | None) -> FindSurvey:
    # Whose a past answer is stands beside it.
    named = sa.select(Survey.id, Survey.name, Survey.title).where(~Survey.anonymous)
    known = session.execute(named).all()
    ids = {comparable(row.title): row.id for row in known}
    ids |= {comparable(row.name): row.id for row in known}

    @cache
    def find(name: str) -> int | None:
        if survey_id is not None:
            return survey_id if survey_id in ids.values() else None
        return ids.get(comparable(name or DEFAULT_SURVEY))

    return find
