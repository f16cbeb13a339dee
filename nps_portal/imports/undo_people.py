"""Taking changes of contacts back, where they still are what the import made of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.models import (
    Company,
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
from nps_portal.foundation.bulk import among
from nps_portal.foundation.work import Work
from nps_portal.imports.models import ImportChange
from nps_portal.imports.undo_later import LaterChanges, later_changes
from nps_portal.imports.undo_suppressions import lift_brought
from nps_portal.journal.commands import record_for_all

_INSTANTS = ("removed_at", "changed_at")

# What properties hold, by contact and property; a later change of the same import is in it already.
_Held = dict[int, dict[int, str | None]]


@dataclass(frozen=True, kw_only=True)
class Undone:
    """Which changes, by their ids, were left because of what somebody has done since."""

    left: Collection[int]


def take_back(work: Work, changes: Sequence[ImportChange], source: str) -> Undone:
    """Take changes back in the order given, the last of them first."""
    left: dict[int, str] = {}
    later = later_changes(work, changes)
    suppressed = [one for one in changes if one.kind is ChangeKind.SUPPRESSED]
    lift_brought(work, suppressed, later, left)
    changed = [one for one in changes if one.kind is not ChangeKind.SUPPRESSED]
    _restore(work, changed, later, left)
    for change in changes:
        if change.id in left:
            change.left_because = left[change.id]
    work.session.flush()
    done = [one.id for one in changes if one.id not in left]
    work.session.execute(
        sa.delete(ImportChange)
        .where(among(work.session, ImportChange.id, done))
        .execution_options(synchronize_session=False)
    )
    record_for_all(
        work,
        "contact.import_undone",
        sorted({one.contact_id for one in changed if one.id not in left}),
        source=source,
    )
    return Undone(left=set(left))


def _restore(
    work: Work, changes: Sequence[ImportChange], later: LaterChanges, left: dict[int, str]
) -> None:
    people = _people(work, {change.contact_id for change in changes})
    companies = _companies(work, changes)
    kinds = {one.id: one for one in work.session.scalars(sa.select(Property))}
    held = _held(work, [one.contact_id for one in changes if (one.after or {}).get("properties")])
    values: dict[int, dict[int, Value | None]] = {}
    worn: dict[int, list[int]] = {}
    for change in changes:
        contact = people.get(change.contact_id)
        if contact is None or contact.erased_at is not None:
            left[change.id] = "The person was erased, or the record is gone."
            continue
        others = _fields_back(contact, change, later, companies)
        others += _values_back(change, kinds, held, values, later)
        for tag in (change.after or {}).get("tags", []):
            if not later.gives_tag(change, tag):
                worn.setdefault(tag, []).append(contact.id)
        if others:
            left[change.id] = f"Changed since: {', '.join(others)}."[:200]
            contact.changed_at = work.now
    work.session.flush()
    set_values(work, values)
    for tag, contact_ids in sorted(worn.items()):
        wearing = among(work.session, ContactTag.contact_id, contact_ids)
        work.session.execute(
            sa.delete(ContactTag)
            .where(ContactTag.tag_id == tag, wearing)
            .execution_options(synchronize_session=False)
        )


def _people(work: Work, contact_ids: Collection[int]) -> dict[int, Contact]:
    found = work.session.scalars(
        sa.select(Contact)
        .where(among(work.session, Contact.id, contact_ids))
        .order_by(Contact.id)
        .with_for_update(of=Contact)
        .execution_options(populate_existing=True)
    )
    return {one.id: one for one in found}


def _companies(work: Work, changes: Sequence[ImportChange]) -> set[int]:
    """Return which of the former companies are still there; they stay until the end of this."""
    former = {((one.before or {}).get("fields") or {}).get("company_id") for one in changes}
    return set(
        work.session.scalars(
            sa.select(Company.id)
            .where(among(work.session, Company.id, [one for one in former if one is not None]))
            .order_by(Company.id)
            .with_for_update(key_share=True)
        )
    )


def _held(work: Work, contact_ids: Collection[int]) -> _Held:
    held: _Held = {}
    rows = work.session.execute(
        sa.select(PropertyValue.contact_id, PropertyValue.property_id, PropertyValue.text).where(
            among(work.session, PropertyValue.contact_id, contact_ids)
        )
    )
    for contact_id, property_id, text in rows:
        held.setdefault(contact_id, {})[property_id] = text
    return held


def _fields_back(
    contact: Contact, change: ImportChange, later: LaterChanges, companies: Collection[int]
) -> list[str]:
    """Put fields back that still hold what the import wrote; name those that do not.

    Of a company that is gone meanwhile, none is left in its place.
    """
    before, after = (dict((one or {}).get("fields", {})) for one in (change.before, change.after))
    changed_at = before.pop("changed_at", None)
    is_ours = contact.changed_at == change.at
    others = []
    for name, value in before.items():
        if (heir := later.of(change, "fields", name)) is not None:
            is_handed_on = heir.inherit("fields", name, after.get(name), value)
        elif is_handed_on := as_json(getattr(contact, name)) == after.get(name):
            is_gone = name == "company_id" and value is not None and value not in companies
            setattr(contact, name, None if is_gone else _from_json(name, value))
            is_handed_on = not is_gone
        if not is_handed_on:
            others.append(name.removesuffix("_id").replace("_", " "))
    if changed_at is None:
        return others
    if (heir := later.of(change, "fields", "changed_at")) is not None:
        heir.inherit("fields", "changed_at", change.at.isoformat(), changed_at)
    elif is_ours:
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
    change: ImportChange,
    kinds: Mapping[int, Property],
    held: _Held,
    values: dict[int, dict[int, Value | None]],
    later: LaterChanges,
) -> list[str]:
    before = (change.before or {}).get("properties", {})
    after = (change.after or {}).get("properties", {})
    others = []
    for key, text in after.items():
        known = kinds.get(int(key))
        if known is None:
            continue
        former = before.get(key)
        mine = held.setdefault(change.contact_id, {})
        if (heir := later.of(change, "properties", key)) is not None:
            if not heir.inherit("properties", key, text, former):
                others.append(known.name)
        elif mine.get(known.id) != text:
            others.append(known.name)
        else:
            mine[known.id] = former
            value = None if former is None else _value(known, former)
            values.setdefault(change.contact_id, {})[known.id] = value
    return others


def _value(known: Property, text: str) -> Value:
    """Return a value as it was: its text is in the kept form, which every kind reads back."""
    if known.kind in (PropertyKind.NUMBER, PropertyKind.MONEY, PropertyKind.DATE):
        value = parse_value(known, text)
        if value is not None:
            return value
    return Value(text=text, key=text.casefold()[:200])
