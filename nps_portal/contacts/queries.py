"""Reading contacts, companies and suppressions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Company, Contact, Suppression, SuppressionReason
from nps_portal.journal.models import Event

MANY_CONTACTS = 50_000
# Who was removed, so said that SQLite looks them up by the index: it does not for IS NOT NULL.
WAS_REMOVED = Contact.removed_at > datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class SuppressionStep:
    """One address of a Contact was suppressed, or its suppression lifted, and who said so."""

    at: datetime
    reason: SuppressionReason
    source: str
    is_lifted: bool


def contact_by_id(session: Session, contact_id: int) -> Contact | None:
    """Return a Contact, removed ones too."""
    return session.get(Contact, contact_id)


def contact_by_key(session: Session, email_key: str) -> Contact | None:
    """Return the Contact with this normalised address, removed ones too.

    The address of one that was merged stands for the Contact it was merged into.
    """
    found = session.scalar(sa.select(Contact).where(Contact.email_key == email_key))
    if found is None or found.merged_into_id is None:
        return found
    return session.get(Contact, found.merged_into_id)


def contact_count(session: Session) -> int:
    """Return how many contacts are not removed."""
    # Those who were removed are few and stand together in an index; all are counted without
    # looking at any.
    everybody = sa.select(sa.func.count()).select_from(Contact).scalar_subquery()
    removed = sa.select(sa.func.count()).where(WAS_REMOVED).scalar_subquery()
    return session.scalar(sa.select(everybody - removed)) or 0


def has_many_contacts(session: Session) -> bool:
    """Tell whether there may be so many that looking at all of them takes a page too long."""
    return (session.scalar(sa.select(sa.func.max(Contact.id))) or 0) > MANY_CONTACTS


def company_names(session: Session, limit: int = 50) -> Sequence[str]:
    """Return the names of the first companies, by name."""
    return session.scalars(sa.select(Company.name).order_by(Company.name_key).limit(limit)).all()


def suppressions(session: Session, email_keys: Sequence[str]) -> dict[str, SuppressionReason]:
    """Return why those of these normalised addresses must not be mailed that must not."""
    found = session.execute(
        sa.select(Suppression.email_key, Suppression.reason).where(
            Suppression.email_key.in_(email_keys)
        )
    )
    return dict(found.all())


def suppression_of(session: Session, email_key: str) -> Suppression | None:
    """Return why an address must not be mailed, or None when it may."""
    return session.scalar(sa.select(Suppression).where(Suppression.email_key == email_key))


def suppression_history(
    session: Session, contact_id: int, limit: int = 50
) -> list[SuppressionStep]:
    """Return how a Contact's addresses were suppressed and freed again, newest first."""
    events = session.scalars(
        sa.select(Event)
        .where(Event.contact_id == contact_id)
        .where(Event.kind.in_(["contact.suppressed", "contact.suppression_lifted"]))
        .order_by(Event.id.desc())
        .limit(limit)
    )
    return [
        SuppressionStep(
            at=event.at,
            reason=SuppressionReason(event.facts["reason"]),
            source=event.facts["source"],
            is_lifted=event.kind == "contact.suppression_lifted",
        )
        for event in events
    ]
