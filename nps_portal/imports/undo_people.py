"""Taking changes of contacts back, where they still are what the import made of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.models import (
    ConsentBasis,
    Contact,
    ContactTag,
    Property,
    PropertyKind,
    PropertyValue,
)
from nps_portal.contacts.properties import set_values
from nps_portal.contacts.upsert_rows import as_json
from nps_portal.contacts.upserting import ChangeKind
from nps_portal.contacts.values import Value, parse_value
from nps_portal.foundation.work import Work
from nps_portal.imports.models import ImportChange
from nps_portal.imports.undo_suppressions import lift_brought
from nps_portal.imports.undo_traces import touched
from nps_portal.journal.commands import record_for_all
from nps_portal.journal.models import Event

_INSTANTS = ("removed_at", "changed_at")


@dataclass(frozen=True, kw_only=True)
class Undone:
    """Which changes, by their ids, were left because of what somebody has done since."""

    left: Collection[int]


def take_back(work: Work, changes: Sequence[ImportChange], source: str) -> Undone:
    """Take changes back in the order given, the last of them first."""
    people = {
        one.id: one
        for one in work.session.scalars(
            sa.select(Contact)
            .where(Contact.id.in_({change.contact_id for change in changes}))
            .order_by(Contact.id)
            .with_for_update(of=Contact)
            .execution_options(populate_existing=True)
        )
    }
    left: dict[int, str] = {}
    lift_brought(work, [one for one in changes if one.kind is ChangeKind.SUPPRESSED], left)
    changed = [one for one in changes if one.kind in (ChangeKind.UPDATED, ChangeKind.RESTORED)]
    _restore(work, changed, people, left)
    added = [one for one in changes if one.kind is ChangeKind.ADDED]
    gone = _remove_added(work, added, people, source, left)
    for change in changes:
        if change.id in left:
            change.left_because = left[change.id]
        else:
            work.session.delete(change)
    work.session.flush()
    record_for_all(
        work,
        "contact.import_undone",
        sorted({one.contact_id for one in changed if one.id not in left} - gone),
        source=source,
    )
    return Undone(left=set(left))


def _restore(
    work: Work,
    changes: Sequence[ImportChange],
    people: Mapping[int, Contact],
    left: dict[int, str],
) -> None:
    values: dict[int, dict[int, Value | None]] = {}
    kinds = {one.id: one for one in work.session.scalars(sa.select(Property))}
    for change in changes:
        contact = people.get(change.contact_id)
        if contact is None or contact.erased_at is not None:
            left[change.id] = "The person was erased, or the record is gone."
            continue
        others = _fields_back(contact, change)
        others += _values_back(work, change, kinds, values)
        _tags_back(work, change)
        if others:
            left[change.id] = f"Changed since: {', '.join(others)}."[:200]
            contact.changed_at = work.now
    work.session.flush()
    set_values(work, values)


def _fields_back(contact: Contact, change: ImportChange) -> list[str]:
    """Put fields back that still hold what the import wrote; name those that do not."""
    before, after = (dict((one or {}).get("fields", {})) for one in (change.before, change.after))
    changed_at = before.pop("changed_at", None)
    is_ours = contact.changed_at == change.at
    others = []
    for name, value in before.items():
        if as_json(getattr(contact, name)) == after.get(name):
            setattr(contact, name, _from_json(name, value))
        else:
            others.append(name.removesuffix("_id").replace("_", " "))
    if changed_at is not None and is_ours:
        contact.changed_at = datetime.fromisoformat(changed_at)
    return others


def _from_json(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _INSTANTS:
        return datetime.fromisoformat(value)
    if name == "consent_basis":
        return ConsentBasis(value)
    return date.fromisoformat(value) if name == "consent_on" else value


def _values_back(
    work: Work,
    change: ImportChange,
    kinds: Mapping[int, Property],
    values: dict[int, dict[int, Value | None]],
) -> list[str]:
    before = (change.before or {}).get("properties", {})
    after = (change.after or {}).get("properties", {})
    if not after:
        return []
    held: dict[str, str | None] = {
        str(property_id): text
        for property_id, text in work.session.execute(
            sa.select(PropertyValue.property_id, PropertyValue.text).where(
                PropertyValue.contact_id == change.contact_id
            )
        )
    }
    mine = values.setdefault(change.contact_id, {})
    # A later change of the same import was taken back just now, and is not written yet.
    held |= {str(one): value.text if value else None for one, value in mine.items()}
    others = []
    for key, text in after.items():
        known = kinds.get(int(key))
        if known is None:
            continue
        if held.get(key) != text:
            others.append(known.name)
            continue
        former = before.get(key)
        mine[known.id] = None if former is None else _value(known, former)
    return others


def _value(known: Property, text: str) -> Value:
    """Return a value as it was: its text is in the kept form, which every kind reads back."""
    if known.kind in (PropertyKind.NUMBER, PropertyKind.MONEY, PropertyKind.DATE):
        value = parse_value(known, text)
        if value is not None:
            return value
    return Value(text=text, key=text.casefold()[:200])


def _tags_back(work: Work, change: ImportChange) -> None:
    """Take off the tags that the import gave."""
    gained = (change.after or {}).get("tags", [])
    if gained:
        work.session.execute(
            sa.delete(ContactTag).where(
                ContactTag.contact_id == change.contact_id, ContactTag.tag_id.in_(gained)
            )
        )


def _remove_added(
    work: Work,
    changes: Sequence[ImportChange],
    people: Mapping[int, Contact],
    source: str,
    left: dict[int, str],
) -> set[int]:
    """Delete those whom nobody has touched, as if they had never been, and return who is gone."""
    why = touched(work, [change.contact_id for change in changes], source)
    gone: set[int] = set()
    for change in changes:
        contact = people.get(change.contact_id)
        if contact is None:
            continue
        if contact.erased_at is not None:
            left[change.id] = "The person was erased since."
        elif reason := why.get(contact.id):
            left[change.id] = reason
        elif contact.changed_at != change.at:
            left[change.id] = "The record was changed since."
        else:
            gone.add(contact.id)
    if not gone:
        return gone
    for table in (PropertyValue, ContactTag, Event):
        work.session.execute(
            sa.delete(table)
            .where(table.contact_id.in_(gone))
            .execution_options(synchronize_session=False)
        )
    work.session.execute(
        sa.delete(Contact).where(Contact.id.in_(gone)).execution_options(synchronize_session=False)
    )
    for contact_id in gone:
        work.session.expunge(people[contact_id])
    return gone
