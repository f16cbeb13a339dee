"""Running acts on many contacts: at once for few, by the worker for many."""

import threading

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.bulk.commands import go_on
from nps_portal.bulk.models import BulkAct, BulkKind, BulkState
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work

AT_ONCE = 5_000
ERASED_AT_ONCE = 20


def runs_at_once(act: BulkAct) -> bool:
    """Tell whether an act is small enough to wait for."""
    return act.total <= (ERASED_AT_ONCE if act.kind is BulkKind.ERASE else AT_ONCE)


def next_act_id(session: Session) -> int | None:
    """Return the oldest act that is not at its end."""
    return session.scalar(
        sa.select(BulkAct.id)
        .where(BulkAct.state != BulkState.FINISHED)
        .order_by(BulkAct.id)
        .limit(1)
    )


def act_by_id(session: Session, act_id: int) -> BulkAct | None:
    """Return an act as it is now."""
    return session.get(BulkAct, act_id, populate_existing=True)


def run_act(act_id: int, stopping: threading.Event | None = None) -> int:
    """Do the rest of an act in the name of who has confirmed it; return how many had their turn.

    Each piece stands by itself: a killed worker repeats nothing, and another one goes on.
    """
    user_id = reading().scalar(sa.select(BulkAct.created_by).where(BulkAct.id == act_id))
    reading().rollback()
    actor, done = Actor(kind=ActorKind.USER, id=user_id), 0
    while stopping is None or not stopping.is_set():
        with unit_of_work(actor) as work:
            piece = go_on(work, act_id)
        if not piece:
            break
        done += piece
    return done
