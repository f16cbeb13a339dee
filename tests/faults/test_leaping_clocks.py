"""R13 with real processes and libfaketime; without that library `test_clocks.py` stands alone."""

from datetime import timedelta
from pathlib import Path

from nps_portal.batches.models import BatchState
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.heartbeats import MISSED_AFTER, WORKER_NAME, last_beat
from tests.conftest import MakeDatabase
from tests.faults.faked_time import LeapingClock
from tests.faults.installation import (
    CONNECTIONS,
    ask,
    batch_states,
    open_installation,
    people_by_state,
    schedule,
)
from tests.support.portal import wait_until
from tests.support.smtp_server import Delay

PEOPLE = 60
RATE = 40
# Nothing may leave in these; the rate would let the next one go a minute after the first.
WATCHED_SECONDS = 4.0


def test_r13_a_clock_that_leaps_mails_nobody_twice_or_early_and_keeps_the_rate(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    clock = LeapingClock(tmp_path)
    database_url = make_database(tmp_path, "leaps")
    with open_installation(
        tmp_path, database_url, NPS_MAIL_RATE_PER_MINUTE=str(RATE)
    ) as installation:
        installation.sink.fail_at("kept", Delay(0.1))
        schedule("tomorrow", people=5, after=timedelta(hours=12))
        ask(PEOPLE)
        worker = installation.portal.start("worker", clock.environment)
        installation.wait_until_sent(10)
        clock.leap("+1d")
        wait_until(lambda: batch_states()["tomorrow"] is BatchState.PAUSED, 20, "a late send held")
        installation.wait_until_sent(RATE - 10)
        clock.leap("-2h")
        over_the_rate = installation.sink.wait_until(
            lambda: len(installation.recipients) > RATE, WATCHED_SECONDS
        )
        installation.portal.kill(worker)
        installation.portal.start("worker", {"NPS_MAIL_RATE_PER_MINUTE": "0"})
        installation.wait_until_settled()

        assert not over_the_rate
        by_state = people_by_state()
        assert len(installation.recipients) == len(set(installation.recipients))
        assert len(by_state["sent"]) >= PEOPLE - CONNECTIONS
        assert by_state["sent"] <= set(installation.recipients)
        assert not any(one.startswith("tomorrow") for one in installation.recipients)
        assert batch_states()["tomorrow"] is BatchState.PAUSED


def test_r13_a_worker_goes_on_when_a_clock_that_leapt_is_set_right(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    clock = LeapingClock(tmp_path)
    with open_installation(tmp_path, make_database(tmp_path, "set_right")) as installation:
        clock.leap("+1d")
        installation.portal.start("worker", clock.environment)
        schedule("ahead", people=5, after=timedelta(hours=23))
        installation.wait_until_sent(5)
        clock.leap("+0")
        # What is asked while the worker is still a day ahead is held as late, and rightly so.
        wait_until(_worker_is_right, 20, f"a sign of life of today; {installation.log}")
        ask(5, "right")
        installation.wait_until_sent(10)

        assert len(set(installation.recipients)) == 10


def _worker_is_right() -> bool:
    """Tell whether the worker's last sign of life is not of a time yet to come."""
    reading().rollback()
    at = last_beat(reading(), WORKER_NAME)
    return at is not None and at < current_clock().now() + MISSED_AFTER
