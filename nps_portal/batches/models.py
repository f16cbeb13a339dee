"""Batches, invitations, and who was not asked."""

import enum
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import Model, enum_type
from nps_portal.foundation.errors import PortalError
from nps_portal.surveys.models import Survey

# A portal that was switched off, or a restored copy of one, must not mail on old orders.
LATENESS_LIMIT = timedelta(hours=6)


class BatchState(enum.Enum):
    """Where a Batch stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Reason(enum.Enum):
    """Why a Contact is not asked."""

    REMOVED = "removed"
    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    ERASED = "erased"
    BLOCKED_BY_HAND = "blocked_by_hand"
    ASKED_TODAY = "asked_today"
    ASKED_LATELY = "asked_lately"
    COLLEAGUES_ASKED = "colleagues_asked"
    PAUSED = "paused"

    @property
    def words(self) -> str:
        """Return the reason as an owner reads it."""
        return _WORDS[self]


_WORDS = {
    Reason.REMOVED: "was removed from your contacts",
    Reason.UNSUBSCRIBED: "has unsubscribed",
    Reason.HARD_BOUNCE: "the address does not exist (an earlier email came back)",
    Reason.COMPLAINT: "has reported an earlier email as spam",
    Reason.ERASED: "has asked to be erased",
    Reason.BLOCKED_BY_HAND: "was blocked by hand",
    Reason.ASKED_TODAY: "was asked within the last 24 hours, or is being asked now",
    Reason.ASKED_LATELY: "was asked not long ago",
    Reason.PAUSED: "has asked for a pause",
    Reason.COLLEAGUES_ASKED: "enough colleagues at the same company were asked this week",
}


class WrongState(PortalError):
    """The Batch is in a state from which this act is not possible."""


class Batch(Model):
    """One send of a Survey to an audience.

    `audience` is `{"kind": "all"}`, `{"kind": "contacts", "ids": [...]}` or `{"kind": "segment",
    "id": 5, "name": "…", "rules": {…}}`, with the rules as they were when it was decided.
    `planned_at` is set when every Contact of the audience has an Invitation or an Exclusion.
    `reminder_content_id` is
    the email of its reminders, None until the first is due.
    """

    __tablename__ = "batches"
    __table_args__ = (sa.Index("ix_batches_state_scheduled_at", "state", "scheduled_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(sa.ForeignKey("surveys.id"))
    content_id: Mapped[int] = mapped_column(sa.ForeignKey("email_contents.id"), unique=True)
    reminder_content_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(sa.String(120))
    audience: Mapped[dict[str, Any]]
    state: Mapped[BatchState] = mapped_column(enum_type(BatchState))
    scheduled_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    planned_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]

    survey: Mapped[Survey] = relationship(lazy="joined", innerjoin=True)

    @property
    def was_late(self) -> bool:
        """Tell whether its time had long passed at its start, so that it waits for a word."""
        if self.started_at is None:
            return False
        return self.started_at - self.scheduled_at > LATENESS_LIMIT

    def pause(self) -> None:
        """Let nothing more leave until it is resumed."""
        self._become(BatchState.PAUSED, BatchState.RUNNING)

    def resume(self) -> None:
        """Go on."""
        self._become(BatchState.RUNNING, BatchState.PAUSED)

    def cancel(self, at: datetime) -> None:
        """End for good; what has left has left."""
        self._become(
            BatchState.CANCELLED,
            BatchState.DRAFT,
            BatchState.SCHEDULED,
            BatchState.RUNNING,
            BatchState.PAUSED,
        )
        self.finished_at = at

    def _become(self, wanted: BatchState, *allowed: BatchState) -> None:
        if self.state not in allowed:
            raise WrongState(
                f"This send is {self.state.value} and so cannot become {wanted.value}."
            )
        self.state = wanted


class BatchMember(Model):
    """One Contact whom a running Batch has still to decide about.

    They are written down when a Batch to a Segment begins, because who fits its rules changes while
    it runs: being asked is one of the things that rules ask for. Who is decided about is taken out.
    """

    __tablename__ = "batch_members"
    __table_args__ = (sa.Index("ix_batch_members_contact_id", "contact_id"),)

    batch_id: Mapped[int] = mapped_column(
        sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contacts.id"), primary_key=True)


class Invitation(Model):
    """One Contact asked once by one Batch; `public_id` is what its token seals.

    `answered_anonymously` is all that is known of an answer to an anonymous Survey; no Response has
    the Invitation then.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "contact_id"),
        sa.Index("ix_invitations_contact_id_created_at", "contact_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batches.id"))
    survey_id: Mapped[int] = mapped_column(sa.ForeignKey("surveys.id"))
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contacts.id"))
    created_at: Mapped[datetime]
    answered_anonymously: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    survey: Mapped[Survey] = relationship(lazy="joined", innerjoin=True)
    contact: Mapped[Contact] = relationship(lazy="joined", innerjoin=True)


class Exclusion(Model):
    """One Contact of an audience who was not asked, and why."""

    __tablename__ = "exclusions"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "contact_id"),
        sa.Index("ix_exclusions_contact_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batches.id"))
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contacts.id"))
    reason: Mapped[Reason] = mapped_column(enum_type(Reason))
    created_at: Mapped[datetime]

    contact: Mapped[Contact] = relationship(lazy="joined", innerjoin=True)
