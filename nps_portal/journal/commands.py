"""Writing an event down."""

from typing import Any

import sqlalchemy as sa

from nps_portal.foundation.work import Work
from nps_portal.journal.models import Event


def record(work: Work, kind: str, *, contact_id: int | None = None, **facts: Any) -> None:
    """Write down that something happened in this unit of work.

    `facts` are ids, numbers, states and dates (JSON); never a person's words or address.
    """
    record_for_all(work, kind, [contact_id], **facts)


def record_for_all(
    work: Work, kind: str, contact_ids: list[int] | list[int | None], **facts: Any
) -> None:
    """Write down that the same thing happened to each of these contacts."""
    if not contact_ids:
        return
    work.session.execute(
        sa.insert(Event),
        [
            {
                "at": work.now,
                "kind": kind,
                "actor_kind": work.actor.kind,
                "actor_id": work.actor.id,
                "contact_id": contact_id,
                "facts": facts,
            }
            for contact_id in contact_ids
        ],
    )
