"""Contacts, companies and suppressions."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.foundation.database import FixedPoint, Model, enum_type


def _where(condition: str) -> dict[str, Any]:
    """Return the options of an index over the rows that meet a condition, on either database."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


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


class ConsentBasis(enum.Enum):
    """Why somebody may be written to, as the owner has noted it (GDPR, article 6)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Trend(enum.Enum):
    """Where the scores of one Contact are going; new with one score only."""

    NEW = "new"
    STEADY = "steady"
    IMPROVING = "improving"
    DETERIORATING = "deteriorating"
    CROSSED_UP = "crossed_up"
    CROSSED_DOWN = "crossed_down"


class PropertyKind(enum.Enum):
    """What a property holds."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"


class Company(Model):
    """A client with several Contacts.

    `revenue` is a year's, in the account's currency; None when nobody has said.
    """

    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    name_key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    revenue: Mapped[Decimal | None] = mapped_column(FixedPoint)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    source: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    created_at: Mapped[datetime]


class CompanyDomain(Model):
    """A domain of email addresses by which people of a company are known."""

    __tablename__ = "company_domains"
    __table_args__ = (sa.Index("ix_company_domains_company_id", "company_id"),)

    domain: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    company_id: Mapped[int] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"))


class Contact(Model):
    """A person who may be asked.

    `email_key` is the address in its form for uniqueness; `first_name` is for the greeting and
    may be empty. A removed contact keeps its history and is asked no more; until `paused_until` one
    wishes not to be asked; of an erased one nothing is left but the row. One that was merged is
    removed, and its address stands for the Contact it was merged into.

    What follows from answers and sends is kept here too, so that a million people can be
    filtered by it: `last_score`, `last_answered_at`, `answers` and `trend` of what is counted, and
    `last_asked_at`, when they were last put in line to be asked. Only `contacts/standings.py`
    writes these.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        sa.Index("ix_contacts_removed_at_name", "removed_at", "name"),
        sa.Index("ix_contacts_company_id_last_answered_at", "company_id", "last_answered_at"),
        # The alarms of companies look among these; written as SQLAlchemy writes the condition.
        sa.Index(
            "ix_contacts_has_a_say",
            "company_id",
            "last_score",
            sqlite_where=sa.text("decides = 1 OR pays = 1"),
            postgresql_where=sa.text("decides OR pays"),
        ),
        sa.Index("ix_contacts_owner_id", "owner_id", **_where("owner_id IS NOT NULL")),
        sa.Index("ix_contacts_language", "language"),
        sa.Index("ix_contacts_paused_until", "paused_until", **_where("paused_until IS NOT NULL")),
        sa.Index("ix_contacts_trend", "trend", **_where("trend IS NOT NULL")),
        sa.Index("ix_contacts_last_score", "last_score", **_where("last_score IS NOT NULL")),
        sa.Index(
            "ix_contacts_last_answered_at_company_id_last_score",
            "last_answered_at",
            "company_id",
            "last_score",
            **_where("last_answered_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_contacts_last_asked_at_last_answered_at",
            "last_asked_at",
            "last_answered_at",
            **_where("last_asked_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_contacts_merged_into_id", "merged_into_id", **_where("merged_into_id IS NOT NULL")
        ),
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
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    consent_basis: Mapped[ConsentBasis | None] = mapped_column(enum_type(ConsentBasis))
    consent_on: Mapped[date | None] = mapped_column(sa.Date)
    decides: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    pays: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    uses: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id"))

    last_score: Mapped[int | None] = mapped_column(sa.SmallInteger)
    last_answered_at: Mapped[datetime | None]
    answers: Mapped[int] = mapped_column(default=0, server_default="0")
    trend: Mapped[Trend | None] = mapped_column(enum_type(Trend))
    last_asked_at: Mapped[datetime | None]

    company: Mapped[Company | None] = relationship(lazy="joined")

    @property
    def shown_name(self) -> str:
        """Return the name, or the address of somebody without one."""
        return self.name or self.email

    @property
    def company_name(self) -> str:
        """Return the company's name, or nothing."""
        return self.company.name if self.company else ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Return which parts this person has in the company: decides, pays, uses."""
        return tuple(part for part in ("decides", "pays", "uses") if getattr(self, part))


class Property(Model):
    """A typed field that an owner has added to contacts.

    `choices` are those of a choice; `currency` is the ISO 4217 code of money.
    """

    __tablename__ = "properties"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    name_key: Mapped[str] = mapped_column(sa.String(80), unique=True)
    kind: Mapped[PropertyKind] = mapped_column(enum_type(PropertyKind))
    choices: Mapped[list[str]] = mapped_column(sa.JSON, default=list, server_default="[]")
    currency: Mapped[str] = mapped_column(sa.String(3), default="", server_default="")
    position: Mapped[int]
    source: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    created_at: Mapped[datetime]


class PropertyValue(Model):
    """What one property holds of one Contact; who has none has no row.

    `text` is the written form: ISO for a date, `yes` or `no`, digits with a point for a number.
    `key` is its form for comparing texts, and `number` the value of a number or of money.
    """

    __tablename__ = "property_values"
    __table_args__ = (
        sa.Index("ix_property_values_property_id_key", "property_id", "key"),
        sa.Index(
            "ix_property_values_property_id_number",
            "property_id",
            "number",
            **_where("number IS NOT NULL"),
        ),
    )

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contacts.id"), primary_key=True)
    property_id: Mapped[int] = mapped_column(
        sa.ForeignKey("properties.id", ondelete="CASCADE"), primary_key=True
    )
    text: Mapped[str] = mapped_column(sa.String(1000))
    key: Mapped[str] = mapped_column(sa.String(200))
    number: Mapped[Decimal | None] = mapped_column(FixedPoint)


class Tag(Model):
    """A word that marks contacts; one a spelling, however it is spaced and capitalised."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    name_key: Mapped[str] = mapped_column(sa.String(80), unique=True)
    created_at: Mapped[datetime]


class ContactTag(Model):
    """One Contact marked with one tag."""

    __tablename__ = "contact_tags"
    __table_args__ = (sa.Index("ix_contact_tags_tag_id_contact_id", "tag_id", "contact_id"),)

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contacts.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(
        sa.ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True
    )


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
