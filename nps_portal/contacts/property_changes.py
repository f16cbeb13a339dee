"""Changing properties: their names, order, choices and kind, and deleting them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.changes import note_lost_values
from nps_portal.contacts.models import Property, PropertyKind, PropertyValue
from nps_portal.contacts.properties import (
    LONGEST_NAME,
    PROPERTIES_LOCK,
    PropertyExists,
    PropertySpec,
    property_key,
)
from nps_portal.contacts.values import BadValue, Value, habits_of, key_of, one_line, parse_value
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record

MOST_SPELLINGS = 20_000
MOST_CHOICES = 100
EXAMPLES = 5


class ValuesDoNotFit(PortalError):
    """A property cannot become of another kind, because of what it holds."""


class ChoiceInUse(PortalError):
    """Choices are to vanish that contacts have; `counts` says how many have each."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        told = ", ".join(f"«{choice}» ({count:,})" for choice, count in counts.items())
        super().__init__(f"Some contacts have a choice that would vanish: {told}.")
        self.counts = counts


@dataclass(frozen=True, kw_only=True)
class ChoiceChange:
    """What becomes of the choices: the new spelling of each known one, none for one that goes,
    and further ones."""

    renamed: Mapping[str, str]
    added: Sequence[str] = ()


def lock_property(work: Work, property_id: int) -> Property:
    """Return a property as it is now; until the end of this work nobody else changes it."""
    lock_for_transaction(work.session, PROPERTIES_LOCK)
    return work.session.get_one(Property, property_id, populate_existing=True, with_for_update=True)


def rename_property(work: Work, property_id: int, name: str) -> None:
    """Give a property another name.

    :raises PropertyExists: another one has it.
    """
    changed = lock_property(work, property_id)
    key = property_key(name)
    other = sa.select(Property.id).where(Property.name_key == key, Property.id != property_id)
    if work.session.scalar(other) is not None:
        raise PropertyExists(f"There is a property named {one_line(name)} already.")
    changed.name, changed.name_key = one_line(name)[:LONGEST_NAME], key
    record(work, "property.renamed", property_id=property_id)


def move_property(work: Work, property_id: int, steps: int) -> None:
    """Move a property so many places down, or up with a negative number."""
    moved = lock_property(work, property_id)
    order = list(work.session.scalars(sa.select(Property).order_by(Property.position, Property.id)))
    place = order.index(moved)
    order.insert(min(max(0, place + steps), len(order) - 1), order.pop(place))
    for position, one in enumerate(order, start=1):
        one.position = position


def delete_property(work: Work, property_id: int) -> int:
    """Delete a property with all it holds, and return how many values that were."""
    deleted = lock_property(work, property_id)
    lost = value_count(work.session, property_id)
    work.session.execute(sa.delete(PropertyValue).where(PropertyValue.property_id == property_id))
    work.session.delete(deleted)
    record(work, "property.deleted", property_id=property_id, values=lost)
    return lost


def change_choices(
    work: Work, property_id: int, change: ChoiceChange, *, losing: Sequence[str] = ()
) -> None:
    """Rename, add and take away choices; who has a renamed one has it under its new name.

    `losing` are those that may vanish from contacts who have them.

    :raises ChoiceInUse: another one that contacts have would vanish.
    """
    changed = lock_property(work, property_id)
    named = {
        key_of(choice): one_line(change.renamed.get(choice, choice)) for choice in changed.choices
    }
    kept: dict[str, str] = {}
    for choice in [*named.values(), *map(one_line, change.added)]:
        if choice:
            kept.setdefault(key_of(choice), choice)
    gone = [choice for choice in changed.choices if not named[key_of(choice)]]
    counts = choice_counts(work.session, property_id, gone)
    unforeseen = {one: count for one, count in counts.items() if count and one not in losing}
    if unforeseen:
        raise ChoiceInUse(unforeseen)
    _rewrite(work, property_id, named, kept)
    changed.choices = list(kept.values())[:MOST_CHOICES]
    record(work, "property.choices_changed", property_id=property_id)


def change_kind(work: Work, property_id: int, spec: PropertySpec) -> None:
    """Make a property one of another kind, where all that it holds fits.

    A choice without choices takes what is there.

    :raises ValuesDoNotFit: something does not; the sentence shows the first of it.
    """
    changed = lock_property(work, property_id)
    texts = list(
        work.session.scalars(
            sa.select(PropertyValue.text)
            .where(PropertyValue.property_id == property_id)
            .distinct()
            .limit(MOST_SPELLINGS + 1)
        )
    )
    if len(texts) > MOST_SPELLINGS:
        raise ValuesDoNotFit(
            f"It holds more than {MOST_SPELLINGS:,} different values, too many to change here. "
            "Export the contacts, and import them with a new property."
        )
    if spec.kind is PropertyKind.CHOICE and not spec.choices:
        spec = PropertySpec(name=spec.name, kind=spec.kind, choices=_as_choices(texts))
    fitted = _fitted(spec, texts)
    changed.kind, changed.currency = spec.kind, spec.currency
    changed.choices = list(spec.choices)
    _rewrite_values(work, property_id, fitted)
    record(work, "property.kind_changed", property_id=property_id, kind_of_value=spec.kind.value)


def value_count(session: Session, property_id: int) -> int:
    """Return how many contacts have a value of a property."""
    return (
        session.scalar(sa.select(sa.func.count()).where(PropertyValue.property_id == property_id))
        or 0
    )


def choice_counts(session: Session, property_id: int, choices: Sequence[str]) -> dict[str, int]:
    """Return how many contacts have each of these choices."""
    by_key = {key_of(choice): choice for choice in choices}
    found = session.execute(
        sa.select(PropertyValue.key, sa.func.count())
        .where(PropertyValue.property_id == property_id, PropertyValue.key.in_(by_key))
        .group_by(PropertyValue.key)
    )
    counts = dict(found.all())
    return {choice: counts.get(key, 0) for key, choice in by_key.items()}


def _as_choices(texts: Sequence[str]) -> tuple[str, ...]:
    by_key: dict[str, str] = {}
    for text in sorted(texts):
        by_key.setdefault(key_of(text), text)
    if len(by_key) > MOST_CHOICES:
        raise ValuesDoNotFit(
            f"It holds {len(by_key):,} different values; a choice has at most {MOST_CHOICES}."
        )
    return tuple(by_key.values())


def _fitted(spec: PropertySpec, texts: Sequence[str]) -> dict[str, Value]:
    habits = habits_of(texts)
    fitted: dict[str, Value] = {}
    faults: list[str] = []
    for text in sorted(texts):
        try:
            value = parse_value(spec, text, habits)
        except BadValue as fault:
            faults.append(str(fault))
            continue
        if value is not None:
            fitted[text] = value
    if faults:
        more = f" And {len(faults) - EXAMPLES:,} more." if len(faults) > EXAMPLES else ""
        raise ValuesDoNotFit("Not all values fit. " + " ".join(faults[:EXAMPLES]) + more)
    return fitted


def _rewrite_values(work: Work, property_id: int, fitted: Mapping[str, Value]) -> None:
    """Write each spelling as its value; none of these is a spelling of another value."""
    rows = [
        {
            "old_key": key_of(text),
            "spelled": text,
            "new_text": value.text,
            "new_key": value.key,
            "new_number": value.number,
        }
        for text, value in fitted.items()
    ]
    if rows:
        work.session.connection().execute(
            sa.update(PropertyValue)
            .where(
                PropertyValue.property_id == property_id,
                PropertyValue.key == sa.bindparam("old_key"),
                PropertyValue.text == sa.bindparam("spelled"),
            )
            .values(
                text=sa.bindparam("new_text"),
                key=sa.bindparam("new_key"),
                number=sa.bindparam("new_number"),
            ),
            rows,
        )


def _rewrite(
    work: Work, property_id: int, named: Mapping[str, str], kept: Mapping[str, str]
) -> None:
    """Give contacts the new spellings of their choices, all at once: two may change places."""
    here = PropertyValue.property_id == property_id
    gone = [key for key, choice in named.items() if not choice]
    if gone:
        lost = sa.and_(here, PropertyValue.key.in_(gone))
        note_lost_values(work, lost)
        work.session.execute(sa.delete(PropertyValue).where(lost))
    new = {key: kept[key_of(choice)] for key, choice in named.items() if choice}
    if new:
        work.session.execute(
            sa.update(PropertyValue)
            .where(here, PropertyValue.key.in_(new))
            .values(
                text=sa.case(new, value=PropertyValue.key),
                key=sa.case(
                    {key: key_of(choice) for key, choice in new.items()}, value=PropertyValue.key
                ),
            )
            .execution_options(synchronize_session=False)
        )
