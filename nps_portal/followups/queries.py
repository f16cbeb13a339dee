"""Reading tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.followups.models import Task, TaskState
from nps_portal.foundation.paging import Place, place_of

PAGE_SIZE = 30


@dataclass(frozen=True, kw_only=True)
class TaskPage:
    """One page of tasks, and its place among all of them."""

    tasks: Sequence[Task]
    place: Place


def task_page(session: Session, *, closed: bool, page: int) -> TaskPage:
    """Return the tasks that are to be done, the most urgent first, or the closed ones, latest."""
    query = sa.select(Task)
    if closed:
        query = query.where(Task.state == TaskState.CLOSED)
        query = query.order_by(Task.closed_at.desc(), Task.id.desc())
    else:
        query = query.where(Task.state != TaskState.CLOSED).order_by(Task.due_at, Task.id)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    place = place_of(page, size=PAGE_SIZE, total=total)
    rows = session.scalars(query.limit(place.size).offset(place.offset)).all()
    return TaskPage(tasks=rows, place=place)


def task_by_id(session: Session, task_id: int) -> Task | None:
    """Return a Task."""
    return session.get(Task, task_id)


def open_task_count(session: Session) -> int:
    """Return how many tasks are to be done."""
    return (
        session.scalar(
            sa.select(sa.func.count()).select_from(Task).where(Task.state != TaskState.CLOSED)
        )
        or 0
    )


def overdue_task_count(session: Session, now: datetime) -> int:
    """Return how many tasks should have been done by now."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Task)
            .where(Task.state != TaskState.CLOSED, Task.due_at < now)
        )
        or 0
    )


def tasks_of_response(session: Session, response_id: int) -> Sequence[Task]:
    """Return the tasks that an answer made, newest first."""
    return session.scalars(
        sa.select(Task).where(Task.response_id == response_id).order_by(Task.id.desc())
    ).all()
