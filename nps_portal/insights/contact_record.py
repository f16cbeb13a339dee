"""What is known of one Contact, gathered for its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.queries import user_names
from nps_portal.batches.eligibility import FLOOR, may_be_asked
from nps_portal.batches.models import Invitation, Reason
from nps_portal.batches.queries import last_asked_at
from nps_portal.contacts.models import Contact, Suppression
from nps_portal.contacts.queries import suppression_of
from nps_portal.followups.models import Task
from nps_portal.insights.charts import SparkLine, spark_line
from nps_portal.insights.timeline import Link, TimelineEntry, timeline
from nps_portal.journal.queries import events_of_contact
from nps_portal.responses.models import Evidence, Response, ResponseState
from nps_portal.responses.queries import responses_of_contact
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
class ContactRecord:
    """One Contact's page; `scores` are the last counted ones, oldest first.

    `latest` is the last answer, or the last click of somebody who has never sent one.
    """

    contact: Contact
    suppression: Suppression | None
    latest: Response | None
    scores: Sequence[int]
    spark: SparkLine
    next_surveys: Sequence[NextSurvey]
    tasks: Sequence[Task]
    entries: Sequence[TimelineEntry]
    has_older: bool

    @property
    def may_be_asked(self) -> bool:
        """Tell whether any Survey may be sent now."""
        return any(one.reason is None for one in self.next_surveys)


def contact_record(session: Session, contact: Contact, now: datetime, link: Link) -> ContactRecord:
    """Gather what is known of a Contact."""
    responses = responses_of_contact(session, contact.id)
    counted = [one.score for one in responses if one.state is ResponseState.COUNTED]
    scores = counted[:SHOWN_SCORES][::-1]
    events = events_of_contact(session, contact.id, MOST_EVENTS)
    visits = visits_of_contact(session, contact.id)
    sent = [one for one in responses if one.evidence is Evidence.SUBMITTED]
    names = user_names(session, [event.actor_id for event in events if event.actor_id])
    return ContactRecord(
        contact=contact,
        suppression=suppression_of(session, contact.email_key),
        latest=next(iter([*sent, *responses]), None),
        scores=scores,
        spark=spark_line(scores),
        next_surveys=[
            next_survey(session, contact.id, survey, now) for survey in active_surveys(session)[:5]
        ],
        tasks=tasks_of_contact(session, contact.id),
        entries=timeline(events, visits, names, link),
        has_older=len(events) == MOST_EVENTS or len(visits) == MOST_EVENTS,
    )


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
    session: Session, contact_id: int, limit: int = MOST_EVENTS
) -> Sequence[Visit]:
    """Return the last openings of a Contact's links, newest first."""
    return session.scalars(
        sa.select(Visit)
        .join(Invitation, Invitation.id == Visit.invitation_id)
        .where(Invitation.contact_id == contact_id)
        .order_by(Visit.id.desc())
        .limit(limit)
    ).all()


def tasks_of_contact(session: Session, contact_id: int, limit: int = 10) -> Sequence[Task]:
    """Return the last tasks about a Contact, newest first."""
    return session.scalars(
        sa.select(Task).where(Task.contact_id == contact_id).order_by(Task.id.desc()).limit(limit)
    ).all()
