"""Reading batches and invitations."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.queries import user_names
from nps_portal.batches.audience import CHUNK, Audience, audience_size, member_ids
from nps_portal.batches.eligibility import Decision, last_asked, may_be_asked
from nps_portal.batches.exclusion_files import ExcludedPerson
from nps_portal.batches.models import Batch, BatchState, Exclusion, Invitation, Reason
from nps_portal.contacts.models import Company, Contact
from nps_portal.foundation.tokens import Purpose, read_token
from nps_portal.outbox.models import UNFINISHED, MessageState
from nps_portal.outbox.queries import PROBLEMS, counts_by_content, counts_by_state, sent_since
from nps_portal.surveys.models import Survey

PAGE_SIZE = 30
PACE_WINDOW = timedelta(minutes=5)
PACE_MINIMUM = 10


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """Who would be asked now, and how many would not, by reason."""

    asked: int
    not_asked: tuple[tuple[Reason, int], ...]

    @property
    def total(self) -> int:
        """Return the size of the audience."""
        return self.asked + sum(count for _, count in self.not_asked)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a Batch stands, from the rows; `undecided` contacts have not been looked at yet."""

    batch: Batch
    by_state: dict[MessageState, int]
    excluded: tuple[tuple[Reason, int], ...]
    undecided: int

    @property
    def invited(self) -> int:
        """Return how many messages were made."""
        return sum(self.by_state.values())

    @property
    def waiting(self) -> int:
        """Return how many messages have neither left nor ended."""
        return sum(self.by_state.get(state, 0) for state in UNFINISHED)

    @property
    def done(self) -> int:
        """Return how many messages have left or ended."""
        return self.invited - self.waiting

    @property
    def not_asked(self) -> int:
        """Return how many contacts were left out."""
        return sum(count for _, count in self.excluded)

    def count(self, state: str) -> int:
        """Return how many messages are in the state of this name."""
        return self.by_state.get(MessageState(state), 0)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a Batch leaves, and when it would be done at that."""

    per_minute: float
    done_at: datetime


@dataclass(frozen=True, kw_only=True)
class BatchLine:
    """One Batch in the list; `scheduled_by` is empty for what no User has decided.

    `chosen` is how many contacts were chosen one by one, `segment` the name of a Segment.
    """

    batch: Batch
    chosen: int | None
    segment: str
    scheduled_by: str
    by_state: dict[MessageState, int]
    not_asked: int

    @property
    def invited(self) -> int:
        """Return how many messages were made."""
        return sum(self.by_state.values())

    @property
    def sent(self) -> int:
        """Return how many messages the mail server has taken."""
        return self.by_state.get(MessageState.SENT, 0)

    @property
    def troubles(self) -> int:
        """Return how many messages failed or are uncertain."""
        return sum(self.by_state.get(state, 0) for state in PROBLEMS)


def dry_run(session: Session, audience: Audience, survey: Survey, now: datetime) -> DryRun:
    """Decide for a whole audience without asking anybody."""
    asked, reasons = 0, Counter[Reason]()
    for decision in decisions(session, audience, survey, now):
        if decision.reason is None:
            asked += 1
        else:
            reasons[decision.reason] += 1
    return DryRun(asked=asked, not_asked=tuple(reasons.most_common()))


def decisions(
    session: Session, audience: Audience, survey: Survey, now: datetime
) -> Sequence[Decision]:
    """Return the gate's decision for everybody of an audience."""
    return may_be_asked(session, member_ids(session, audience, now), survey, now)


def batch_by_id(session: Session, batch_id: int) -> Batch | None:
    """Return a Batch."""
    return session.get(Batch, batch_id)


def batch_of_content(session: Session, content_id: int) -> Batch | None:
    """Return the Batch that sends a frozen email."""
    return session.scalar(sa.select(Batch).where(Batch.content_id == content_id))


def batch_count(session: Session) -> int:
    """Return how many batches there are."""
    return session.scalar(sa.select(sa.func.count()).select_from(Batch)) or 0


def batch_lines(session: Session, limit: int, offset: int = 0) -> list[BatchLine]:
    """Return batches with their counts, newest first, without as many as `offset` says."""
    batches = session.scalars(
        sa.select(Batch).order_by(Batch.id.desc()).limit(limit).offset(offset)
    ).all()
    counts = counts_by_content(session, [batch.content_id for batch in batches])
    excluded: dict[int, int] = dict(
        session.execute(
            sa.select(Exclusion.batch_id, sa.func.count())
            .where(Exclusion.batch_id.in_([batch.id for batch in batches]))
            .group_by(Exclusion.batch_id)
        ).all()
    )
    names = user_names(session, [batch.created_by for batch in batches if batch.created_by])
    return [
        BatchLine(
            batch=batch,
            chosen=chosen_count(batch),
            segment=Audience.of(batch.audience).segment_name,
            scheduled_by=names.get(batch.created_by or 0, ""),
            by_state=counts.get(batch.content_id, {}),
            not_asked=excluded.get(batch.id, 0),
        )
        for batch in batches
    ]


def chosen_count(batch: Batch) -> int | None:
    """Return how many contacts were chosen for a Batch one by one, None for any other audience."""
    chosen = Audience.of(batch.audience).contact_ids
    return None if chosen is None else len(chosen)


def chosen_contacts(session: Session, audience: Audience, limit: int = 12) -> Sequence[Contact]:
    """Return the first of the chosen contacts by name; of everybody, none."""
    if audience.contact_ids is None:
        return []
    return session.scalars(
        sa.select(Contact)
        .where(Contact.id.in_(audience.contact_ids))
        .order_by(Contact.name, Contact.id)
        .limit(limit)
    ).all()


def progress(session: Session, batch: Batch, now: datetime) -> Progress:
    """Return where a Batch stands."""
    excluded = session.execute(
        sa.select(Exclusion.reason, sa.func.count())
        .where(Exclusion.batch_id == batch.id)
        .group_by(Exclusion.reason)
        .order_by(sa.func.count().desc())
    )
    reasons = tuple((reason, count) for reason, count in excluded)
    by_state = counts_by_state(session, batch.content_id)
    decided = sum(by_state.values()) + sum(count for _, count in reasons)
    size = decided
    if batch.planned_at is None and batch.finished_at is None:
        size = audience_size(session, batch, decided, now)
    return Progress(
        batch=batch, by_state=by_state, excluded=reasons, undecided=max(0, size - decided)
    )


def pace(session: Session, at: Progress, now: datetime) -> Pace | None:
    """Return how fast a Batch leaves, or None while too little has left lately to say."""
    batch = at.batch
    if batch.state is not BatchState.RUNNING or batch.started_at is None or not at.waiting:
        return None
    since = max(now - PACE_WINDOW, batch.started_at)
    sent = sent_since(session, batch.content_id, since)
    minutes = (now - since) / timedelta(minutes=1)
    if sent < PACE_MINIMUM or minutes < 0.5 or at.undecided:
        return None
    per_minute = sent / minutes
    return Pace(per_minute=per_minute, done_at=now + timedelta(minutes=at.waiting / per_minute))


def excluded_people(session: Session, batch_id: int) -> list[ExcludedPerson]:
    """Return everybody whom a Batch did not ask, in the order in which it was decided."""
    found = session.execute(
        _people()
        .add_columns(Exclusion.reason)
        .join(Exclusion, Exclusion.contact_id == Contact.id)
        .where(Exclusion.batch_id == batch_id)
        .order_by(Exclusion.id)
    )
    return [
        ExcludedPerson(name=name, email=email, company=company or "", reason=reason)
        for _, name, email, company, reason in found
    ]


def people_to_exclude(
    session: Session, audience: Audience, survey: Survey, now: datetime
) -> list[ExcludedPerson]:
    """Return everybody of an audience who would not be asked, as `dry_run` decides."""
    reasons = {
        decision.contact_id: decision.reason
        for decision in decisions(session, audience, survey, now)
        if decision.reason is not None
    }
    ids = list(reasons)
    people = []
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        for contact_id, name, email, company in session.execute(
            _people().where(Contact.id.in_(chunk)).order_by(Contact.id)
        ):
            people.append(
                ExcludedPerson(
                    name=name, email=email, company=company or "", reason=reasons[contact_id]
                )
            )
    return people


def _people() -> sa.Select[int, str, str, str]:
    return sa.select(Contact.id, Contact.name, Contact.email, Company.name).outerjoin(
        Company, Company.id == Contact.company_id
    )


def invitation_by_public_id(session: Session, public_id: str) -> Invitation | None:
    """Return the Invitation that a token names."""
    return session.scalar(sa.select(Invitation).where(Invitation.public_id == public_id))


def named_invitation(session: Session, purpose: Purpose, token: str) -> Invitation | None:
    """Return the Invitation that a token of this purpose names, None for any other text."""
    public_id = read_token(purpose, token)
    return None if public_id is None else invitation_by_public_id(session, public_id)


def last_asked_at(session: Session, contact_id: int) -> datetime | None:
    """Return when a Contact was last asked, None when never."""
    row = session.execute(last_asked([contact_id])).first()
    return row[1] if row else None
