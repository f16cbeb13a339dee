"""From a wall clock's time to an instant, in both nights when clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nps_portal.batches.wall_clock import instant_of

# Clocks change in Berlin at 01:00 UTC, on 29 March and 25 October 2026 (directive 2000/84/EC), in
# New York at 02:00 local time, on 8 March and 1 November 2026 (Energy Policy Act of 2005).
CASES = [
    ("Europe/Berlin", "2026-01-15T09:00", "2026-01-15T08:00"),
    ("Europe/Berlin", "2026-07-15T09:00", "2026-07-15T07:00"),
    ("Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59"),
    ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:59", "2026-10-24T23:59"),
    ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),
    ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00"),
    ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
    ("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
    ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00"),
    ("Asia/Kathmandu", "2026-03-29T02:30", "2026-03-28T20:45"),
    ("Asia/Kathmandu", "2026-10-25T09:00", "2026-10-25T03:15"),
    ("UTC", "2026-03-29T02:30", "2026-03-29T02:30"),
    # The ends of what a date can hold are taken as a time that every zone can show.
    ("Asia/Tokyo", "0001-01-01T00:00", "0001-01-02T14:41:01"),
    ("America/New_York", "9999-12-31T23:59", "9999-12-29T05:00"),
]


@pytest.mark.parametrize(("zone", "wall", "instant"), CASES)
def test_a_wall_clock_time_becomes_the_instant_it_means(zone: str, wall: str, instant: str) -> None:
    found = instant_of(datetime.fromisoformat(wall), ZoneInfo(zone))

    assert found == datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert found.tzinfo is UTC
