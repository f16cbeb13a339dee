"""Days as people and programs write them; pure.

`03/04/2026` is the third of April or the fourth of March. One day alone does not tell, so it is
refused, unless the other days of its column do.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from babel import Locale

from nps_portal.foundation.errors import PortalError

# Two-digit years below this belong to this century.
_CENTURY_TURNS_AT = 70
_TIME = (
    r"(?:[T ,]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
    r"\s*(?:[ap]\.?m\.?)?\s*(?:Z|UTC|[-+]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.IGNORECASE)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(
    rf"(\d{{1,2}})([-/.])\s?(\d{{1,2}})\2\s?(\d{{4}}|\d{{2}}){_TIME}", re.IGNORECASE
)
_NAMED = re.compile(
    rf"(?:(\d{{1,2}})(?:st|nd|rd|th|er|º|ª)?[.\s-]+(?:de\s+|of\s+)?([^\W\d_]+)\.?"
    rf"|([^\W\d_]+)\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?)[,\s-]+(?:de\s+)?(\d{{4}}){_TIME}",
    re.IGNORECASE,
)
_LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk"),
    *("hu", "ro", "bg", "hr", "sl", "el", "tr", "uk", "ru", "et", "lv", "lt"),
)


class NotADay(PortalError):
    """What is written is no day, or could be two."""


def read_day(written: str, day_first: bool | None = None) -> date:
    """Return the day that is written; a time of day beside it is passed over.

    `day_first` tells whether the day stands before the month where this comes from, if known.

    :raises NotADay: it is none, or could be two.
    """
    text = " ".join(written.split())
    readings = sorted(set(_readings(text)))
    if len(readings) > 1 and day_first is not None:
        readings = [one for one in readings if _is_day_first(text, one) is day_first]
    if len(readings) == 1:
        return readings[0]
    if not readings:
        raise NotADay(f"«{text[:40]}» is not a day. Write it like 2026-12-31.")
    one, other = readings
    raise NotADay(
        f"«{text[:40]}» can mean {one.isoformat()} or {other.isoformat()}. Write one of these."
    )


def day_first_in(written: str) -> bool | None:
    """Tell whether this day must have been written before its month; None if it does not tell."""
    text = " ".join(written.split())
    readings = set(_readings(text))
    if len(readings) != 1 or not (found := _YEAR_LAST.fullmatch(text)) or found[2] == ".":
        return None
    return None if found[1] == found[3] else _is_day_first(text, readings.pop())


def _readings(text: str) -> Iterator[date]:
    """Give every day that the text can mean."""
    if found := _YEAR_FIRST.fullmatch(text):
        yield from _days(found[1], found[3], found[4])
    elif found := _COMPACT.fullmatch(text):
        yield from _days(found[1], found[2], found[3])
    elif found := _YEAR_LAST.fullmatch(text):
        year = _year(found[4])
        yield from _days(year, found[3], found[1])
        # Nobody writes the month first before a point.
        if found[2] != ".":
            yield from _days(year, found[1], found[3])
    elif found := _NAMED.fullmatch(text):
        month = _months().get((found[2] or found[3]).casefold())
        if month:
            yield from _days(found[5], month, found[1] or found[4])


def _days(year: int | str, month: int | str, day: int | str) -> Iterator[date]:
    if int(year) < 1000:
        return
    try:
        yield date(int(year), int(month), int(day))
    except ValueError:
        return


def _year(digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (2000 if int(digits) < _CENTURY_TURNS_AT else 1900)


def _is_day_first(text: str, day: date) -> bool:
    found = _YEAR_LAST.fullmatch(text)
    return found is not None and int(found[1]) == day.day and int(found[3]) == day.month


@cache
def _months() -> dict[str, int]:
    """Return the months by their names; a name of different months in two languages is left out.

    Listopad is October in Zagreb and November in Warsaw.
    """
    known: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in Locale.parse(language).months[form][width].items():
                    known.setdefault(name.rstrip(".").casefold(), set()).add(number)
    return {name: numbers.pop() for name, numbers in known.items() if len(numbers) == 1}
