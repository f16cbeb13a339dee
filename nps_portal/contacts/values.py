"""What a property holds, read from what somebody wrote; pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.written_dates import NotADay, day_first_in, read_day
from nps_portal.contacts.written_numbers import (
    NotANumber,
    currencies_in,
    decimal_mark_of,
    plain_money,
    plain_number,
    read_number,
)
from nps_portal.foundation import merging
from nps_portal.foundation.errors import PortalError

LONGEST_TEXT = 1000
LONGEST_KEY = 200

YES = frozenset(
    [
        *("yes", "y", "true", "t", "1", "x", "on", "✓", "✔", "☑", "ja", "j", "wahr", "oui", "vrai"),
        *("o", "si", "sì", "sí", "sim", "vero", "verdadero", "verdadeiro", "waar", "tak", "ano"),
        *("áno", "igen", "da", "kyllä", "evet", "taip", "jah", "jā", "ναι", "да", "так"),
        *("はい", "是"),
    ]
)
NO = frozenset(
    [
        *("no", "n", "false", "f", "0", "off", "✗", "✘", "☐", "nein", "falsch", "non", "faux"),
        *("não", "nao", "falso", "nee", "onwaar", "nej", "nei", "nie", "ne", "nem", "ei", "hayır"),
        *("nu", "nē", "όχι", "не", "нет", "ні", "いいえ", "否"),
    ]
)


class BadValue(PortalError):
    """What is written cannot be a value of the property."""


class Kept(Protocol):
    """What a value must fit: a property, or one that is about to be made."""

    @property
    def kind(self) -> PropertyKind:
        """What it holds."""
        ...

    @property
    def choices(self) -> Sequence[str]:
        """What a choice can be."""
        ...

    @property
    def currency(self) -> str:
        """What money is in, or nothing."""
        ...


@dataclass(frozen=True, kw_only=True)
class PropertySpec:
    """A property as somebody wishes it."""

    name: str
    kind: PropertyKind
    choices: tuple[str, ...] = ()
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value: as it is kept, its form for comparing texts, and the number of a number."""

    text: str
    key: str
    number: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a column writes what one cell alone would leave open; None and nothing mean unknown."""

    day_first: bool | None = None
    decimal_mark: str = ""


UNKNOWN_HABITS = Habits()


def habits_of(cells: Sequence[str]) -> Habits:
    """Return what the cells of a column tell together; where they disagree, nothing."""
    orders = {day_first_in(cell) for cell in cells} - {None}
    marks = {decimal_mark_of(cell) for cell in cells} - {""}
    return Habits(
        day_first=orders.pop() if len(orders) == 1 else None,
        decimal_mark=marks.pop() if len(marks) == 1 else "",
    )


def parse_value(kept: Kept, written: str, habits: Habits = UNKNOWN_HABITS) -> Value | None:
    """Return what is written as a value of a property; None for what is blank.

    :raises BadValue: it does not fit; the sentence says why.
    """
    text = one_line(written)
    if not text:
        return None
    if kept.kind in (PropertyKind.NUMBER, PropertyKind.MONEY):
        return _number(kept, text, habits)
    if kept.kind is PropertyKind.DATE:
        try:
            return value_of(read_day(text, habits.day_first).isoformat())
        except NotADay as fault:
            raise BadValue(str(fault)) from fault
    if kept.kind is PropertyKind.YES_NO:
        return _yes_or_no(text)
    if kept.kind is PropertyKind.CHOICE:
        return _choice(kept, text)
    if len(text) > LONGEST_TEXT:
        raise BadValue(f"This is longer than {LONGEST_TEXT} characters.")
    return value_of(text)


def value_of(text: str, number: Decimal | None = None) -> Value:
    """Return the value of a text that is in its kept form already."""
    return Value(text=text, key=key_of(text), number=number)


def key_of(text: str) -> str:
    """Return the form in which two spellings of one text are alike."""
    return one_line(text).casefold()[:LONGEST_KEY]


def one_line(text: str) -> str:
    """Return the text on one line, composed, without characters that cannot be shown."""
    return unicodedata.normalize("NFC", merging.one_line(text))


def _number(kept: Kept, text: str, habits: Habits) -> Value:
    is_money = kept.kind is PropertyKind.MONEY
    named = currencies_in(text)
    if is_money and kept.currency and named and kept.currency not in named:
        raise BadValue(f"«{text[:40]}» is not in {kept.currency}.")
    try:
        number = read_number(text, habits.decimal_mark)
    except NotANumber as fault:
        raise BadValue(str(fault)) from fault
    return value_of(plain_money(number) if is_money else plain_number(number), number)


def _yes_or_no(text: str) -> Value:
    key = text.casefold()
    if key in YES:
        return value_of("yes")
    if key in NO:
        return value_of("no")
    raise BadValue(f"«{text[:40]}» is neither yes nor no.")


def _choice(kept: Kept, text: str) -> Value:
    key = key_of(text)
    for choice in kept.choices:
        if key_of(choice) == key:
            return value_of(choice)
    raise BadValue(f"«{text[:40]}» is not one of: {', '.join(kept.choices) or 'nothing yet'}.")
