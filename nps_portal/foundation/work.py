"""A unit of work: everything or nothing, by whom and when."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import db, writing


class ActorKind(enum.Enum):
    """What kind of someone acts."""

    USER = "user"
    CUSTOMER = "customer"
    WORKER = "worker"
    COMMAND_LINE = "command_line"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts; `id` is the User's or the Contact's, None for the rest."""

    kind: ActorKind
    id: int | None = None


WORKER = Actor(kind=ActorKind.WORKER)
COMMAND_LINE = Actor(kind=ActorKind.COMMAND_LINE)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A session inside an open transaction, the instant of the act, and the actor."""

    session: Session
    now: datetime
    actor: Actor


class NestedWork(RuntimeError):
    """A unit of work was opened inside another."""


_open: ContextVar[bool] = ContextVar("unit_of_work_open", default=False)


@contextmanager
def unit_of_work(actor: Actor) -> Iterator[Work]:
    """Open a transaction that commits everything at the end, or nothing after an error.

    :raises NestedWork: another unit is open; only edges open one.
    :raises DatabaseUnavailable: the database is locked, full, or cannot be reached.
    """
    if _open.get():
        raise NestedWork("a unit of work is already open")
    mark = _open.set(True)
    try:
        with writing(db.engine) as session:
            yield Work(session=session, now=current_clock().now(), actor=actor)
        # What was read before the change is stale now; the next read begins anew.
        db.session.rollback()
    finally:
        _open.reset(mark)
