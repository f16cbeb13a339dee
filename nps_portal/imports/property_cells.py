"""Cells of columns that become properties or days, read by the kind and the column's habits."""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.properties import (
    BadValue,
    Habits,
    PropertySpec,
    Value,
    parse_value,
    property_key,
)
from nps_portal.contacts.values import Kept
from nps_portal.contacts.written_numbers import plain_money, plain_number

# Cells repeat: so many different ones of a column are remembered with what they mean.
_MOST_REMEMBERED = 5_000
_SHORT = 200
_COUNTED = (PropertyKind.NUMBER, PropertyKind.MONEY)
_PLAIN_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,2})?")
_SOME_TEXT = PropertySpec(name="", kind=PropertyKind.TEXT)
_SOME_DAY = PropertySpec(name="", kind=PropertyKind.DATE)


class Unfit(Exception):
    """A cell cannot be kept; the message says why."""


@dataclass(frozen=True, kw_only=True)
class PropertyColumn:
    """A column that becomes a property.

    One that `widens` takes choices that are not among those of the property yet.
    """

    property_id: int
    spec: Kept
    habits: Habits = field(default_factory=Habits)
    widens: bool = False
    _spelled: dict[str, Value] = field(default_factory=dict, repr=False)
    _remembered: dict[str, Value | BadValue | None] = field(default_factory=dict, repr=False)

    def read(self, cell: str) -> Value | None:
        """Return what a cell says; None for a blank one.

        :raises Unfit: it does not fit the property.
        """
        known = self._remembered
        if cell not in known:
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            known[cell] = self._judged(cell)
        value = known[cell]
        if isinstance(value, BadValue):
            raise Unfit(str(value))
        return value

    def _judged(self, cell: str) -> Value | BadValue | None:
        if (plain := plain_value(self.spec.kind, cell, self.habits)) is not None:
            return plain
        try:
            return parse_value(self.spec, cell, self.habits)
        except BadValue as fault:
            is_choice = self.spec.kind is PropertyKind.CHOICE
            return self._new_choice(cell) if self.widens and is_choice else fault

    def _new_choice(self, cell: str) -> Value | BadValue:
        """Return a further choice; of several spellings the first."""
        try:
            told = parse_value(_SOME_TEXT, cell)
        except BadValue as fault:
            return fault
        return self._spelled.setdefault(told.key, told) if told else BadValue("")


def plain_value(kind: PropertyKind, cell: str, habits: Habits) -> Value | None:
    """Return the value of a cell of the plainest form, as the full reading would; else None.

    Most cells are such: short texts in ASCII, and numbers that can be read in one way only.
    """
    if kind is PropertyKind.TEXT:
        if cell.isascii() and cell.isprintable() and len(cell) <= _SHORT:
            text = " ".join(cell.split())
            return Value(text=text, key=text.lower()) if text else None
    elif kind in _COUNTED and habits.decimal_mark != "," and _PLAIN_NUMBER.fullmatch(cell):
        number = Decimal(cell)
        text = plain_money(number) if kind is PropertyKind.MONEY else plain_number(number)
        return Value(text=text, key=text, number=number)
    return None


@dataclass(frozen=True, kw_only=True)
class DayColumn:
    """A column of days."""

    habits: Habits | None = None

    def read(self, cell: str) -> date | None:
        """Return the day that a cell names; None for a blank one.

        :raises Unfit: it is no day, or could be two.
        """
        try:
            value = parse_value(_SOME_DAY, cell, self.habits or Habits())
        except BadValue as fault:
            raise Unfit(str(fault)) from fault
        return None if value is None else date.fromisoformat(value.text)


def column_key(text: str) -> str:
    """Return the form in which names are compared."""
    return property_key(text)
