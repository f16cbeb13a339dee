"""The visit book: openings that come at the same moment are written down in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.shared_work import SharedWork
from nps_portal.foundation.work import Actor, ActorKind, Work
from nps_portal.outbox.bounces import resolve_uncertain
from nps_portal.outbox.models import Message, MessageState
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.models import Visit, VisitKind

# The reader is one of several, so the actor is a customer without a name.
READERS = Actor(kind=ActorKind.CUSTOMER)
INSERT = sa.insert(Visit.__table__)  # type: ignore[arg-type]  # a declared table is a Table
_OF_INVITATION = Message.invitation_id == Invitation.id
_UNSURE = Message.state.in_([MessageState.UNCERTAIN, MessageState.QUEUED])
# A row with the columns of `KNOWN`, whatever stands before them.
KnownRow = sa.Row[*tuple[Any, ...]]
# What a visit tells of its Invitation: put it into a SELECT of Invitation and Contact.
KNOWN = (
    Contact.email_key,
    sa.select(sa.func.max(Message.sent_at))
    .where(_OF_INVITATION)
    .scalar_subquery()
    .label("last_sent_at"),
    sa.exists().where(_OF_INVITATION, _UNSURE).label("is_unsure"),
)
_KNOWN_BY_ID = (
    sa.select(Invitation.id, *KNOWN)
    .join(Contact, Contact.id == Invitation.contact_id)
    .where(Invitation.id.in_(sa.bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, kw_only=True)
class Slip:
    """One opening that is to be written."""

    invitation_id: int
    facts: VisitFacts
    at: datetime
    known: KnownRow | None = None


class VisitBook:
    """Where the threads of one process write their visits."""

    def __init__(self) -> None:
        self._shared = SharedWork[Slip](READERS, write_visits)

    def write(self, invitation_id: int, facts: VisitFacts, at: datetime) -> None:
        """Keep one opening of a link; on return it is safe.

        :raises DatabaseUnavailable: it could not be written now.
        """
        self._shared.add(Slip(invitation_id=invitation_id, facts=facts, at=at))


def write_visits(work: Work, slips: Sequence[Slip]) -> None:
    """Keep openings; of Invitations that there are no more, none is kept."""
    known = _known(work, {slip.invitation_id for slip in slips if slip.known is None})
    rows = []
    for slip in slips:
        about = slip.known or known.get(slip.invitation_id)
        if about is None:
            continue
        chosen = slip.facts.kind is VisitKind.SURVEY_PAGE and slip.facts.score is not None
        if about.is_unsure and chosen:
            resolve_uncertain(work, slip.invitation_id)
        rows.append(visit_row(slip, about))
    if rows:
        work.session.connection().execute(INSERT, rows)


def _known(work: Work, invitation_ids: set[int]) -> dict[int, KnownRow]:
    if not invitation_ids:
        return {}
    # On the connection itself: the ORM would take longer than the database.
    rows = work.session.connection().execute(_KNOWN_BY_ID, {"ids": sorted(invitation_ids)})
    return {row.id: row for row in rows}


def visit_row(slip: Slip, known: KnownRow) -> dict[str, Any]:
    """Return a visit as its table keeps it."""
    facts = slip.facts
    return {
        "invitation_id": slip.invitation_id,
        "at": slip.at,
        "kind": facts.kind,
        "method": facts.method,
        "score": facts.score,
        "network": facts.network,
        "user_agent": facts.user_agent[:300],
        "purpose": facts.purpose[:64],
        "mail_domain": known.email_key.rpartition("@")[2],
        "seconds_since_sent": (
            (slip.at - known.last_sent_at).total_seconds()
            if known.last_sent_at is not None
            else None
        ),
        "seconds_on_page": facts.seconds_on_page,
        "details": dict(facts.details),
        "verdict": None,
        "marks": {},
    }
