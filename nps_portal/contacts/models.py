"""Contacts, companies and suppressions."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.foundation.database import Model, enum_type


class SuppressionReason(enum.Enum):
    """Why an address must not be mailed."""

    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    ERASED = "erased"
    BLOCKED_BY_HAND = "blocked_by_hand"

    @property
    def words(self) -> str:
        """Return the reason as an owner reads it."""
        return _WORDS[self]


_WORDS = {
    SuppressionReason.UNSUBSCRIBED: "unsubscribed",
    SuppressionReason.HARD_BOUNCE: "address does not exist",
    SuppressionReason.COMPLAINT: "reported as spam",
    SuppressionReason.ERASED: "erased",
    SuppressionReason.BLOCKED_BY_HAND: "blocked by hand",
}


class Company(Model):
    """A client with several Contacts."""

    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    name_key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    created_at: Mapped[datetime]


class Contact(Model):
    """A person who may be asked.

    `email_key` is the address in its form for uniqueness; `first_name` is for the greeting and
    may be empty. A removed contact keeps its history and is asked no more; until `paused_until` one
    wishes not to be asked; of an erased one nothing is left but the row.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        sa.Index("ix_contacts_removed_at_name", "removed_at", "name"),
        sa.Index("ix_contacts_company_id", "company_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(320))
    email_key: Mapped[str] = mapped_column(sa.String(320), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    first_name: Mapped[str] = mapped_column(sa.String(200), default="")
    language: Mapped[str] = mapped_column(sa.String(35), default="")
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="")
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("companies.id"))
    source: Mapped[str] = mapped_column(sa.String(64), default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    company: Mapped[Company | None] = relationship(lazy="joined")

    @property
    def shown_name(self) -> str:
        """Return the name, or the address of somebody without one."""
        return self.name or self.email

    @property
    def company_name(self) -> str:
        """Return the company's name, or nothing."""
        return self.company.name if self.company else ""


class Suppression(Model):
    """An address that must not be mailed, with its reason.

    The first reason stays, except that a person's word replaces what an owner could lift.
    """

    __tablename__ = "suppressions"

    id: Mapped[int] = mapped_column(primary_key=True)
    email_key: Mapped[str] = mapped_column(sa.String(320), unique=True)
    reason: Mapped[SuppressionReason] = mapped_column(enum_type(SuppressionReason))
    source: Mapped[str] = mapped_column(sa.String(64), default="")
    created_at: Mapped[datetime]
