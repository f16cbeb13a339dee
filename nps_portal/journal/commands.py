"""Writing an event down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nps_portal.foundation.bulk import Span, insert_for_span, insert_rows
from nps_portal.foundation.work import Actor, Work
from nps_portal.journal.models import Event


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that somebody did, and when; `contact_id` is to whom it happened."""

    at: datetime
    actor: Actor
    contact_id: int | None
    facts: Mapping[str, Any]


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


def record_for_span(work: Work, kind: str, span: Span, **facts: Any) -> None:
    """Write down that the same thing happened to each contact of a span of ids."""
    actor = work.actor
    same = {"at": work.now, "kind": kind, "actor_kind": actor.kind, "actor_id": actor.id}
    insert_for_span(work.session, Event, "contact_id", span, same | {"facts": facts})


def record_facts(
    work: Work, kind: str, happened: Sequence[tuple[int | None, Mapping[str, Any]]]
) -> None:
    """Write down that something of one kind happened several times: to whom, and the facts."""
    record_acts(
        work,
        kind,
        [
            Act(at=work.now, actor=work.actor, contact_id=contact_id, facts=facts)
            for contact_id, facts in happened
        ],
    )


def record_acts(work: Work, kind: str, acts: Sequence[Act]) -> None:
    """Write down what several have done in a unit of work that they share."""
    if not acts:
        return
    # Past the ORM, which would take three times as long: delivery writes one for each message.
    insert_rows(
        work.session,
        Event,
        ("at", "kind", "actor_kind", "actor_id", "contact_id", "facts"),
        [(act.at, kind, act.actor.kind, act.actor.id, act.contact_id, act.facts) for act in acts],
    )
