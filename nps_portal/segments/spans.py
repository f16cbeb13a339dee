"""The days that a condition on a date means: half-open, in the account's zone; pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nps_portal.segments.fields import Op
from nps_portal.segments.rules import Value

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Days:
    """A half-open span of days; None is without end."""

    since: date | None = None
    until: date | None = None


def days_of(op: Op, value: Value, today: date) -> Days:
    """Return the days that an operator means: "within the last 7 days" ends with today.

    :raises TypeError: the operator is none of dates.
    """
    if isinstance(value, int):
        first = today - timedelta(days=value)
        if op is Op.AGO:
            return Days(until=first)
        return Days(since=first, until=today + _DAY)
    if not isinstance(value, date):
        raise TypeError(f"{op} compares no days with {value!r}.")
    if op is Op.BEFORE:
        return Days(until=value)
    if op is Op.AFTER:
        return Days(since=value + _DAY)
    return Days(since=value, until=value + _DAY)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins."""
    return datetime.combine(day, time.min, zone)
