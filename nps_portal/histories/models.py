"""Histories: files of past answers, and which answers each brought."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.foundation.database import Model


class History(Model):
    """One file of past answers; `known` counts those that were there already."""

    __tablename__ = "histories"

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(sa.String(200))
    layout: Mapped[str] = mapped_column(sa.String(32))
    added: Mapped[int] = mapped_column(default=0, server_default="0")
    known: Mapped[int] = mapped_column(default=0, server_default="0")
    rejected: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    undone_at: Mapped[datetime | None]

    @property
    def source(self) -> str:
        """Return what the contacts that it added have as their source."""
        return f"history:{self.id}"


class HistoryAnswer(Model):
    """One answer that a History brought."""

    __tablename__ = "history_answers"

    history_id: Mapped[int] = mapped_column(
        sa.ForeignKey("histories.id", ondelete="CASCADE"), primary_key=True
    )
    response_id: Mapped[int] = mapped_column(
        sa.ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True, index=True
    )
