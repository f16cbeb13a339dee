"""From the time on somebody's wall clock to the instant it means."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)
# Nearer to the ends of what a datetime can hold, the same time in UTC would be beyond them.
_EARLIEST = datetime.fromisoformat("0001-01-03")
_LATEST = datetime.fromisoformat("9999-12-29")


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which clocks in a zone show a naive local time.

    In the night when clocks go back the time is shown twice; the first counts. In the night when
    they go forward it is not shown at all; the first instant after the gap counts.
    """
    wall = min(max(wall, _EARLIEST), _LATEST)
    before = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if before.astimezone(zone).replace(tzinfo=None) == wall:
        return before
    after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_between(after, before, zone)


def _change_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second after `early` at which the offset is that of `late`."""
    offset = late.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)
