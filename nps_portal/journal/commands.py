"""Writing an event down."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from nps_portal.foundation.work import Work
from nps_portal.journal.models import Event

_INSERT = sa.insert(Event.__table__)  # type: ignore[arg-type]  # a declared table is a Table


def record(work: Work, kind: str, *, contact_id: int | None = None, **facts: Any) -> None:
    """Write down that something happened in this unit of work.

    `facts` are ids, numbers, states and dates (JSON); never a person's words or address.
    """
    record_for_all(work, kind, [contact_id], **facts)


def record_for_all(
    work: Work, kind: str, contact_ids: list[int] | list[int | None], **facts: Any
) -> None:
    """Write down that the same thing happened to each of these contacts."""
    record_facts(work, kind, [(contact_id, facts) for contact_id in contact_ids])


def record_facts(
    work: Work, kind: str, happened: Sequence[tuple[int | None, Mapping[str, Any]]]
) -> None:
    """Write down that something of one kind happened several times: to whom, and the facts."""
    if not happened:
        return
    # Past the ORM, which would take three times as long: delivery writes one for each message.
    work.session.connection().execute(
        _INSERT,
        [
            {
                "at": work.now,
                "kind": kind,
                "actor_kind": work.actor.kind,
                "actor_id": work.actor.id,
                "contact_id": contact_id,
                "facts": facts,
            }
            for contact_id, facts in happened
        ],
    )
