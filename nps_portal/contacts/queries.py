"""Reading contacts, companies and suppressions."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Company, Contact, Suppression, SuppressionReason
from nps_portal.foundation.paging import Place, place_of
from nps_portal.journal.models import Event

PAGE_SIZE = 50


class ContactGroup(enum.Enum):
    """Which contacts the list shows: those that are not removed, or one kind apart."""

    CURRENT = "current"
    SUPPRESSED = "suppressed"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class ContactFilter:
    """What the list of contacts shows; empty text filters nothing."""

    text: str = ""
    group: ContactGroup = ContactGroup.CURRENT
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class ContactPage:
    """One page of contacts, and its place among all that the filter finds.

    `suppressed` has the reason for those addresses on the page that must not be mailed.
    """

    contacts: Sequence[Contact]
    suppressed: Mapping[str, SuppressionReason]
    place: Place


@dataclass(frozen=True, kw_only=True)
class SuppressionStep:
    """One address of a Contact was suppressed, or its suppression lifted, and who said so."""

    at: datetime
    reason: SuppressionReason
    source: str
    is_lifted: bool


def contact_page(session: Session, wanted: ContactFilter) -> ContactPage:
    """Return a page of contacts by name."""
    which = _which(wanted)
    total = session.scalar(sa.select(sa.func.count(Contact.id)).where(*which)) or 0
    place = place_of(wanted.page, size=PAGE_SIZE, total=total)
    # The ids alone come out of the index; whole rows would be read for every page that is skipped.
    ids = session.scalars(
        sa.select(Contact.id)
        .where(*which)
        .order_by(Contact.name, Contact.id)
        .limit(place.size)
        .offset(place.offset)
    ).all()
    contacts = session.scalars(
        sa.select(Contact).where(Contact.id.in_(ids)).order_by(Contact.name, Contact.id)
    ).all()
    return ContactPage(
        contacts=contacts,
        suppressed=suppressions(session, [contact.email_key for contact in contacts]),
        place=place,
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


def _which(wanted: ContactFilter) -> list[sa.ColumnElement[bool]]:
    removed = wanted.group is ContactGroup.REMOVED
    conditions = [Contact.removed_at.is_not(None) if removed else Contact.removed_at.is_(None)]
    if wanted.group is ContactGroup.SUPPRESSED:
        conditions.append(Contact.email_key.in_(sa.select(Suppression.email_key)))
    return conditions + [_mentions(word) for word in wanted.text.split()[:8]]


def _mentions(word: str) -> sa.ColumnElement[bool]:
    """Return the condition that a word is in the name, the address or the company's name."""
    return sa.or_(
        Contact.name.icontains(word, autoescape=True),
        Contact.email.icontains(word, autoescape=True),
        Contact.company_id.in_(
            sa.select(Company.id).where(Company.name.icontains(word, autoescape=True))
        ),
    )
