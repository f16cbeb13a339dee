"""Surveys, their wordings, their further questions and their logos."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.foundation.database import Model, enum_type
from nps_portal.foundation.languages import DEFAULT_LANGUAGE, Address, best_language
from nps_portal.surveys.wording import Wording

DEFAULT_SURVEY = "default"
DEFAULT_ACCENT = "#2f5fd0"


class SurveyState(enum.Enum):
    """Whether a Survey can be sent."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class CountingMode(enum.Enum):
    """Which answers are in the score: those that were sent, or also scores that a person chose."""

    SUBMITTED = "submitted"
    SEEN = "seen"


class ReminderMode(enum.Enum):
    """Who is reminded once: nobody, those who chose a score and did not send, or all others too."""

    NOBODY = "nobody"
    CLICKED = "clicked"
    EVERYBODY = "everybody"


class QuestionKind(enum.Enum):
    """How a further question is answered."""

    LINE = "line"
    TEXT = "text"
    CHOICE = "choice"
    SEVERAL = "several"
    SCALE = "scale"


class Survey(Model):
    """What is asked, how it looks, what counts, and how often one person may be asked it.

    `name` is what commands and addresses call it; `title` is what people read. `language` is for
    contacts without one. `hold_minutes` is
    how long a click waits for what machines do after it; `delivery_seconds` how soon after the
    mail server's 250 an opening is likely a machine's. `review_links` are `{"label", "url"}`.
    `version` grows with every change of what a customer sees. An `anonymous` one was made so and
    stays so: its answers are kept without any link to whoever gave them.
    """

    __tablename__ = "surveys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[SurveyState] = mapped_column(enum_type(SurveyState))
    days_between: Mapped[int] = mapped_column(default=90)
    company_weekly_cap: Mapped[int] = mapped_column(default=3)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    anonymous: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    language: Mapped[str] = mapped_column(
        sa.String(35), default=DEFAULT_LANGUAGE, server_default=DEFAULT_LANGUAGE
    )
    address: Mapped[Address] = mapped_column(
        enum_type(Address), default=Address.FORMAL, server_default="formal"
    )
    accent_colour: Mapped[str] = mapped_column(
        sa.String(7), default=DEFAULT_ACCENT, server_default=DEFAULT_ACCENT
    )

    counting: Mapped[CountingMode] = mapped_column(
        enum_type(CountingMode), default=CountingMode.SUBMITTED, server_default="submitted"
    )
    hold_minutes: Mapped[int] = mapped_column(default=30, server_default="30")
    delivery_seconds: Mapped[int] = mapped_column(default=10, server_default="10")
    decoy_link: Mapped[bool] = mapped_column(default=True, server_default=sa.true())

    reminder: Mapped[ReminderMode] = mapped_column(
        enum_type(ReminderMode), default=ReminderMode.EVERYBODY, server_default="everybody"
    )
    reminder_days: Mapped[int] = mapped_column(default=3, server_default="3")

    review_links: Mapped[list[dict[str, str]]] = mapped_column(
        sa.JSON, default=list, server_default="[]"
    )
    referral_url: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    offers_call: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    asks_to_quote: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    link_is_open: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    kiosk_is_open: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    widget_is_open: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    widget_secret: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    created_at: Mapped[datetime]

    wordings: Mapped[list["SurveyWording"]] = relationship(lazy="selectin")

    def wording(self, language: str = "") -> Wording:
        """Return the texts in a language, or in the Survey's own, as near as there is."""
        best = best_language(language or self.language)
        texts = next((row.texts for row in self.wordings if row.language == best), {})
        return Wording.from_texts(texts, best, self.address)


class SurveyWording(Model):
    """The texts of a Survey in one language that differ from the ready-made ones."""

    __tablename__ = "survey_wordings"
    __table_args__ = (sa.UniqueConstraint("survey_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(sa.ForeignKey("surveys.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(sa.String(35))
    texts: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class SurveyQuestion(Model):
    """A further question, asked once the score is safely in.

    `texts` holds by language `{"question": str, "choices": [str, …], "low": str, "high": str}`;
    a choice's id is its place. `categories` names who is asked: promoter, passive, detractor. One
    that was taken away is archived, because answers point to it.
    """

    __tablename__ = "survey_questions"
    __table_args__ = (sa.Index("ix_survey_questions_survey_id", "survey_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(sa.ForeignKey("surveys.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[QuestionKind] = mapped_column(enum_type(QuestionKind))
    categories: Mapped[list[str]] = mapped_column(sa.JSON)
    texts: Mapped[dict[str, Any]]
    archived_at: Mapped[datetime | None]


class SurveyLogo(Model):
    """The logo of a Survey, made small and clean at saving; `digest` names it in its address."""

    __tablename__ = "survey_logos"

    survey_id: Mapped[int] = mapped_column(
        sa.ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(sa.String(32), index=True)
    media_type: Mapped[str] = mapped_column(sa.String(32))
    width: Mapped[int]
    height: Mapped[int]
    image: Mapped[bytes] = mapped_column(sa.LargeBinary)
    changed_at: Mapped[datetime]
