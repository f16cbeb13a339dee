"""Working time: by the wall clock of a zone, over weekends and both nights of daylight saving."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nps_portal.foundation.working_time import is_open, working_days_before

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")


@pytest.mark.parametrize(
    ("at", "zone", "open_"),
    [
        (datetime(2026, 3, 2, 8, 0, tzinfo=UTC), BERLIN, True),
        (datetime(2026, 3, 2, 7, 59, tzinfo=UTC), BERLIN, False),
        (datetime(2026, 3, 2, 15, 59, tzinfo=UTC), BERLIN, True),
        (datetime(2026, 3, 2, 16, 0, tzinfo=UTC), BERLIN, False),
        (datetime(2026, 3, 30, 7, 0, tzinfo=UTC), BERLIN, True),
        (datetime(2026, 3, 7, 10, 0, tzinfo=UTC), BERLIN, False),
        (datetime(2026, 3, 8, 10, 0, tzinfo=UTC), BERLIN, False),
        (datetime(2026, 3, 2, 3, 15, tzinfo=UTC), KATHMANDU, True),
        (datetime(2026, 3, 2, 3, 14, tzinfo=UTC), KATHMANDU, False),
    ],
)
def test_it_is_working_time_from_nine_to_five_on_weekdays(
    at: datetime, zone: ZoneInfo, open_: bool
) -> None:
    assert is_open(at, zone) is open_


@pytest.mark.parametrize(
    ("now", "days", "then"),
    [
        (datetime(2026, 3, 5, 10, tzinfo=BERLIN), 3, datetime(2026, 3, 2, 10, tzinfo=BERLIN)),
        (datetime(2026, 3, 3, 10, tzinfo=BERLIN), 3, datetime(2026, 2, 26, 10, tzinfo=BERLIN)),
        (datetime(2026, 3, 30, 10, tzinfo=BERLIN), 1, datetime(2026, 3, 27, 10, tzinfo=BERLIN)),
        (datetime(2026, 10, 26, 9, tzinfo=BERLIN), 1, datetime(2026, 10, 23, 9, tzinfo=BERLIN)),
    ],
)
def test_weekends_are_passed_over_and_the_wall_clock_is_kept(
    now: datetime, days: int, then: datetime
) -> None:
    assert working_days_before(now, BERLIN, days) == then
