"""Visits, responses and their revisions."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import Model, enum_type
from nps_portal.foundation.work import ActorKind
from nps_portal.nps import Category, category


class VisitKind(enum.Enum):
    """What somebody or something did with a link."""

    SURVEY_PAGE = "survey_page"
    SUBMISSION = "submission"
    UNSUBSCRIBE_PAGE = "unsubscribe_page"
    UNSUBSCRIBE = "unsubscribe"


class Verdict(enum.Enum):
    """Who it was."""

    PERSON = "person"
    MACHINE = "machine"
    UNCLEAR = "unclear"


class ResponseState(enum.Enum):
    """Whether a Response is in the score: held waits for a look, excluded was taken out."""

    HELD = "held"
    COUNTED = "counted"
    EXCLUDED = "excluded"


class Evidence(enum.Enum):
    """What an answer rests on."""

    SUBMITTED = "submitted"
    CONFIRMED_CLICK = "confirmed_click"


class Channel(enum.Enum):
    """How an answer came."""

    EMAIL = "email"
    LINK = "link"
    KIOSK = "kiosk"
    WIDGET = "widget"
    PHONE = "phone"
    API = "api"
    IMPORT = "import"


class Visit(Model):
    """One opening of a survey link, with what is known about it.

    `network` is the address cut to /24 or /48; `score` is the one in the link;
    `seconds_since_sent` counts from the mail server's 250, None before it.
    """

    __tablename__ = "visits"
    __table_args__ = (
        sa.Index("ix_visits_invitation_id_at", "invitation_id", "at"),
        sa.Index("ix_visits_verdict_at", "verdict", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitations.id"))
    at: Mapped[datetime]
    kind: Mapped[VisitKind] = mapped_column(enum_type(VisitKind))
    method: Mapped[str] = mapped_column(sa.String(8))
    score: Mapped[int | None]
    network: Mapped[str] = mapped_column(sa.String(64))
    user_agent: Mapped[str] = mapped_column(sa.String(300))
    purpose: Mapped[str] = mapped_column(sa.String(64))
    seconds_since_sent: Mapped[float | None]
    verdict: Mapped[Verdict | None] = mapped_column(enum_type(Verdict))
    marks: Mapped[dict[str, Any]]


class Response(Model):
    """The confirmed answer to one Invitation; what it was before stands in its revisions."""

    __tablename__ = "responses"
    __table_args__ = (
        sa.CheckConstraint("score BETWEEN 0 AND 10", name="score"),
        sa.Index("ix_responses_state_answered_at", "state", "answered_at"),
        sa.Index("ix_responses_contact_id_answered_at", "contact_id", "answered_at"),
        sa.Index("ix_responses_survey_id", "survey_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitations.id"), unique=True)
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id"))
    survey_id: Mapped[int] = mapped_column(sa.ForeignKey("surveys.id"))
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[ResponseState] = mapped_column(enum_type(ResponseState))
    evidence: Mapped[Evidence] = mapped_column(enum_type(Evidence))
    channel: Mapped[Channel] = mapped_column(enum_type(Channel))
    late: Mapped[bool] = mapped_column(default=False)
    first_clicked_score: Mapped[int | None]
    answered_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]

    contact: Mapped[Contact | None] = relationship(lazy="joined")

    @property
    def category(self) -> Category:
        """Return promoter, passive or detractor."""
        return category(self.score)


class ResponseRevision(Model):
    """What a Response said from this instant on; the first one is the first answer."""

    __tablename__ = "response_revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[int] = mapped_column(
        sa.ForeignKey("responses.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    actor_kind: Mapped[ActorKind] = mapped_column(enum_type(ActorKind))
    actor_id: Mapped[int | None]
