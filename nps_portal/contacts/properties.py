"""Properties: the typed fields that an owner adds to contacts, and what they hold."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.chunks import chunks
from nps_portal.contacts.guessing import guess_kind
from nps_portal.contacts.models import Property, PropertyKind, PropertyValue
from nps_portal.contacts.values import (
    BadValue,
    Habits,
    PropertySpec,
    Value,
    habits_of,
    key_of,
    one_line,
    parse_value,
)
from nps_portal.foundation.database import insert_for, lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work

LONGEST_NAME = 80
MOST_PROPERTIES = 200
# One statement writes so many values.
MOST_ROWS = 5000

# Whoever adds properties or changes their choices waits for the others.
PROPERTIES_LOCK = "properties"


class PropertyExists(PortalError):
    """Another property has this name, however it is spaced and capitalised."""


class TooManyProperties(PortalError):
    """There are as many properties as the portal takes."""


def properties(session: Session) -> Sequence[Property]:
    """Return the properties in the owner's order."""
    return session.scalars(sa.select(Property).order_by(Property.position, Property.id)).all()


def property_by_id(session: Session, property_id: int) -> Property | None:
    """Return a property."""
    return session.get(Property, property_id)


def property_key(name: str) -> str:
    """Return the form of a name in which two of one property are alike."""
    return key_of(name)[:LONGEST_NAME]


def add_property(work: Work, spec: PropertySpec, *, source: str) -> Property:
    """Add a property after the others.

    :raises PropertyExists: another one has its name.
    :raises TooManyProperties: there are enough.
    """
    lock_for_transaction(work.session, PROPERTIES_LOCK)
    key = property_key(spec.name)
    if work.session.scalar(sa.select(Property.id).where(Property.name_key == key)) is not None:
        raise PropertyExists(f"There is a property named {one_line(spec.name)} already.")
    return _add(work, [spec], source)[0]


def ensure_properties(
    work: Work, specs: Sequence[PropertySpec], *, source: str
) -> dict[str, Property]:
    """Return the properties of these names by key, making those that are not there.

    One that is there stays what it is; a choice learns the choices that it lacks.

    :raises TooManyProperties: they would be too many.
    """
    lock_for_transaction(work.session, PROPERTIES_LOCK)
    wanted = {property_key(spec.name): spec for spec in reversed(specs)}
    known = {
        known.name_key: known
        for known in work.session.scalars(
            sa.select(Property)
            .where(Property.name_key.in_(wanted))
            .execution_options(populate_existing=True)
        )
    }
    for key, known_one in known.items():
        _learn(known_one, wanted[key])
    keys = [key for key in dict.fromkeys(property_key(spec.name) for spec in specs)]
    missing = [wanted[key] for key in keys if key not in known]
    added = {one.name_key: one for one in _add(work, missing, source)}
    work.session.flush()
    return {key: known.get(key) or added[key] for key in keys}


def set_values(work: Work, values: Mapping[int, Mapping[int, Value | None]]) -> None:
    """Write what properties hold: by contact, by property; None empties.

    The rows are written in one order by everybody, so that two who write at once only wait.
    """
    pairs = [
        (contact_id, property_id, values[contact_id][property_id])
        for contact_id in sorted(values)
        for property_id in sorted(values[contact_id])
    ]
    # Past the ORM, which would look at each row by itself.
    connection = work.session.connection()
    for some in chunks(pairs, MOST_ROWS):
        kept = [_row(contact, prop, value) for contact, prop, value in some if value is not None]
        emptied = [
            {"contact": contact, "property": prop} for contact, prop, value in some if value is None
        ]
        if kept:
            connection.execute(_upsert(work.session), kept)
        if emptied:
            connection.execute(_DELETE, emptied)


def values_of(
    session: Session, contact_ids: Collection[int]
) -> dict[int, dict[int, PropertyValue]]:
    """Return what the properties of these contacts hold, by contact and property."""
    found: dict[int, dict[int, PropertyValue]] = {one: {} for one in contact_ids}
    for some in chunks(sorted(found)):
        for value in session.scalars(
            sa.select(PropertyValue).where(PropertyValue.contact_id.in_(some))
        ):
            found[value.contact_id][value.property_id] = value
    return found


_TABLE = PropertyValue.__table__
_DELETE = sa.delete(PropertyValue).where(
    PropertyValue.contact_id == sa.bindparam("contact"),
    PropertyValue.property_id == sa.bindparam("property"),
)


def _upsert(session: Session) -> sa.Executable:
    insert = insert_for(session)(_TABLE)  # type: ignore[arg-type]  # a declared table is a Table
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["contact_id", "property_id"],
        set_={"text": new.text, "key": new.key, "number": new.number},
    )


def _row(contact_id: int, property_id: int, value: Value) -> dict[str, object]:
    return {
        "contact_id": contact_id,
        "property_id": property_id,
        "text": value.text,
        "key": value.key,
        "number": value.number,
    }


def _add(work: Work, specs: Sequence[PropertySpec], source: str) -> list[Property]:
    if not specs:
        return []
    count, last = work.session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(Property.position), 0))
    ).one()
    if count + len(specs) > MOST_PROPERTIES:
        raise TooManyProperties(
            f"The portal keeps {MOST_PROPERTIES} properties. Delete one that nobody needs first."
        )
    added = [
        Property(
            name=one_line(spec.name)[:LONGEST_NAME],
            name_key=property_key(spec.name),
            kind=spec.kind,
            choices=_distinct(spec.choices) if spec.kind is PropertyKind.CHOICE else [],
            currency=spec.currency if spec.kind is PropertyKind.MONEY else "",
            position=last + number,
            source=source,
            created_at=work.now,
        )
        for number, spec in enumerate(specs, start=1)
    ]
    work.session.add_all(added)
    work.session.flush()
    return added


def _learn(known: Property, spec: PropertySpec) -> None:
    if known.kind is PropertyKind.CHOICE and spec.kind is PropertyKind.CHOICE:
        choices = _distinct([*known.choices, *spec.choices])
        if choices != known.choices:
            known.choices = choices


def _distinct(choices: Sequence[str]) -> list[str]:
    """Return choices as they were first spelled, without a second one of the same key."""
    by_key: dict[str, str] = {}
    for choice in choices:
        if key := key_of(choice):
            by_key.setdefault(key, one_line(choice))
    return list(by_key.values())


__all__ = [
    "BadValue",
    "Habits",
    "PropertyExists",
    "PropertySpec",
    "TooManyProperties",
    "Value",
    "add_property",
    "ensure_properties",
    "guess_kind",
    "habits_of",
    "parse_value",
    "properties",
    "property_by_id",
    "property_key",
    "set_values",
    "values_of",
]
