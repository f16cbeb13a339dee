"""Reading histories: which files came in, what was refused, how far one is."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.histories.models import History, HistoryAnswer
from nps_portal.histories.taking import history_id_of
from nps_portal.imports.models import Import, ImportKind, ImportRejection, ImportState
from nps_portal.surveys.models import Survey

MOST_SHOWN = 100
_GOING = (ImportState.CONFIRMED, ImportState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class HistoryFile:
    """One file of past answers; `has_report` where refused rows are kept."""

    history: History
    is_running: bool
    is_going: bool
    has_report: bool


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The first refused rows of the file that came in last, and how many there are more."""

    history_id: int
    filename: str
    rows: Sequence[ImportRejection]
    more: int


def surveys(session: Session) -> Sequence[Survey]:
    """Return the surveys that answers with names may belong to."""
    return session.scalars(sa.select(Survey).where(~Survey.anonymous).order_by(Survey.id)).all()


def answers_of(session: Session, history_id: int) -> int:
    """Return how many answers a file has brought."""
    counted = sa.select(sa.func.count()).select_from(HistoryAnswer)
    return session.scalar(counted.where(HistoryAnswer.history_id == history_id)) or 0


def kept_import(session: Session, import_id: int) -> Import:
    """Return what brings a file in, as it is now."""
    return session.get_one(Import, import_id, populate_existing=True)


def running_import(session: Session) -> Import | None:
    """Return the file that is coming in, or waits for the worker."""
    return session.scalar(_imports().where(Import.state.in_(_GOING)).order_by(None).limit(1))


def import_of(session: Session, history_id: int) -> Import | None:
    """Return what brought a file in; None where it came in before that was kept."""
    found = session.scalars(_imports().limit(MOST_SHOWN))
    return next((one for one in found if history_id_of(one) == history_id), None)


def recent_files(session: Session) -> list[HistoryFile]:
    """Return the files that came in last, newest first."""
    histories = session.scalars(sa.select(History).order_by(History.id.desc()).limit(MOST_SHOWN))
    kept = {history_id_of(one): one for one in session.scalars(_imports().limit(MOST_SHOWN))}
    return [
        HistoryFile(
            history=one,
            is_running=one.id in kept and kept[one.id].state in _GOING,
            is_going=one.id in kept and kept[one.id].state is ImportState.UNDOING,
            has_report=one.id in kept and kept[one.id].rejected > 0,
        )
        for one in histories
    ]


def last_refused(session: Session) -> Refused | None:
    """Return what was refused of the last file; None where nothing was."""
    last = session.scalar(_imports().limit(1))
    if last is None or not last.rejected:
        return None
    rows = session.scalars(
        sa.select(ImportRejection)
        .where(ImportRejection.import_id == last.id)
        .order_by(ImportRejection.line, ImportRejection.id)
        .limit(MOST_SHOWN)
    ).all()
    return Refused(
        history_id=history_id_of(last),
        filename=last.filename,
        rows=rows,
        more=last.rejected - len(rows),
    )


def _imports() -> sa.Select[Import]:
    return (
        sa.select(Import)
        .where(Import.kind == ImportKind.RESPONSES, Import.state != ImportState.READING)
        .order_by(Import.id.desc())
    )
