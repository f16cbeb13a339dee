"""Reading contacts, companies and suppressions."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Company, Contact, Suppression

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class ContactFilter:
    """What the list of contacts shows; empty text filters nothing."""

    text: str = ""
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class ContactPage:
    """One page of contacts, with the total that the filter finds."""

    contacts: Sequence[Contact]
    suppressed: frozenset[str]
    total: int
    page: int
    pages: int


def contact_page(session: Session, wanted: ContactFilter) -> ContactPage:
    """Return a page of the contacts that are not removed, by name."""
    query = sa.select(Contact).where(Contact.removed_at.is_(None))
    if wanted.text.strip():
        query = query.where(_matches(wanted.text))
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    contacts = session.scalars(
        query.order_by(Contact.name, Contact.id).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    ).all()
    return ContactPage(
        contacts=contacts,
        suppressed=suppressed_keys(session, [contact.email_key for contact in contacts]),
        total=total,
        page=page,
        pages=pages,
    )


def contact_by_id(session: Session, contact_id: int) -> Contact | None:
    """Return a Contact, removed ones too."""
    return session.get(Contact, contact_id)


def contact_by_key(session: Session, email_key: str) -> Contact | None:
    """Return the Contact with this normalised address, removed ones too."""
    return session.scalar(sa.select(Contact).where(Contact.email_key == email_key))


def contact_count(session: Session) -> int:
    """Return how many contacts are not removed."""
    return (
        session.scalar(
            sa.select(sa.func.count()).select_from(Contact).where(Contact.removed_at.is_(None))
        )
        or 0
    )


def suppressed_keys(session: Session, email_keys: Sequence[str]) -> frozenset[str]:
    """Return those of these normalised addresses that must not be mailed."""
    return frozenset(
        session.scalars(
            sa.select(Suppression.email_key).where(Suppression.email_key.in_(email_keys))
        )
    )


def suppression_of(session: Session, email_key: str) -> Suppression | None:
    """Return why an address must not be mailed, or None when it may."""
    return session.scalar(sa.select(Suppression).where(Suppression.email_key == email_key))


def _matches(text: str) -> sa.ColumnElement[bool]:
    """Return the condition that every word is in the name, the address or the company's name."""
    words = [
        sa.or_(
            Contact.name.icontains(word, autoescape=True),
            Contact.email.icontains(word, autoescape=True),
            Contact.company.has(Company.name.icontains(word, autoescape=True)),
        )
        for word in text.split()[:8]
    ]
    return sa.and_(*words)
