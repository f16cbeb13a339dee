"""Working time in a zone: when what leaves by itself may leave, and how long ago a working day is.

Monday to Friday, nine to five by the wall clock; holidays are not known.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS = time(9)
CLOSES = time(17)
_SATURDAY = 5


def is_open(now: datetime, zone: ZoneInfo) -> bool:
    """Tell whether it is working time in a zone."""
    local = now.astimezone(zone)
    return local.weekday() < _SATURDAY and OPENS <= local.time() < CLOSES


def working_days_before(now: datetime, zone: ZoneInfo, days: int) -> datetime:
    """Return the instant of the same wall-clock time so many working days ago."""
    local = now.astimezone(zone)
    day = local.date()
    while days > 0:
        day -= timedelta(days=1)
        if day.weekday() < _SATURDAY:
            days -= 1
    return datetime.combine(day, local.time(), zone)
