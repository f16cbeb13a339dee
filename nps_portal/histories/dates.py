"""Dates of past answers as other systems write them; pure.

Whether the day or the month stands first is judged over the whole column. If no date tells, nobody
guesses: a trend with days and months exchanged looks right and is wrong.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from nps_portal.contacts.written_dates import NotADay, day_first_in, read_day
from nps_portal.foundation.errors import PortalError

FIRST_YEAR = 1995
# A day without a time is taken for its noon, which is that day in every zone nearby.
NOON = time(12)
_SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?")
_MILLISECONDS = re.compile(r"\d{12,13}")
_TIME = re.compile(
    r"[T ,]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"\s*(?:([ap])\.?m\.?)?\s*(Z|(?:UTC|GMT)?[-+]\d{1,2}(?::?\d{2})?|[A-Z]{3,4})?$",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:UTC|GMT)?([-+])(\d{1,2})(?::?(\d{2}))?")
# Letters that forms write behind a time and that mean one zone in practice, in hours.
_ZONES = {
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "MEZ": 1,
    "CEST": 2,
    "MESZ": 2,
    "EET": 2,
    "OEZ": 2,
    "EEST": 3,
    "OESZ": 3,
    "EST": -5,
    "EDT": -4,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
}


class BadDate(PortalError):
    """A cell is no date of an answer."""


class AmbiguousDates(PortalError):
    """The dates of a file can be read in two ways."""


@dataclass(frozen=True, kw_only=True)
class DateReader:
    """How the dates of one file are read: the order of day and month, and the zone of times."""

    zone: ZoneInfo
    day_first: bool | None = None

    def read(self, written: str, now: datetime) -> datetime:
        """Return the instant that is written.

        :raises BadDate: it is none, or none at which anybody could have answered.
        """
        text = " ".join(written.split())
        if not text:
            raise BadDate("There is no date.")
        try:
            instant = self._instant(text)
        except (NotADay, ValueError, OverflowError) as fault:
            told = str(fault) if isinstance(fault, NotADay) else f"«{text[:40]}» is not a date."
            raise BadDate(told) from fault
        if instant > now + timedelta(days=1):
            raise BadDate(f"«{text[:40]}» lies in the future.")
        if instant.year < FIRST_YEAR:
            raise BadDate(f"«{text[:40]}» lies before {FIRST_YEAR}.")
        return instant.astimezone(UTC)

    def _instant(self, text: str) -> datetime:
        if _SECONDS.fullmatch(text):
            return datetime.fromtimestamp(float(text), UTC)
        if _MILLISECONDS.fullmatch(text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        found = _TIME.search(text)
        if found is None:
            return datetime.combine(read_day(text, self.day_first), NOON, self.zone)
        day = read_day(text[: found.start()], self.day_first)
        hour = int(found[1])
        if found[4]:
            hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
        clock = time(hour, int(found[2]), int(found[3] or 0))
        return datetime.combine(day, clock, _zone(found[5]) or self.zone)


def reader_of(cells: Iterable[str], zone: ZoneInfo, day_first: bool | None = None) -> DateReader:
    """Return how a whole column of dates is read; `day_first` is what somebody has said.

    :raises AmbiguousDates: some can be read in two ways, and nothing tells which.
    """
    if day_first is not None:
        return DateReader(zone=zone, day_first=day_first)
    orders: set[bool] = set()
    unsure = ""
    for cell in cells:
        text = _without_time(" ".join(cell.split()))
        order = day_first_in(text)
        if order is not None:
            orders.add(order)
        elif not unsure and _is_ambiguous(text):
            unsure = text
    if len(orders) > 1:
        raise AmbiguousDates(
            "Some dates of this file have the day first and some the month, so none can be "
            "trusted. Nothing was imported; write them like 2026-12-31."
        )
    if unsure and not orders:
        raise AmbiguousDates(
            f"«{unsure[:40]}» can be read in two ways, and no other date of the file tells which. "
            "Nothing was imported; say --dates day-first or --dates month-first."
        )
    return DateReader(zone=zone, day_first=orders.pop() if orders else None)


def _without_time(text: str) -> str:
    found = _TIME.search(text)
    return text[: found.start()] if found else text


def _is_ambiguous(text: str) -> bool:
    try:
        return read_day(text, True) != read_day(text, False)
    except NotADay:
        return False


def _zone(written: str | None) -> tzinfo | None:
    """Return the zone that stands behind a time; None where none does.

    :raises NotADay: its letters stand for no zone, or for several.
    """
    if not written:
        return None
    found = _OFFSET.fullmatch(written.upper())
    if found is None:
        named = _ZONES.get(written.upper())
        if named is None:
            raise NotADay(f"«{written}» is no time zone that is known. Write it like +02:00.")
        return timezone(timedelta(hours=named))
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-offset if found[1] == "-" else offset)
