"""Reading batches and invitations."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.audience import CHUNK, Audience, member_ids
from nps_portal.batches.eligibility import Decision, last_asked, may_be_asked
from nps_portal.batches.models import Batch, Exclusion, Invitation, Reason
from nps_portal.outbox.models import UNFINISHED, MessageState
from nps_portal.outbox.queries import counts_by_state
from nps_portal.surveys.models import Survey

PAGE_SIZE = 30


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
) -> list[Decision]:
    """Return the gate's decision for everybody of an audience."""
    ids = member_ids(session, audience, now)
    found: list[Decision] = []
    for start in range(0, len(ids), CHUNK):
        found += may_be_asked(session, ids[start : start + CHUNK], survey, now)
    return found


def batch_by_id(session: Session, batch_id: int) -> Batch | None:
    """Return a Batch."""
    return session.get(Batch, batch_id)


def recent_batches(session: Session, limit: int = PAGE_SIZE) -> Sequence[Batch]:
    """Return the last batches, newest first."""
    return session.scalars(sa.select(Batch).order_by(Batch.id.desc()).limit(limit)).all()


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
        size = len(member_ids(session, Audience.of(batch.audience), batch.started_at or now))
    return Progress(
        batch=batch, by_state=by_state, excluded=reasons, undecided=max(0, size - decided)
    )


def exclusions(session: Session, batch_id: int) -> Sequence[Exclusion]:
    """Return everybody whom a Batch did not ask, by name."""
    return session.scalars(
        sa.select(Exclusion).where(Exclusion.batch_id == batch_id).order_by(Exclusion.id)
    ).all()


def invitation_by_public_id(session: Session, public_id: str) -> Invitation | None:
    """Return the Invitation that a token names."""
    return session.scalar(sa.select(Invitation).where(Invitation.public_id == public_id))


def last_asked_at(session: Session, contact_id: int) -> datetime | None:
    """Return when a Contact was last asked, None when never."""
    row = session.execute(last_asked([contact_id])).first()
    return row[1] if row else None
