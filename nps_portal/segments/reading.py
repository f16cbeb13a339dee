"""Reading rules: from what somebody wrote, with every fault at once, or from the table; pure."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from nps_portal.segments.fields import (
    OF_DAYS,
    PROPERTY,
    WITHOUT_VALUE,
    Catalogue,
    Field,
    Kind,
    Op,
)
from nps_portal.segments.rules import BadRules, Condition, Fault, Group, Match, Rules, Value

MOST_GROUPS = 10
MOST_CONDITIONS = 20
LONGEST_TEXT = 200
MOST_TAGS = 50
MOST_DAYS = 36_500
YEARS = range(1900, 3000)
# Beyond it FixedPoint, which keeps four decimals, cannot hold a number.
LARGEST_NUMBER = Decimal(900_000_000_000_000)


def parse(written: Any, catalogue: Catalogue) -> Rules:
    """Return the rules of a written or stored form.

    A property that is gone is no fault: its condition is lost.

    :raises BadRules: something cannot be used; every fault is told at once.
    """
    faults: list[Fault] = []
    match = _match(written, faults)
    groups = _list(written, "groups", MOST_GROUPS, "groups", faults)
    read = tuple(_group(one, number, catalogue, faults) for number, one in enumerate(groups))
    if not faults and not any(group.conditions for group in read):
        faults.append(Fault(words="Add at least one condition."))
    if faults:
        raise BadRules(faults)
    return Rules(match=match, groups=tuple(group for group in read if group.conditions))


def read(stored: Mapping[str, Any], catalogue: Catalogue) -> Rules:
    """Return rules that were judged when they were stored.

    A condition that does not fit its field any more is lost: a choice may be gone by now.
    """
    return Rules(
        match=Match(stored["match"]),
        groups=tuple(
            Group(
                match=Match(group["match"]),
                conditions=tuple(_kept(one, catalogue) for one in group["conditions"]),
            )
            for group in stored["groups"]
        ),
    )


def _kept(stored: Mapping[str, Any], catalogue: Catalogue) -> Condition:
    try:
        return _condition(stored, catalogue)
    except _Unfit:
        return Condition(field=stored["field"], op=Op(stored["op"]), is_lost=True)


def _match(written: Any, faults: list[Fault], group: int | None = None) -> Match:
    found = written.get("match", "all") if isinstance(written, Mapping) else "all"
    if found not in ("all", "any"):
        faults.append(Fault(words="Say whether all or any must hold.", group=group))
        return Match.ALL
    return Match(found)


def _list(
    written: Any, name: str, most: int, noun: str, faults: list[Fault], group: int | None = None
) -> list[Any]:
    found = written.get(name) if isinstance(written, Mapping) else None
    if not isinstance(found, list):
        faults.append(Fault(words=f"The rules have no list of {noun}.", group=group))
        return []
    if len(found) > most:
        faults.append(Fault(words=f"There are too many {noun}; {most} fit.", group=group))
        return []
    return found


def _group(written: Any, number: int, catalogue: Catalogue, faults: list[Fault]) -> Group:
    match = _match(written, faults, number)
    listed = _list(written, "conditions", MOST_CONDITIONS, "conditions", faults, number)
    conditions = []
    for place, one in enumerate(listed):
        try:
            conditions.append(_condition(one, catalogue))
        except _Unfit as fault:
            faults.append(Fault(words=str(fault), group=number, condition=place))
    return Group(match=match, conditions=tuple(conditions))


class _Unfit(Exception):
    """One condition cannot be used."""


def _condition(written: Any, catalogue: Catalogue) -> Condition:
    if not isinstance(written, Mapping):
        raise _Unfit("A condition cannot be read.")
    name, value = written.get("field"), written.get("value")
    if not isinstance(name, str):
        raise _Unfit("Choose what a condition is about.")
    op = next((one for one in Op if one.value == written.get("op")), None)
    field = catalogue.field_named(name)
    if field is None:
        number = name.removeprefix(PROPERTY)
        if name.startswith(PROPERTY) and number.isascii() and number.isdigit() and op is not None:
            return Condition(field=name, op=op, is_lost=True)
        raise _Unfit(f"There is nothing called «{name[:80]}» to filter by.")
    if op is None or op not in field.ops:
        raise _Unfit(f"{field.label}: choose how to compare it.")
    return Condition(field=name, op=op, value=_value(field, op, value))


def _value(field: Field, op: Op, written: Any) -> Value:
    if op in WITHOUT_VALUE:
        return None
    if op in OF_DAYS:
        return _days(field, written)
    match field.kind:
        case Kind.TEXT:
            return _text(field, written)
        case Kind.CHOICE:
            return _choice(field, written)
        case Kind.NUMBER if op is Op.BETWEEN:
            return _span(field, written)
        case Kind.NUMBER:
            return _number(field, written)
        case Kind.TAGS:
            return _tags(field, written)
        case _:
            return _date(field, written)


def _text(field: Field, written: Any) -> str:
    text = unicodedata.normalize("NFC", " ".join(written.split())) if _is_text(written) else ""
    if not text:
        raise _Unfit(f"{field.label}: write what to look for.")
    if len(text) > LONGEST_TEXT:
        raise _Unfit(f"{field.label}: at most {LONGEST_TEXT} letters can be looked for.")
    return text


def _is_text(written: Any) -> bool:
    return isinstance(written, str) and "\0" not in written


def _choice(field: Field, written: Any) -> str:
    found = next(
        (one.value for one in field.choices if str(written).casefold() == one.value.casefold()),
        None,
    )
    if found is None:
        raise _Unfit(f"{field.label}: choose one of the list.")
    return found


def _number(field: Field, written: Any) -> Decimal:
    try:
        if isinstance(written, bool) or not isinstance(written, int | float | str | Decimal):
            raise InvalidOperation
        number = Decimal(str(written).strip())
    except InvalidOperation:
        raise _Unfit(f"{field.label}: write a number such as 12 or 12.50.") from None
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        raise _Unfit(f"{field.label}: this number is too large.")
    if number != round(number, 4):
        raise _Unfit(f"{field.label}: at most four decimals can be compared.")
    return number.normalize() + 0


def _span(field: Field, written: Any) -> tuple[Decimal, Decimal]:
    if not isinstance(written, list | tuple) or len(written) != 2:
        raise _Unfit(f"{field.label}: write from which number to which.")
    low, high = (_number(field, one) for one in written)
    if low > high:
        raise _Unfit(f"{field.label}: the first number is above the second.")
    return low, high


def _days(field: Field, written: Any) -> int:
    text = str(written).strip()
    if isinstance(written, bool) or not (text.isascii() and text.isdigit() and len(text) < 7):
        raise _Unfit(f"{field.label}: write a number of days.")
    if not 1 <= int(text) <= MOST_DAYS:
        raise _Unfit(f"{field.label}: write a number of days from 1 to {MOST_DAYS:,}.")
    return int(text)


def _date(field: Field, written: Any) -> date:
    try:
        day = date.fromisoformat(written.strip() if _is_text(written) else "")
    except ValueError:
        raise _Unfit(f"{field.label}: write a day such as 2026-03-31.") from None
    if day.year not in YEARS:
        raise _Unfit(f"{field.label}: write a day of the years {YEARS[0]} to {YEARS[-1]}.")
    return day


def _tags(field: Field, written: Any) -> tuple[str, ...]:
    names = written if isinstance(written, list | tuple) else []
    tags = tuple(dict.fromkeys(_text(field, one) for one in names))
    if not tags:
        raise _Unfit(f"{field.label}: name at least one tag.")
    if len(tags) > MOST_TAGS:
        raise _Unfit(f"{field.label}: name at most {MOST_TAGS} tags.")
    return tags
