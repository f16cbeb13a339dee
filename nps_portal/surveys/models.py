"""Surveys and their wordings."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.foundation.database import Model, enum_type
from nps_portal.surveys.wording import Wording

DEFAULT_SURVEY = "default"
DEFAULT_LANGUAGE = "en"


class SurveyState(enum.Enum):
    """Whether a Survey can be sent."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class Survey(Model):
    """What is asked, and how often one person or company may be asked it.

    `name` is what commands and addresses call it; `title` is what people read.
    """

    __tablename__ = "surveys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[SurveyState] = mapped_column(enum_type(SurveyState))
    days_between: Mapped[int] = mapped_column(default=90)
    company_weekly_cap: Mapped[int] = mapped_column(default=3)
    created_at: Mapped[datetime]

    wordings: Mapped[list["SurveyWording"]] = relationship(lazy="selectin")

    def wording(self, language: str = DEFAULT_LANGUAGE) -> Wording:
        """Return the texts in a language, else those of the first wording."""
        rows = {row.language: row for row in self.wordings}
        row = rows.get(language) or rows.get(DEFAULT_LANGUAGE)
        return Wording.from_texts(row.texts, row.language) if row else Wording()


class SurveyWording(Model):
    """The texts of a Survey in one language that differ from the ready-made ones."""

    __tablename__ = "survey_wordings"
    __table_args__ = (sa.UniqueConstraint("survey_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(sa.ForeignKey("surveys.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(sa.String(35))
    texts: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
