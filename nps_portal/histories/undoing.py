"""Taking a file of past answers back: what it added and nobody has touched since."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from nps_portal.contacts.models import Contact, ContactTag, PropertyValue
from nps_portal.followups.models import Task
from nps_portal.foundation.bulk import Span
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Actor, Work, unit_of_work
from nps_portal.histories.further import drop_unused_questions
from nps_portal.histories.models import History, HistoryAnswer
from nps_portal.histories.pieces import end_undo, stop_history
from nps_portal.imports.undo_traces import touched
from nps_portal.journal.commands import record
from nps_portal.journal.models import Event
from nps_portal.responses.models import (
    Response,
    ResponseAnswer,
    ResponseRevision,
    ResponseState,
)
from nps_portal.responses.standings import refresh_standings

CHUNK = 500


class NoSuchHistory(PortalError):
    """There is no file of past answers with this number."""


class StoppedUndo(Exception):
    """An Undo was told to stop before its end."""


@dataclass(frozen=True, kw_only=True)
class Undone:
    """How many answers and contacts went, and how many answers stay because of later work."""

    answers: int
    contacts: int
    left: int


def undo_history(actor: Actor, history_id: int, stopping: threading.Event | None = None) -> Undone:
    """Take a file of past answers back, chunk by chunk; a second run does what the first left.

    :raises NoSuchHistory: there is none with this number.
    :raises StoppedUndo: it was told to stop, and a further run does the rest.
    """
    going_on = stopping or threading.Event()
    answers = contacts = left = last = 0
    with unit_of_work(actor) as work:
        _history(work, history_id)
        stop_history(work, history_id)
    while True:
        _stop_if(going_on)
        with unit_of_work(actor) as work:
            ids = _next_answers(work, history_id, last)
            gone = _take_answers(work, ids)
        if not ids:
            break
        last, answers, left = ids[-1], answers + gone, left + len(ids) - gone
    last = 0
    while True:
        _stop_if(going_on)
        with unit_of_work(actor) as work:
            history = _history(work, history_id)
            people = _next_people(work, history, last)
            contacts += _take_people(work, people, history)
        if not people:
            break
        last = people[-1]
    with unit_of_work(actor) as work:
        history = _history(work, history_id)
        drop_unused_questions(work, history.created_at)
        history.undone_at = work.now
        end_undo(work, history_id)
        record(work, "history.undone", history_id=history_id, answers=answers, contacts=contacts)
    return Undone(answers=answers, contacts=contacts, left=left)


def _stop_if(stopping: threading.Event) -> None:
    if stopping.is_set():
        raise StoppedUndo


def _history(work: Work, history_id: int) -> History:
    history = work.session.get(History, history_id)
    if history is None:
        raise NoSuchHistory(f"There is no import of past answers with the number {history_id}.")
    return history


def _next_answers(work: Work, history_id: int, last: int) -> Sequence[int]:
    return work.session.scalars(
        sa.select(HistoryAnswer.response_id)
        .where(HistoryAnswer.history_id == history_id, HistoryAnswer.response_id > last)
        .order_by(HistoryAnswer.response_id)
        .limit(CHUNK)
    ).all()


def _take_answers(work: Work, ids: Sequence[int]) -> int:
    """Delete those of these answers that stand as they came, and return how many."""
    revisions = (
        sa.select(sa.func.count(ResponseRevision.id))
        .where(ResponseRevision.response_id == Response.id)
        .scalar_subquery()
    )
    rows = work.session.execute(
        sa.select(Response.id, Response.contact_id)
        .where(
            Response.id.in_(ids),
            Response.state == ResponseState.COUNTED,
            Response.changed_at.is_(None),
            revisions == 1,
            ~sa.exists().where(
                ResponseAnswer.response_id == Response.id,
                # Those that came with it are of its own instant.
                ResponseAnswer.at != Response.answered_at,
            ),
            ~sa.exists().where(Task.response_id == Response.id),
        )
        .order_by(Response.id)
        .with_for_update(of=Response)
    ).all()
    gone = [row.id for row in rows]
    # Revisions and what names the file go with their answer.
    for model in (ResponseRevision, ResponseAnswer, HistoryAnswer):
        _delete(work, sa.delete(model).where(model.response_id.in_(gone)))
    _delete(work, sa.delete(Response).where(Response.id.in_(gone)))
    refresh_standings(work, [row.contact_id for row in rows])
    return len(gone)


def _next_people(work: Work, history: History, last: int) -> Sequence[int]:
    return work.session.scalars(
        sa.select(Contact.id)
        .where(
            Contact.source == history.source,
            # Those of another portal's export may have the same source, and are older.
            Contact.created_at >= history.created_at,
            Contact.erased_at.is_(None),
            Contact.id > last,
        )
        .order_by(Contact.id)
        .limit(CHUNK)
        .with_for_update(key_share=True)
    ).all()


def _take_people(work: Work, ids: Sequence[int], history: History) -> int:
    """Delete those of these contacts whom nobody has touched, and return how many."""
    if not ids:
        return 0
    why = touched(work, Span(ids[0], ids[-1]), source=history.source, import_id=None)
    unchanged = work.session.scalars(
        sa.select(Contact.id).where(
            Contact.id.in_(ids),
            Contact.changed_at == Contact.created_at,
            Contact.removed_at.is_(None),
        )
    )
    gone = [contact_id for contact_id in unchanged if contact_id not in why]
    for model in (PropertyValue, ContactTag, Event):
        _delete(work, sa.delete(model).where(model.contact_id.in_(gone)))
    _delete(work, sa.delete(Contact).where(Contact.id.in_(gone)))
    return len(gone)


def _delete(work: Work, delete: sa.Delete) -> None:
    work.session.execute(delete.execution_options(synchronize_session=False))
