"""What contacts said before they were changed by hand: nothing is overwritten without trace.

Imports keep what they have replaced themselves, so that they can be undone. Who looks after
somebody, tags, pauses and removals stand in the journal alone: they are no words about a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from nps_portal.contacts.models import Contact, PropertyValue
from nps_portal.contacts.values import Value
from nps_portal.foundation.bulk import insert_rows
from nps_portal.foundation.database import Model, enum_type
from nps_portal.foundation.work import ActorKind, Work

# What `field` says of a property; `property_id` tells which.
PROPERTY = "property"
_FIELDS = ("email", "name", "first_name", "language", "time_zone", "consent_basis", "consent_on")
_ROLES = ("decides", "pays", "uses")


class ContactChange(Model):
    """One field of one Contact that somebody has changed: what it said before, and since then."""

    __tablename__ = "contact_changes"
    __table_args__ = (sa.Index("ix_contact_changes_contact_id_at", "contact_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contacts.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(enum_type(ActorKind))
    actor_id: Mapped[int | None]
    field: Mapped[str] = mapped_column(sa.String(32))
    property_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("properties.id", ondelete="CASCADE")
    )
    former_text: Mapped[str] = mapped_column(sa.String(1000), default="", server_default="")
    new_text: Mapped[str] = mapped_column(sa.String(1000), default="", server_default="")


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One field that is being changed; empty text is a field without a value."""

    contact_id: int
    field: str
    former: str
    new: str
    property_id: int | None = None


def note_changes(work: Work, changes: Sequence[Changed]) -> None:
    """Keep what these fields said before."""
    insert_rows(
        work.session,
        ContactChange,
        (
            *("contact_id", "at", "actor_kind", "actor_id"),
            *("field", "property_id", "former_text", "new_text"),
        ),
        [
            (
                *(one.contact_id, work.now, work.actor.kind, work.actor.id),
                *(one.field, one.property_id, one.former, one.new),
            )
            for one in changes
            if one.former != one.new
        ],
    )


def texts_of(contact: Contact) -> dict[str, str]:
    """Return what the fields of a Contact say, as text by their names."""
    texts = {name: text_of(getattr(contact, name)) for name in (*_FIELDS, *_ROLES)}
    return texts | {"company": contact.company_name}


def text_of(value: object) -> str:
    """Return the value of a field as it is kept here."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    # An enum says its value, a date its ISO form.
    return str(getattr(value, "value", value))


def between(contact_id: int, before: Mapping[str, str], after: Mapping[str, str]) -> list[Changed]:
    """Return the fields that say something else than before."""
    return [
        Changed(contact_id=contact_id, field=name, former=before[name], new=after[name])
        for name in before
        if before[name] != after[name]
    ]


def of_properties(
    contact_id: int, held: Mapping[int, PropertyValue], new: Mapping[int, Value | None]
) -> list[Changed]:
    """Return which properties will say something else, given what they hold and what is set."""
    changes = []
    for property_id, value in sorted(new.items()):
        former = held[property_id].text if property_id in held else ""
        changes.append(
            Changed(
                contact_id=contact_id,
                field=PROPERTY,
                property_id=property_id,
                former=former,
                new=value.text if value else "",
            )
        )
    return [one for one in changes if one.former != one.new]


def note_lost_values(work: Work, which: sa.ColumnElement[bool]) -> None:
    """Keep these values of properties, which are about to be deleted."""
    names = (
        *("contact_id", "at", "actor_kind", "actor_id"),
        *("field", "property_id", "former_text"),
    )
    actor_kind = sa.literal(work.actor.kind, ContactChange.__table__.c.actor_kind.type)
    lost = sa.select(
        PropertyValue.contact_id,
        sa.literal(work.now, ContactChange.__table__.c.at.type),
        actor_kind,
        sa.literal(work.actor.id, sa.Integer()),
        sa.literal(PROPERTY),
        PropertyValue.property_id,
        PropertyValue.text,
    ).where(which)
    work.session.execute(sa.insert(ContactChange).from_select(names, lost))


def changes_of(
    session: Session, contact_ids: Sequence[int], limit: int, until: datetime | None = None
) -> Sequence[ContactChange]:
    """Return the last changes of a person's records, up to an instant, newest first."""
    query = sa.select(ContactChange).where(ContactChange.contact_id.in_(contact_ids))
    if until is not None:
        query = query.where(ContactChange.at <= until)
    newest_first = (ContactChange.at.desc(), ContactChange.id.desc())
    return session.scalars(query.order_by(*newest_first).limit(limit)).all()


def former_texts(session: Session, contact_id: int, *fields: str) -> set[str]:
    """Return all that some fields of a Contact have ever said, as far as it was kept."""
    rows = session.execute(
        sa.select(ContactChange.former_text, ContactChange.new_text).where(
            ContactChange.contact_id == contact_id, ContactChange.field.in_(fields)
        )
    )
    return {text for row in rows for text in row if text}
