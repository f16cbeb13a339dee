"""Writing visits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.work import Work
from nps_portal.outbox.bounces import resolve_uncertain
from nps_portal.outbox.models import Message
from nps_portal.visits.models import Visit, VisitKind


@dataclass(frozen=True, kw_only=True)
class VisitFacts:
    """What a request tells of whoever sent it; `network` is the address cut to /24 or /48.

    `details` is what the page told of itself, as Visit describes it.
    """

    kind: VisitKind
    method: str
    network: str
    user_agent: str
    purpose: str
    score: int | None = None
    seconds_on_page: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def log_visit(work: Work, invitation_id: int, facts: VisitFacts) -> Visit:
    """Keep one opening of a link; it is evidence for later and changes nothing that counts.

    A link that was clicked shows that its email had left, whoever clicked it.
    """
    if facts.kind is VisitKind.SURVEY_PAGE and facts.score is not None:
        resolve_uncertain(work, invitation_id)
    visit = visit_of(work, invitation_id, facts)
    work.session.add(visit)
    return visit


def visit_of(work: Work, invitation_id: int, facts: VisitFacts) -> Visit:
    """Return an opening of a link with what is known of it, without keeping it."""
    left_at = _last_sent_at(work, invitation_id)
    return Visit(
        invitation_id=invitation_id,
        at=work.now,
        kind=facts.kind,
        method=facts.method,
        score=facts.score,
        network=facts.network,
        user_agent=facts.user_agent[:300],
        purpose=facts.purpose[:64],
        mail_domain=_mail_domain(work, invitation_id),
        seconds_since_sent=(work.now - left_at).total_seconds() if left_at else None,
        seconds_on_page=facts.seconds_on_page,
        details=dict(facts.details),
        verdict=None,
        marks={},
    )


def _last_sent_at(work: Work, invitation_id: int) -> datetime | None:
    """Return when the newest email with this link was taken: scanners visit after reminders too."""
    return work.session.scalar(
        sa.select(Message.sent_at)
        .where(Message.invitation_id == invitation_id, Message.sent_at.is_not(None))
        .order_by(Message.sent_at.desc())
        .limit(1)
    )


def _mail_domain(work: Work, invitation_id: int) -> str:
    address = work.session.scalar(
        sa.select(Contact.email_key)
        .join(Invitation, Invitation.contact_id == Contact.id)
        .where(Invitation.id == invitation_id)
    )
    return (address or "").rpartition("@")[2]
