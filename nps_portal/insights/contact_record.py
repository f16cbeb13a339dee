"""What is known of one Contact, gathered for its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.queries import user_names
from nps_portal.batches.eligibility import FLOOR, may_be_asked
from nps_portal.batches.models import Invitation, Reason
from nps_portal.batches.queries import last_asked_at
from nps_portal.contacts.aliases import ids_of_person
from nps_portal.contacts.changes import changes_of
from nps_portal.contacts.models import (
    Contact,
    Property,
    PropertyKind,
    PropertyValue,
    Suppression,
    Tag,
    Trend,
)
from nps_portal.contacts.properties import properties, values_of
from nps_portal.contacts.queries import suppression_of
from nps_portal.contacts.tags import tags_of
from nps_portal.followups.models import Task
from nps_portal.insights.charts import SparkLine, spark_line
from nps_portal.insights.timeline import Link, TimelineEntry, timeline
from nps_portal.insights.timeline_changes import told_of
from nps_portal.journal.queries import events_of_contacts
from nps_portal.responses.models import Evidence, Response, ResponseState
from nps_portal.responses.queries import responses_of_contact
from nps_portal.responses.standings import threshold_in_force
from nps_portal.responses.trends import Given, trend_of, trend_words
from nps_portal.surveys.models import Survey
from nps_portal.surveys.queries import active_surveys
from nps_portal.visits.models import Visit

SHOWN_SCORES = 5
MOST_EVENTS = 200


@dataclass(frozen=True, kw_only=True)
class NextSurvey:
    """Whether a Contact may be asked a Survey now; if not, why, and from when on.

    `from_when` is None where waiting changes nothing, or nobody can say.
    """

    survey: Survey
    reason: Reason | None
    last_asked: datetime | None
    from_when: datetime | None


@dataclass(frozen=True, kw_only=True)
class PropertyLine:
    """What one property holds of a Contact, ready to be shown."""

    name: str
    kind: PropertyKind
    value: str | date | Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class Story:
    """A stretch of a Contact's timeline; `older_until` is where it goes on, None at its end."""

    entries: Sequence[TimelineEntry]
    older_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class ContactRecord:
    """One Contact's page; `given` are the last counted scores, oldest first.

    `latest` is the last answer, or the last click of somebody who has never sent one. `owner` is
    the name of the User who looks after them, `older_until` where the timeline goes on, None at
    its end.
    """

    contact: Contact
    suppression: Suppression | None
    latest: Response | None
    given: Sequence[Given]
    trend: Trend | None
    trend_words: str
    spark: SparkLine
    owner: str
    tags: Sequence[Tag]
    properties: Sequence[PropertyLine]
    next_surveys: Sequence[NextSurvey]
    tasks: Sequence[Task]
    story: Story

    @property
    def may_be_asked(self) -> bool:
        """Tell whether any Survey may be sent now."""
        return any(one.reason is None for one in self.next_surveys)


def contact_record(
    session: Session, contact: Contact, now: datetime, story: Story
) -> ContactRecord:
    """Gather what is known of a Contact."""
    responses = responses_of_contact(session, contact.id)
    counted = [one for one in responses if one.state is ResponseState.COUNTED]
    given = [Given(at=one.answered_at, score=one.score) for one in counted[:SHOWN_SCORES][::-1]]
    sent = [one for one in responses if one.evidence is Evidence.SUBMITTED]
    threshold = threshold_in_force(session)
    trend = trend_of(given, threshold)
    owner_ids = [contact.owner_id] if contact.owner_id else []
    return ContactRecord(
        contact=contact,
        suppression=suppression_of(session, contact.email_key),
        latest=next(iter([*sent, *responses]), None),
        given=given,
        trend=trend,
        trend_words=trend_words(trend, threshold),
        spark=spark_line([one.score for one in given]),
        owner=user_names(session, owner_ids).get(contact.owner_id or 0, ""),
        tags=tags_of(session, [contact.id]).get(contact.id, []),
        properties=_property_lines(session, contact.id),
        next_surveys=[
            next_survey(session, contact.id, survey, now) for survey in active_surveys(session)[:5]
        ],
        tasks=tasks_of_contact(session, contact.id),
        story=story,
    )


def story_of(session: Session, contact_id: int, link: Link, until: datetime | None = None) -> Story:
    """Return the timeline up to an instant, or its end.

    Where more was found than is shown, it ends at an instant whose entries all stand on the next
    stretch, so that nothing falls between the two.
    """
    ids = ids_of_person(session, contact_id)
    events = events_of_contacts(session, ids, MOST_EVENTS, until)
    visits = visits_of_contact(session, ids, until=until)
    changes = changes_of(session, ids, MOST_EVENTS, until)
    oldest = [rows[-1].at for rows in (events, visits, changes) if len(rows) == MOST_EVENTS]
    cut = max(oldest, default=None)
    if cut is not None and cut == until:
        # So many at one instant cannot be told apart: they are shown, and the rest after them.
        cut -= timedelta(microseconds=1)
    events = [
        event
        for event in events
        # A merge is told once, by the record that stayed.
        if (cut is None or event.at > cut) and "into_id" not in event.facts
    ]
    names = user_names(session, [event.actor_id for event in events if event.actor_id])
    told = told_of(session, events, [one for one in changes if cut is None or one.at > cut])
    entries = timeline(
        events,
        [visit for visit in visits if cut is None or visit.at > cut],
        names,
        link,
        told.texts,
    )
    entries = sorted([*entries, *told.entries], key=lambda entry: entry.at, reverse=True)
    return Story(entries=entries, older_until=cut)


def next_survey(session: Session, contact_id: int, survey: Survey, now: datetime) -> NextSurvey:
    """Ask the gate about one Contact, and say from when on it opens."""
    [decision] = may_be_asked(session, [contact_id], survey, now)
    asked_at = last_asked_at(session, contact_id)
    waits = decision.reason in (Reason.ASKED_TODAY, Reason.ASKED_LATELY)
    pause = max(FLOOR, timedelta(days=survey.days_between))
    return NextSurvey(
        survey=survey,
        reason=decision.reason,
        last_asked=asked_at,
        from_when=asked_at + pause if waits and asked_at else None,
    )


def visits_of_contact(
    session: Session,
    contact_ids: Sequence[int],
    limit: int = MOST_EVENTS,
    until: datetime | None = None,
) -> Sequence[Visit]:
    """Return the last openings of a Contact's links, up to an instant, newest first."""
    query = (
        sa.select(Visit)
        .join(Invitation, Invitation.id == Visit.invitation_id)
        .where(Invitation.contact_id.in_(contact_ids))
    )
    if until is not None:
        query = query.where(Visit.at <= until)
    return session.scalars(query.order_by(Visit.at.desc(), Visit.id.desc()).limit(limit)).all()


def _property_lines(session: Session, contact_id: int) -> list[PropertyLine]:
    held = values_of(session, [contact_id]).get(contact_id, {})
    return [
        PropertyLine(
            name=one.name, kind=one.kind, value=_value(one, held[one.id]), currency=one.currency
        )
        for one in properties(session)
        if one.id in held
    ]


def _value(which: Property, held: PropertyValue) -> str | date | Decimal:
    if which.kind is PropertyKind.DATE:
        return date.fromisoformat(held.text)
    return held.text if held.number is None else held.number


def tasks_of_contact(session: Session, contact_id: int, limit: int = 10) -> Sequence[Task]:
    """Return the last tasks about a Contact, newest first."""
    return session.scalars(
        sa.select(Task).where(Task.contact_id == contact_id).order_by(Task.id.desc()).limit(limit)
    ).all()
