"""Pairs of contacts that look like one person and are not."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.foundation.database import Model


class DistinctContacts(Model):
    """Two contacts of whom somebody has said that they are two people; the lower id is first."""

    __tablename__ = "distinct_contacts"
    __table_args__ = (
        sa.CheckConstraint("first_id < second_id", name="order"),
        sa.Index("ix_distinct_contacts_second_id", "second_id"),
    )

    first_id: Mapped[int] = mapped_column(
        sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    second_id: Mapped[int] = mapped_column(
        sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    said_at: Mapped[datetime]
    said_by: Mapped[int | None]
