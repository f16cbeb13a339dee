"""The rows behind an upsert: what is known, what is told, and writing only what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.erasures import FINGERPRINT
from nps_portal.contacts.models import (
    ConsentBasis,
    Contact,
    ContactTag,
    PropertyValue,
    Suppression,
)
from nps_portal.contacts.properties import set_values
from nps_portal.contacts.values import Value
from nps_portal.foundation.addresses import EmailAddress
from nps_portal.foundation.bulk import among, insert_for_span, insert_rows, next_ids, spans_of
from nps_portal.foundation.work import Work

TEXTS = ("name", "first_name", "language", "time_zone")
ROLES = ("decides", "pays", "uses")
FIELDS = (*TEXTS, "company_id", "owner_id", "consent_basis", "consent_on", *ROLES)
# A merged person stands for another, who may have been merged too; a ring is cut off.
_MOST_MERGES = 10

_NEW = ("id", "email", "email_key", *FIELDS, "source", "created_at", "changed_at")
_UPDATE = (
    sa.update(Contact.__table__)  # type: ignore[arg-type]  # a declared table is a Table
    .where(Contact.id == sa.bindparam("contact"))
    .values(
        {name: sa.bindparam(f"new_{name}") for name in FIELDS}
        | {"removed_at": None, "changed_at": sa.bindparam("now")}
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """Tags by id, and what properties hold by their id."""

    tags: frozenset[int] = frozenset()
    values: Mapping[int, Value] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.tags or self.values)

    def lacking(self, wanted: "Marks", *, overwrites: bool) -> "Marks":
        """Return what these lack of others, or where they differ, if that is overwritten."""
        return Marks(
            tags=wanted.tags - self.tags,
            values={
                property_id: value
                for property_id, value in wanted.values.items()
                if property_id not in self.values
                or (overwrites and self.values[property_id].text != value.text)
            },
        )

    def shown(self, gained: "Marks") -> dict[str, Any]:
        """Return as JSON what these hold where others were gained."""
        shown: dict[str, Any] = {}
        if gained.values:
            shown["properties"] = {
                str(one): self.values[one].text if one in self.values else None
                for one in gained.values
            }
        if gained.tags:
            shown["tags"] = sorted(self.tags & gained.tags)
        return shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """What is told of one person, in the columns of a Contact."""

    name: str
    first_name: str
    language: str
    time_zone: str
    company_id: int | None
    company_is_named: bool
    owner_id: int | None
    consent_basis: ConsentBasis | None
    consent_on: date | None
    decides: bool | None
    pays: bool | None
    uses: bool | None
    marks: Marks

    def news_for(self, row: Any, *, overwrites: bool) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fields of a known Contact that change, as JSON: before and after."""
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for name in FIELDS:
            told, had = getattr(self, name), getattr(row, name)
            if told is None or told == "" or told == had:
                continue
            may_replace = overwrites and (name != "company_id" or self.company_is_named)
            if may_replace or had is None or had == "" or had is False:
                before[name], after[name] = as_json(had), as_json(told)
        return ({"fields": before}, {"fields": after}) if after else ({}, {})


class NewContact(NamedTuple):
    """Somebody to be added: the address, what `FIELDS` hold in their order, tags and values."""

    email: EmailAddress
    fields: tuple[Any, ...]
    tags: frozenset[int]
    values: Mapping[int, Value]


def as_json(value: Any) -> Any:
    """Return what a column holds as JSON."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def known_people(work: Work, email_keys: Sequence[str]) -> dict[str, Any]:
    """Return the contacts with these addresses as rows, locked in the order of their ids.

    An address of a merged Contact leads to the one it was merged into.
    """
    # The key stays shared: who invites these people meanwhile need not wait.
    locked = _PEOPLE.with_for_update(of=Contact, key_share=True)
    return _found(work.session, locked, email_keys)


def people_as_they_are(session: Session, email_keys: Sequence[str]) -> dict[str, Any]:
    """Return the same rows without locking them."""
    return _found(session, _PEOPLE, email_keys)


_PEOPLE = sa.select(
    Contact.id,
    Contact.email_key,
    *(getattr(Contact, name) for name in FIELDS),
    Contact.removed_at,
    Contact.changed_at,
    Contact.merged_into_id,
).order_by(Contact.id)


def _found(session: Session, people: sa.Select[Any], email_keys: Sequence[str]) -> dict[str, Any]:
    rows = session.execute(people.where(among(session, Contact.email_key, email_keys))).all()
    by_id = {row.id: row for row in rows}
    for _ in range(_MOST_MERGES):
        others = {row.merged_into_id for row in by_id.values()} - set(by_id) - {None}
        if not others:
            break
        by_id |= {row.id: row for row in session.execute(people.where(Contact.id.in_(others)))}
    return {row.email_key: _standing_for(row, by_id) for row in rows}


def _standing_for(row: Any, by_id: Mapping[int, Any]) -> Any:
    for _ in range(_MOST_MERGES):
        if row.merged_into_id is None or row.merged_into_id not in by_id:
            break
        row = by_id[row.merged_into_id]
    return row


def marks_of(work: Work, wanted: Mapping[int, Marks]) -> dict[int, Marks]:
    """Return those marks that contacts have already of the ones that they shall have."""
    contact_ids = sorted(wanted)
    tag_ids = {tag for marks in wanted.values() for tag in marks.tags}
    property_ids = {one for marks in wanted.values() for one in marks.values}
    tags: dict[int, set[int]] = {}
    values: dict[int, dict[int, Value]] = {}
    if contact_ids and tag_ids:
        held = sa.select(ContactTag.contact_id, ContactTag.tag_id).where(
            ContactTag.contact_id.in_(contact_ids), ContactTag.tag_id.in_(tag_ids)
        )
        for contact_id, tag_id in work.session.execute(held):
            tags.setdefault(contact_id, set()).add(tag_id)
    if contact_ids and property_ids:
        kept = sa.select(
            PropertyValue.contact_id,
            PropertyValue.property_id,
            PropertyValue.text,
            PropertyValue.key,
            PropertyValue.number,
        ).where(
            PropertyValue.contact_id.in_(contact_ids), PropertyValue.property_id.in_(property_ids)
        )
        for contact_id, property_id, text, key, number in work.session.execute(kept):
            value = Value(text=text, key=key, number=number)
            values.setdefault(contact_id, {})[property_id] = value
    return {
        one: Marks(tags=frozenset(tags.get(one, ())), values=values.get(one, {}))
        for one in contact_ids
    }


def insert_contacts(
    work: Work, people: Sequence[NewContact], source: str, tags: frozenset[int] = frozenset()
) -> list[int]:
    """Insert contacts with their properties and tags, of which all get some; return their ids."""
    if not people:
        return []
    ids = next_ids(work.session, Contact, len(people))
    same = (source, work.now, work.now)
    numbered = list(zip(ids, people, strict=True))
    insert_rows(
        work.session,
        Contact,
        _NEW,
        [(one, new.email.email, new.email.key, *new.fields, *same) for one, new in numbered],
    )
    insert_rows(
        work.session,
        PropertyValue,
        ("contact_id", "property_id", "text", "key", "number"),
        [
            (one, property_id, value.text, value.key, value.number)
            for one, new in numbered
            for property_id, value in new.values.items()
        ],
    )
    insert_rows(
        work.session,
        ContactTag,
        ("contact_id", "tag_id"),
        [(one, tag) for one, new in numbered for tag in sorted(new.tags - tags)],
    )
    for tag in sorted(tags):
        for span in spans_of(ids):
            insert_for_span(work.session, ContactTag, "contact_id", span, {"tag_id": tag})
    return ids


def update_contacts(work: Work, rows: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
    """Write what changes of known contacts; who was removed is back."""
    if not rows:
        return
    work.session.connection().execute(
        _UPDATE,
        [
            {"contact": row.id, "now": work.now}
            | {f"new_{name}": _from_json(name, new, getattr(row, name)) for name in FIELDS}
            for row, new in rows
        ],
    )


def _from_json(name: str, new: Mapping[str, Any], former: Any) -> Any:
    if name not in new:
        return former
    value = new[name]
    if name == "consent_basis":
        return ConsentBasis(value)
    return date.fromisoformat(value) if name == "consent_on" else value


def write_marks(work: Work, gained: Mapping[int, Marks]) -> None:
    """Give known contacts tags and values that they lack or that are replaced."""
    insert_rows(
        work.session,
        ContactTag,
        ("contact_id", "tag_id"),
        [(one, tag) for one, marks in gained.items() for tag in sorted(marks.tags)],
    )
    values = {one: marks.values for one, marks in gained.items() if marks.values}
    if values:
        set_values(work, values)


def any_erased(work: Work) -> bool:
    """Tell whether anybody was ever erased, so that addresses must be compared with them."""
    # The end of the range is the next character after the colon.
    stop = FINGERPRINT[:-1] + chr(ord(FINGERPRINT[-1]) + 1)
    erased = sa.select(Suppression.id).where(
        Suppression.email_key >= FINGERPRINT, Suppression.email_key < stop
    )
    return work.session.scalar(erased.limit(1)) is not None
