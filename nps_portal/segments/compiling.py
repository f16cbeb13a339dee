"""Rules as one condition on Contact, for either database.

What is not so includes those without a value, so every field says both: who fits, and who does not.
SQLite makes the list of those who fit once, where PostgreSQL joins; written the other way round,
either would ask again for every Contact.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.models import (
    ConsentBasis,
    Contact,
    PropertyKind,
    PropertyValue,
    Trend,
)
from nps_portal.segments import columns
from nps_portal.segments.columns import Both, Lookup
from nps_portal.segments.fields import Catalogue, Field, Kind, Op
from nps_portal.segments.rules import Condition, Group, Match, Rules, Value
from nps_portal.segments.spans import days_of, start_of
from nps_portal.segments.spelling import keyed, spelled

POSITIVE = {
    Op.IS_NOT: Op.IS,
    Op.NOT_CONTAINS: Op.CONTAINS,
    Op.NOT_WITHIN: Op.WITHIN,
    Op.NONE_OF: Op.ANY_OF,
    Op.EMPTY: Op.FILLED,
}
_MOMENTS = {
    "created": Contact.created_at,
    "last_answered": Contact.last_answered_at,
    "last_asked": Contact.last_asked_at,
}
_NUMBERS = {"last_score": Contact.last_score, "answers": Contact.answers}
_WRITTEN = {"name": Contact.name, "time_zone": Contact.time_zone, "source": Contact.source}
_CHOSEN: dict[str, tuple[sa.SQLColumnExpression[Any], Callable[[str], object]]] = {
    "trend": (Contact.trend, Trend),
    "consent_basis": (Contact.consent_basis, ConsentBasis),
    "owner": (Contact.owner_id, int),
}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What rules are compiled for: the fields there are, the present, and the database.

    `lookup` says how rows of other tables are found.
    """

    catalogue: Catalogue
    now: datetime
    zone: ZoneInfo
    dialect: str
    lookup: Lookup

    @property
    def today(self) -> date:
        """Return the day that it is for the account."""
        return self.now.astimezone(self.zone).date()

    @property
    def by_row(self) -> "Terms":
        """Return the same for a condition that is tried on one Contact after another."""
        return replace(self, lookup=Lookup.EACH)


def membership(rules: Rules, terms: Terms) -> sa.ColumnElement[bool]:
    """Return the condition that a Contact is not removed and fits the rules."""
    if rules.are_lost:
        return sa.false()
    fits = fitting(rules, terms)
    # Compared so that SQLite takes another index: by that of `removed_at` it would find nearly all.
    return sa.and_(Contact.removed_at.is_(None).is_(True), fits)


def fitting(rules: Rules, terms: Terms) -> sa.ColumnElement[bool]:
    """Return the condition that a Contact fits the rules, removed or not."""
    return _joined(rules.match, [_group(group, terms) for group in rules.groups])


def condition_of(condition: Condition, terms: Terms) -> sa.ColumnElement[bool]:
    """Return one condition of the rules."""
    field = terms.catalogue.field_named(condition.field)
    if field is None:
        return sa.false()
    op = POSITIVE.get(condition.op, condition.op)
    both = _both(field, op, condition.value, terms)
    return both.fits if op is condition.op else both.fits_not


def values_query(field: Field, op: Op, value: Value, terms: Terms) -> sa.Select[int]:
    """Return the query of who has a value of a property that fits a positive condition."""
    return sa.select(PropertyValue.contact_id).where(*_values(field, op, value, terms))


def _group(group: Group, terms: Terms) -> sa.ColumnElement[bool]:
    return _joined(group.match, [condition_of(one, terms) for one in group.conditions])


def _joined(match: Match, parts: list[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    return sa.and_(*parts) if match is Match.ALL else sa.or_(*parts)


def _both(field: Field, op: Op, value: Value, terms: Terms) -> Both:
    name = field.name
    if field.is_property:
        return _property(field, op, value, terms)
    if name in _MOMENTS:
        return _moment(_MOMENTS[name], op, value, terms)
    if name in _NUMBERS:
        return columns.nullable(_NUMBERS[name], _number(_NUMBERS[name], op, value))
    if name in _WRITTEN:
        return _written(_WRITTEN[name], op, value, terms)
    if name in _CHOSEN:
        column, read = _CHOSEN[name]
        wanted = column.is_not(None) if op is Op.FILLED else column == read(str(value))
        return columns.nullable(column, wanted)
    return _SPECIAL[name](op, value, terms)


def _moment(column: sa.SQLColumnExpression[Any], op: Op, value: Value, terms: Terms) -> Both:
    if op is Op.FILLED:
        return columns.nullable(column, column.is_not(None))
    days = days_of(op, value, terms.today)
    since = start_of(days.since, terms.zone) if days.since else None
    until = start_of(days.until, terms.zone) if days.until else None
    return columns.nullable(column, columns.between(column, since, until))


def _day(column: Any, op: Op, value: Value, terms: Terms) -> sa.ColumnElement[bool]:
    days = days_of(op, value, terms.today)
    if column is PropertyValue.key:
        # Written as ISO dates, which stand in the order of their days.
        since = days.since.isoformat() if days.since else None
        return columns.between(column, since, days.until.isoformat() if days.until else None)
    return columns.between(column, days.since, days.until)


def _number(column: Any, op: Op, value: Value) -> sa.ColumnElement[bool]:
    if op is Op.FILLED:
        return sa.and_(column.is_not(None))
    if isinstance(value, tuple):
        return sa.and_(column >= value[0], column <= value[1])
    if op is Op.LESS:
        return sa.and_(column < value)
    return sa.and_(column > value) if op is Op.GREATER else sa.and_(column == value)


def _written(column: sa.SQLColumnExpression[str], op: Op, value: Value, terms: Terms) -> Both:
    if op is Op.FILLED:
        return columns.plain(column != "")
    return columns.plain(spelled(column, op, str(value), terms.dialect))


def _property(field: Field, op: Op, value: Value, terms: Terms) -> Both:
    mine = _values(field, op, value, terms)
    return columns.listed(Contact.id, PropertyValue.contact_id, mine, terms.lookup)


def _values(field: Field, op: Op, value: Value, terms: Terms) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on the values of a property."""
    key = PropertyValue.key
    mine = [PropertyValue.property_id == field.property_id]
    if op is not Op.FILLED:
        if field.kind is Kind.NUMBER:
            mine.append(_number(PropertyValue.number, op, value))
        elif field.property_kind is PropertyKind.DATE:
            mine.append(_day(key, op, value, terms))
        else:
            mine.append(keyed(key, op, name_key(str(value))))
    return mine


def _consent_date(op: Op, value: Value, terms: Terms) -> Both:
    column = Contact.consent_on
    if op is Op.FILLED:
        return columns.nullable(column, column.is_not(None))
    return columns.nullable(column, _day(column, op, value, terms))


def _revenue(op: Op, value: Value, terms: Terms) -> Both:
    return columns.of_company(lambda column: _number(column, op, value), terms.lookup)


_SPECIAL: dict[str, Callable[[Op, Value, Terms], Both]] = {
    "category": lambda op, value, terms: columns.category(op, str(value)),
    "silent": lambda op, value, terms: columns.silent(str(value)),
    "deliverability": lambda op, value, terms: columns.deliverability(
        str(value), terms.now, terms.lookup
    ),
    "company": lambda op, value, terms: columns.company(op, str(value), terms.lookup),
    "company_revenue": _revenue,
    "company_domain": lambda op, value, terms: columns.company_domain(op, str(value), terms.lookup),
    "tags": lambda op, value, terms: columns.tags(op, value, terms.lookup),
    "role": lambda op, value, terms: columns.role(op, str(value)),
    "email": lambda op, value, terms: columns.email(op, str(value)),
    "mail_domain": lambda op, value, terms: columns.mail_domain(op, str(value)),
    "language": lambda op, value, terms: columns.language(op, str(value), terms.dialect),
    "consent_date": _consent_date,
}
