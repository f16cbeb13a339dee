"""How many of an audience would be asked, worked out by the database for all of them at once.

It says the same as the gate in `eligibility.py`, which decides for each when the send runs; tests
compare the two.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.audience import Audience, first_ids, members_query
from nps_portal.batches.eligibility import COMPANY_WINDOW, FLOOR, asked, asked_at, may_be_asked
from nps_portal.batches.models import Invitation, Reason
from nps_portal.batches.queries import DryRun
from nps_portal.contacts.models import Contact, Suppression
from nps_portal.foundation.database import UTCDateTime
from nps_portal.outbox.models import JournalledSend, Message
from nps_portal.surveys.models import Survey

# So many are judged one by one before the page is shown.
AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What the gate says of the first of an audience; `is_all` where there are no others."""

    dry: DryRun
    is_all: bool


def first_judged(session: Session, audience: Audience, survey: Survey, now: datetime) -> Beginning:
    """Judge the first of an audience, in the order in which they would be asked."""
    first = first_ids(session, audience, now, AT_ONCE)
    reasons = [one.reason for one in may_be_asked(session, first.ids, survey, now)]
    counts = Counter(reason for reason in reasons if reason is not None)
    dry = DryRun(asked=reasons.count(None), not_asked=tuple(counts.most_common()))
    return Beginning(dry=dry, is_all=first.is_all)


def all_judged(session: Session, audience: Audience, survey: Survey, now: datetime) -> DryRun:
    """Judge a whole audience without asking anybody."""
    last = _last_asked(now)
    reason = _reason(last.c.at, survey, now).label("reason")
    # Colleagues count against each other, so those who may be asked are counted by company.
    company = sa.case((reason.is_(None), Contact.company_id)).label("company")
    judged = (
        members_query(session, audience, now)
        .with_only_columns(reason, company)
        .outerjoin(Suppression, Suppression.email_key == Contact.email_key)
        .outerjoin(last, last.c.contact_id == Contact.id)
        .subquery()
    )
    rows = session.execute(
        sa.select(judged.c.reason, judged.c.company, sa.func.count()).group_by(
            judged.c.reason, judged.c.company
        )
    )
    cap = survey.company_weekly_cap
    this_week = _asked_this_week(session, now) if cap else {}
    counts: Counter[Reason | None] = Counter()
    for found, company_id, people in rows:
        left = max(0, cap - this_week.get(company_id, 0)) if cap and company_id else people
        may = people if found is not None else min(people, left)
        counts[Reason(found) if found else None] += may
        counts[Reason.COLLEAGUES_ASKED] += people - may
    asked_people = counts.pop(None, 0)
    return DryRun(
        asked=asked_people,
        not_asked=tuple((one, n) for one, n in counts.most_common() if one is not None and n),
    )


def _reason(last: sa.ColumnElement[Any], survey: Survey, now: datetime) -> sa.Case[Any]:
    """Return why one Contact is not asked, in the order in which the gate looks; NULL for asked."""
    lately = now - timedelta(days=survey.days_between)
    return sa.case(
        (Contact.removed_at.is_not(None), Reason.REMOVED.value),
        (Suppression.reason.is_not(None), sa.cast(Suppression.reason, sa.String)),
        (Contact.paused_until > now, Reason.PAUSED.value),
        (last > sa.literal(now - FLOOR, UTCDateTime()), Reason.ASKED_TODAY.value),
        (last > sa.literal(lately, UTCDateTime()), Reason.ASKED_LATELY.value),
    )


def _last_asked(now: datetime) -> sa.Subquery:
    """Return when each Contact was last asked, by messages and by what a restore has forgotten."""
    both = sa.union_all(
        sa.select(Invitation.contact_id.label("contact_id"), asked_at(now).label("at"))
        .join(Message, Message.invitation_id == Invitation.id)
        .where(asked()),
        sa.select(JournalledSend.contact_id, JournalledSend.sent_at).where(
            JournalledSend.contact_id.is_not(None)
        ),
    ).subquery()
    last = sa.func.max(both.c.at, type_=UTCDateTime()).label("at")
    return sa.select(both.c.contact_id, last).group_by(both.c.contact_id).subquery()


def _asked_this_week(session: Session, now: datetime) -> dict[int, int]:
    """Return how many people of each company were asked within the last seven days."""
    people = (
        sa.select(Invitation.contact_id)
        .join(Message, Message.invitation_id == Invitation.id)
        .where(asked_at(now) > now - COMPANY_WINDOW, asked())
        .distinct()
        .subquery()
    )
    rows = session.execute(
        sa.select(Contact.company_id, sa.func.count())
        .join(people, people.c.contact_id == Contact.id)
        .where(Contact.company_id.is_not(None))
        .group_by(Contact.company_id)
    )
    return {company_id: count for company_id, count in rows if company_id is not None}
