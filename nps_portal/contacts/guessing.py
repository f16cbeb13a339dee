"""What kind of property a column of a file holds, guessed from its name and cells; pure."""

import re
from collections.abc import Sequence

from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.values import (
    NO,
    YES,
    BadValue,
    PropertySpec,
    habits_of,
    key_of,
    one_line,
    parse_value,
)
from nps_portal.contacts.written_numbers import currencies_in, currency_in_name

# Fewer cells, or more different ones among them, and a text is likelier than a choice.
FEWEST_CELLS_OF_A_CHOICE = 30
MOST_CHOICES = 8
CELLS_A_CHOICE = 5
LONGEST_CHOICE = 40

# Digits that nobody counts with: they may begin with zeros, and no sum of them means anything.
_NUMBERED = re.compile(
    r"\b(id|ids|no|nr|num|number|nummer|numéro|número|code|key|zip|plz|postcode|postal|postleitzahl"
    r"|phone|tel|telefon|telephone|mobile|mobil|handy|fax|iban|vat|uid|ein|ssn|account|konto)\b",
    re.IGNORECASE,
)
_LIKE_A_LABEL = re.compile(r"0\d|\+|\d{16}")


def guess_kind(name: str, cells: Sequence[str]) -> PropertySpec:
    """Return the property that a column is likely to be; text where that is not sure."""
    written = [text for cell in cells if (text := one_line(cell))]
    kind, currency = PropertyKind.TEXT, ""
    choices: tuple[str, ...] = ()
    if written:
        if _all_yes_or_no(written):
            kind = PropertyKind.YES_NO
        elif _all_fit(PropertyKind.DATE, written) and not all(map(str.isdigit, written)):
            kind = PropertyKind.DATE
        elif _all_counted(name, written):
            kind, currency = _number_or_money(name, written)
        elif choices := _choices_in(written):
            kind = PropertyKind.CHOICE
    return PropertySpec(name=one_line(name), kind=kind, choices=choices, currency=currency)


def _all_fit(kind: PropertyKind, cells: Sequence[str]) -> bool:
    wanted = PropertySpec(name="", kind=kind)
    habits = habits_of(cells)
    try:
        for cell in cells:
            parse_value(wanted, cell, habits)
    except BadValue:
        return False
    return True


def _all_yes_or_no(cells: Sequence[str]) -> bool:
    """Tell whether all cells are yes or no; digits are numbers, and lone letters may be names."""
    keys = {cell.casefold() for cell in cells}
    if keys <= {"x", "✓", "✔"}:
        return True
    if keys <= {"0", "1"} or not keys <= YES | NO:
        return False
    return any(len(key) > 1 for key in keys) or bool(keys & YES and keys & NO)


def _all_counted(name: str, cells: Sequence[str]) -> bool:
    if any(_LIKE_A_LABEL.match(cell) for cell in cells):
        return False
    if all(cell.isdigit() for cell in cells) and _NUMBERED.search(re.sub(r"[_-]", " ", name)):
        return False
    return _all_fit(PropertyKind.NUMBER, cells)


def _number_or_money(name: str, cells: Sequence[str]) -> tuple[PropertyKind, str]:
    """Return money with its currency where cells or name tell one; several make it a text."""
    signs = {currencies for cell in cells if (currencies := currencies_in(cell))}
    if len(signs) > 1:
        return PropertyKind.TEXT, ""
    currency = signs.pop()[0] if signs else currency_in_name(name)
    return (PropertyKind.MONEY, currency) if currency else (PropertyKind.NUMBER, "")


def _choices_in(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the different cells where they are few and return often; else nothing."""
    by_key: dict[str, str] = {}
    for cell in cells:
        by_key.setdefault(key_of(cell), cell)
    few = 2 <= len(by_key) <= MOST_CHOICES and len(cells) >= FEWEST_CELLS_OF_A_CHOICE
    often = len(cells) >= CELLS_A_CHOICE * len(by_key)
    short = all(len(choice) <= LONGEST_CHOICE for choice in by_key.values())
    return tuple(sorted(by_key.values(), key=str.casefold)) if few and often and short else ()
