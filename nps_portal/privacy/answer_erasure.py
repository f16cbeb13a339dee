"""Erasing words from answers: the scores stay, and with them every sum that is made of them."""

import sqlalchemy as sa

from nps_portal.followups.models import Task, TaskState
from nps_portal.foundation.tokens import new_public_id
from nps_portal.foundation.work import ActorKind, Work
from nps_portal.journal.commands import record
from nps_portal.responses.models import Response, ResponseAnswer, ResponseRevision


def erase_answers(work: Work, which: sa.ColumnElement[bool]) -> None:
    """Leave of these responses what adds up: score, day, Survey, channel, and choices made."""
    responses = work.session.scalars(
        sa.select(Response)
        .where(which)
        .order_by(Response.id)
        .with_for_update(of=Response)
        .execution_options(populate_existing=True)
    ).all()
    for response in responses:
        response.comment = response.said_to_be = response.language = ""
        response.quote_permission = None
        if response.marks.get("network"):
            response.marks = {**response.marks, "network": ""}
        # What is sent again from a page that still lies open is nothing of this answer's.
        response.submission_key = None
        if response.public_id is not None:
            response.public_id = new_public_id()
    work.session.flush()
    ids = [response.id for response in responses]
    work.session.execute(
        sa.update(ResponseRevision)
        .where(ResponseRevision.response_id.in_(ids))
        .values(comment="")
        .execution_options(synchronize_session=False)
    )
    _erase_written_answers(work, ids)


def erase_claims_to_be(work: Work, keys: set[str]) -> None:
    """Forget where somebody unproven gave one of these addresses as theirs."""
    work.session.execute(
        sa.update(Response)
        .where(Response.said_to_be != "", sa.func.lower(Response.said_to_be).in_(keys))
        .values(said_to_be="")
        .execution_options(synchronize_session=False)
    )


def erase_tasks(work: Work, which: sa.ColumnElement[bool], contact_id: int | None = None) -> None:
    """Close the tasks about these responses or this Contact, and forget what was said in them."""
    about: sa.ColumnElement[bool] = Task.response_id.in_(sa.select(Response.id).where(which))
    if contact_id is not None:
        about = sa.or_(about, Task.contact_id == contact_id)
    tasks = work.session.scalars(
        sa.select(Task)
        .where(about)
        .order_by(Task.id)
        .with_for_update(of=Task)
        .execution_options(populate_existing=True)
    ).all()
    closed_by = work.actor.id if work.actor.kind is ActorKind.USER else None
    for task in tasks:
        if task.state is not TaskState.CLOSED:
            task.close(work.now, closed_by, "")
            record(work, "task.closed", contact_id=task.contact_id, task_id=task.id)
        task.wishes = task.outcome = ""
    work.session.flush()


def _erase_written_answers(work: Work, response_ids: list[int]) -> None:
    """Delete what was written in answer to further questions; choices and scales are numbers."""
    answers = work.session.scalars(
        sa.select(ResponseAnswer).where(ResponseAnswer.response_id.in_(response_ids))
    ).all()
    for answer in answers:
        kept = {name: value for name, value in answer.value.items() if name != "text"}
        if not kept:
            work.session.delete(answer)
        elif kept != answer.value:
            answer.value = kept
    work.session.flush()
