"""Spans of time that a page can be asked for by a short name in its address.

Months begin at midnight in the account's zone; all spans are half-open.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ALL_TIME = "all"
ROLLING = {"90d": timedelta(days=90), "12m": timedelta(days=365)}

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_LABELS = {"90d": "Last 90 days", "12m": "Last 12 months", ALL_TIME: "All time"}


@dataclass(frozen=True, kw_only=True)
class Period:
    """A span with its name in an address and its name for people; None is without end.

    Months have a short name too, for the axis of a chart.
    """

    key: str
    label: str
    since: datetime | None
    until: datetime | None
    short_label: str = ""


def period_of(key: str, now: datetime, zone: ZoneInfo) -> Period:
    """Return the span of a name: 90d, 12m, a month as 2026-03, or all for anything else."""
    if key in ROLLING:
        return Period(key=key, label=_LABELS[key], since=now - ROLLING[key], until=None)
    if month := _MONTH.fullmatch(key):
        return _month(int(month[1]), int(month[2]), zone)
    return Period(key=ALL_TIME, label=_LABELS[ALL_TIME], since=None, until=None)


def last_months(now: datetime, zone: ZoneInfo, count: int = 12) -> list[Period]:
    """Return the last calendar months, oldest first; the last one is the present month."""
    today = now.astimezone(zone)
    present = today.year * 12 + today.month - 1
    return [
        _month(number // 12, number % 12 + 1, zone)
        for number in range(present - count + 1, present + 1)
    ]


def _month(year: int, month: int, zone: ZoneInfo) -> Period:
    later = year * 12 + month
    return Period(
        key=f"{year}-{month:02}",
        label=f"{calendar.month_name[month]} {year}",
        short_label=calendar.month_abbr[month],
        since=datetime(year, month, 1, tzinfo=zone),
        until=datetime(later // 12, later % 12 + 1, 1, tzinfo=zone),
    )
