"""Responses, their revisions, and the answers to further questions."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import Model, enum_type
from nps_portal.foundation.work import ActorKind
from nps_portal.nps import Category, category
from nps_portal.surveys.models import Survey


class ResponseState(enum.Enum):
    """Whether a Response is in the score: held waits for a look, excluded was taken out.

    Clicked is a score that a person chose in the email and did not send.
    """

    HELD = "held"
    COUNTED = "counted"
    EXCLUDED = "excluded"
    CLICKED = "clicked"


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


class QuotePermission(enum.Enum):
    """How a customer allows their words to be quoted."""

    NAME = "name"
    INITIALS = "initials"
    ANONYMOUS = "anonymous"


class Response(Model):
    """The answer to one Invitation, or one given at another door.

    What it said before stands in its revisions. `public_id` is what the token of an answer without
    an Invitation seals; `submission_key` names one sending, so that it can be repeated safely.
    `marks` say under `rules` why it is held; `said_to_be` is the address that somebody unproven
    gave.
    """

    __tablename__ = "responses"
    __table_args__ = (
        sa.CheckConstraint("score BETWEEN 0 AND 10", name="score"),
        sa.Index("ix_responses_state_answered_at", "state", "answered_at"),
        sa.Index("ix_responses_contact_id_answered_at", "contact_id", "answered_at"),
        sa.Index("ix_responses_survey_id", "survey_id"),
        sa.Index("ix_responses_channel_answered_at", "channel", "answered_at"),
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
    public_id: Mapped[str | None] = mapped_column(sa.String(32), unique=True, index=True)
    submission_key: Mapped[str | None] = mapped_column(sa.String(64), unique=True, index=True)
    language: Mapped[str] = mapped_column(sa.String(35), default="", server_default="")
    marks: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    quote_permission: Mapped[QuotePermission | None] = mapped_column(enum_type(QuotePermission))
    said_to_be: Mapped[str] = mapped_column(sa.String(320), default="", server_default="")
    answered_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]

    contact: Mapped[Contact | None] = relationship(lazy="joined")
    survey: Mapped[Survey] = relationship()

    @property
    def is_anonymous(self) -> bool:
        """Whether it is anonymous: nobody knows whose it is, or at what hour it came."""
        return self.contact_id is None and self.survey.anonymous

    @property
    def giver(self) -> str:
        """Return how whoever gave it is called."""
        if self.contact is not None:
            return self.contact.shown_name
        return "Anonymous" if self.is_anonymous else "Somebody unknown"

    @property
    def category(self) -> Category:
        """Return promoter, passive or detractor."""
        return category(self.score)


class ResponseRevision(Model):
    """What a Response said from this instant on; the first one is the first answer.

    One that is held was sent without the signs of a person and changed nothing yet.
    """

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
    held: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class ResponseAnswer(Model):
    """The answer to a further question; the newest one of a question is in force.

    `value` holds `text`, `choices` (their ids) or `scale`, as the question's kind asks for.
    """

    __tablename__ = "response_answers"
    __table_args__ = (sa.Index("ix_response_answers_response_id", "response_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[int] = mapped_column(sa.ForeignKey("responses.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("survey_questions.id"))
    at: Mapped[datetime]
    value: Mapped[dict[str, Any]]
