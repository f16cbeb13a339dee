"""The one gate: may this Contact be asked this Survey now, and if not, why not.

Every path asks here: button, batch, schedule, trigger, reminder, command line and API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation, Reason
from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.foundation.database import UTCDateTime
from nps_portal.outbox.models import UNFINISHED, JournalledSend, Message, MessageState
from nps_portal.surveys.models import Survey

FLOOR = timedelta(hours=24)
COMPANY_WINDOW = timedelta(days=7)
CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How often one person or company may be asked; 0 switches a rule off, but not the floor."""

    days_between: int
    company_weekly_cap: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the gate knows of one Contact.

    `last_asked_at` covers all surveys; `company_id` is None for people without a company;
    `paused_until` is until when they wish not to be asked.
    """

    contact_id: int
    removed: bool
    suppression: SuppressionReason | None
    last_asked_at: datetime | None
    company_id: int | None
    paused_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a Contact may be asked; `reason` is None when yes."""

    contact_id: int
    reason: Reason | None


def may_be_asked(
    session: Session, contact_ids: Sequence[int], survey: Survey, now: datetime
) -> list[Decision]:
    """Decide for each of these contacts, in their order.

    Colleagues count against each other in that order: who comes first is asked.
    """
    rules = Rules(days_between=survey.days_between, company_weekly_cap=survey.company_weekly_cap)
    facts: dict[int, Facts] = {}
    asked: dict[int, int] = {}
    for start in range(0, len(contact_ids), CHUNK):
        chunk = _facts(session, contact_ids[start : start + CHUNK], now)
        facts |= chunk
        companies = {one.company_id for one in chunk.values() if one.company_id is not None}
        if rules.company_weekly_cap:
            asked |= _asked_this_week(session, companies - asked.keys(), now)
    return decide([facts[contact_id] for contact_id in contact_ids], asked, rules, now)


def may_be_reminded(session: Session, contact_ids: Sequence[int], now: datetime) -> set[int]:
    """Return who of these contacts may be sent a reminder of what they were asked.

    Cadence has let them be asked; what has come since, and the floor, hold for reminders too.
    """
    rules = Rules(days_between=0, company_weekly_cap=0)
    facts = _facts(session, contact_ids, now)
    decisions = decide([facts[contact_id] for contact_id in contact_ids], {}, rules, now)
    return {one.contact_id for one in decisions if one.reason is None}


def decide(
    facts: Sequence[Facts], asked_of_company: Mapping[int, int], rules: Rules, now: datetime
) -> list[Decision]:
    """Apply the rules to the facts; pure."""
    asked = dict(asked_of_company)
    decisions = []
    for one in facts:
        reason = _reason(one, rules, now)
        if reason is None and rules.company_weekly_cap and one.company_id is not None:
            if asked.get(one.company_id, 0) >= rules.company_weekly_cap:
                reason = Reason.COLLEAGUES_ASKED
            else:
                asked[one.company_id] = asked.get(one.company_id, 0) + 1
        decisions.append(Decision(contact_id=one.contact_id, reason=reason))
    return decisions


def _reason(facts: Facts, rules: Rules, now: datetime) -> Reason | None:
    if facts.removed:
        return Reason.REMOVED
    if facts.suppression is not None:
        return Reason(facts.suppression.value)
    if facts.paused_until is not None and facts.paused_until > now:
        return Reason.PAUSED
    if facts.last_asked_at is None:
        return None
    if now - facts.last_asked_at < FLOOR:
        return Reason.ASKED_TODAY
    if now - facts.last_asked_at < timedelta(days=rules.days_between):
        return Reason.ASKED_LATELY
    return None


def last_asked(contact_ids: Sequence[int]) -> sa.Select[int, datetime]:
    """Return the query of when each of these contacts was last asked.

    An invitation whose mail failed or was cancelled asked nobody; one whose mail still waits
    counts from its making.
    """
    return _last(contact_ids, sa.func.coalesce(Message.sent_at, Invitation.created_at))


def _last(
    contact_ids: Sequence[int], asked_at: sa.ColumnElement[datetime]
) -> sa.Select[int, datetime]:
    return (
        sa.select(Invitation.contact_id, sa.func.max(asked_at))
        .join(Message, Message.invitation_id == Invitation.id)
        .where(Invitation.contact_id.in_(contact_ids))
        .where(asked())
        .group_by(Invitation.contact_id)
    )


def _last_journalled(contact_ids: Sequence[int]) -> sa.Select[int | None, datetime]:
    """Return the query of when each was last asked by what a restored database has forgotten."""
    return (
        sa.select(JournalledSend.contact_id, sa.func.max(JournalledSend.sent_at))
        .where(JournalledSend.contact_id.in_(contact_ids))
        .group_by(JournalledSend.contact_id)
    )


def _facts(session: Session, contact_ids: Sequence[int], now: datetime) -> dict[int, Facts]:
    last_asks: dict[int, datetime] = {
        contact_id: at for contact_id, at in session.execute(_last(contact_ids, asked_at(now)))
    }
    for contact_id, at in session.execute(_last_journalled(contact_ids)):
        if contact_id is not None:
            last_asks[contact_id] = max(at, last_asks.get(contact_id, at))
    rows = session.execute(
        sa.select(
            Contact.id,
            Contact.removed_at,
            Contact.company_id,
            Contact.paused_until,
            Suppression.reason,
        )
        .outerjoin(Suppression, Suppression.email_key == Contact.email_key)
        .where(Contact.id.in_(contact_ids))
    )
    return {
        contact_id: Facts(
            contact_id=contact_id,
            removed=removed_at is not None,
            suppression=suppression,
            last_asked_at=last_asks.get(contact_id),
            company_id=company_id,
            paused_until=paused_until,
        )
        for contact_id, removed_at, company_id, paused_until, suppression in rows
    }


def _asked_this_week(session: Session, company_ids: set[int], now: datetime) -> dict[int, int]:
    """Return how many people of each company were asked within the last seven days."""
    counts = dict.fromkeys(company_ids, 0)
    if not company_ids:
        return counts
    rows = session.execute(
        sa.select(Contact.company_id, sa.func.count(sa.distinct(Contact.id)))
        .join(Invitation, Invitation.contact_id == Contact.id)
        .join(Message, Message.invitation_id == Invitation.id)
        .where(Contact.company_id.in_(company_ids))
        .where(asked_at(now) > now - COMPANY_WINDOW)
        .where(asked())
        .group_by(Contact.company_id)
    )
    return counts | {company_id: count for company_id, count in rows if company_id is not None}


def asked_at(now: datetime) -> sa.ColumnElement[datetime]:
    """Return when an invitation asks: now, while its mail waits.

    A send that was paused for long may be resumed at any moment; its people must not get
    another email just before.
    """
    return sa.case(
        (Message.state.in_(UNFINISHED), sa.literal(now, UTCDateTime())),
        else_=sa.func.coalesce(Message.sent_at, Invitation.created_at),
    )


def asked() -> sa.ColumnElement[bool]:
    """Return the condition that an invitation's mail has asked somebody, or still may."""
    return Message.state.not_in([MessageState.FAILED, MessageState.CANCELLED])
