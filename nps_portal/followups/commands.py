"""Writing tasks."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from nps_portal.followups.models import Task, TaskKind, TaskState
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.responses.revising import locked_response

CALL_WITHIN = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class CallWishes:
    """What a customer says who wants to be called; `times` are their words for when it suits."""

    phone: str
    times: tuple[str, ...] = ()
    about: str = ""


def ask_for_call(work: Work, response_id: int, wishes: CallWishes) -> Task:
    """Make the Task of calling a customer; what is wished later goes above what was wished before.

    The same wishes again change nothing.

    :raises ContactErased: who asks has been erased meanwhile.
    """
    response = locked_response(work, response_id)
    task = work.session.scalar(
        sa.select(Task)
        .where(Task.response_id == response_id, Task.kind == TaskKind.CALL)
        .where(Task.state != TaskState.CLOSED)
    )
    said = "\n".join(part for part in (wishes.phone, *wishes.times, wishes.about) if part)
    if task is None:
        task = Task(
            kind=TaskKind.CALL,
            state=TaskState.OPEN,
            contact_id=response.contact_id,
            response_id=response_id,
            title="Call back",
            wishes=said,
            due_at=work.now + CALL_WITHIN,
            created_at=work.now,
        )
        work.session.add(task)
    elif f"{task.wishes}\n\n".startswith(f"{said}\n\n"):
        return task
    else:
        task.wishes = "\n\n".join(text for text in (said, task.wishes) if text)
    work.session.flush()
    record(
        work,
        "task.opened",
        contact_id=response.contact_id,
        task_id=task.id,
        response_id=response_id,
    )
    return task


def start_task(work: Work, task_id: int) -> None:
    """Say that somebody is at a Task.

    :raises TaskIsClosed: it has been closed.
    """
    task = work.session.get_one(Task, task_id, with_for_update={"of": Task})
    if task.state is not TaskState.IN_PROGRESS:
        task.start()
        record(work, "task.started", contact_id=task.contact_id, task_id=task_id)


def close_task(work: Work, task_id: int, outcome: str) -> None:
    """End a Task with what came of it.

    :raises TaskIsClosed: it has been closed.
    """
    task = work.session.get_one(Task, task_id, with_for_update={"of": Task})
    task.close(work.now, work.actor.id, outcome)
    record(work, "task.closed", contact_id=task.contact_id, task_id=task_id)
