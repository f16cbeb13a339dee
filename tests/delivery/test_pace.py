"""How fast emails may leave: the rate, warming a sender up, and the manners of domains."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from nps_portal.delivery.pace import Manners, Pace, allowance, warm_up_allowance
from nps_portal.delivery.pool import Pool
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.outbox.claims import Claim, claim, new_owner, pass_commit_point
from tests.delivery.queue import claim_some, queue
from tests.support import factories
from tests.support.clock import FixedClock

_numbers = itertools.count(1)
MIDNIGHT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)


def pace(
    *,
    per_minute: int = 0,
    domain_per_minute: int = 0,
    connections: int = 0,
    daily: int | None = None,
) -> Pace:
    return Pace(
        per_minute=per_minute,
        domain_per_minute=domain_per_minute,
        domain_connections=connections,
        daily=daily,
        day_began=MIDNIGHT,
    )


def allowed(limits: Pace, wanted: int = 20) -> int:
    with unit_of_work(WORKER) as work:
        return allowance(work, limits, wanted)


def test_the_rate_counts_what_left_within_the_minute_and_what_is_on_its_way(
    app: Flask, clock: FixedClock
) -> None:
    queue(*[f"c{number}@example.org" for number in range(10)])
    limits = pace(per_minute=4)

    at_first = allowed(limits)
    with factories.work() as work:
        pass_commit_point(work, claim(work, new_owner(), 3))
    after_three = allowed(limits)
    clock.advance(seconds=61)
    a_minute_later = allowed(limits)
    claim_some(2)
    with_two_on_their_way = allowed(limits)

    assert [at_first, after_three, a_minute_later, with_two_on_their_way] == [4, 1, 4, 2]


def test_a_new_sender_is_warmed_up_day_by_day() -> None:
    days = [date(2026, 11, day) for day in (1, 2, 3, 4)]

    allowances = [warm_up_allowance(200, "2026-11-01", day) for day in days]

    # 200, and half as many again each day: 300, 450, 675.
    assert allowances == [200, 300, 450, 675]


@pytest.mark.parametrize(
    ("per_day", "since", "today"),
    [
        (0, "", date(2026, 11, 1)),
        (200, "", date(2026, 11, 1)),
        (200, "2026-11-01", date(2026, 12, 1)),
    ],
)
def test_nothing_is_warmed_up_without_a_plan_or_after_thirty_days(
    per_day: int, since: str, today: date
) -> None:
    assert warm_up_allowance(per_day, since, today) is None


def test_the_plan_of_the_day_counts_since_midnight_in_the_account_s_zone(
    app: Flask, clock: FixedClock
) -> None:
    queue(*[f"c{number}@example.org" for number in range(10)])
    with factories.work() as work:
        began = work.now
        pass_commit_point(work, claim(work, new_owner(), 3))

    today = allowed(replace(pace(daily=5), day_began=began - timedelta(hours=1)))
    clock.advance(hours=2)
    tomorrow = allowed(replace(pace(daily=5), day_began=began + timedelta(hours=1)))

    assert [today, tomorrow] == [2, 5]


def test_a_domain_has_no_more_connections_than_it_may() -> None:
    pool = Pool(pace(connections=1), Manners())
    pool.add([claimed("a@one.example"), claimed("b@one.example"), claimed("c@two.example")])

    taken = [pool.take(), pool.take(), pool.take()]

    assert [one and one.email_key for one in taken] == ["a@one.example", "c@two.example", None]


def test_a_domain_goes_on_when_its_message_is_done() -> None:
    pool = Pool(pace(connections=1), Manners())
    pool.add([claimed("a@one.example"), claimed("b@one.example")])
    first = pool.take()
    assert first is not None

    pool.done(first)

    assert pool.take() is not None


def test_a_domain_over_its_rate_rests_while_the_others_go_on() -> None:
    manners = Manners()
    pool = Pool(pace(domain_per_minute=2), manners)
    pool.add([claimed("a@one.example"), claimed("b@two.example")])
    for _ in range(2):
        manners.asks("one.example")

    taken = [pool.take(), pool.take()]
    ((seconds, resting),) = pool.resting()

    assert [one and one.email_key for one in taken] == ["b@two.example", None]
    assert [one.email_key for one in resting] == ["a@one.example"]
    assert 50 < seconds <= 60
    assert len(pool) == 0


def test_a_domain_that_asks_three_times_to_slow_down_is_left_alone_ever_longer() -> None:
    manners = Manners()
    waits = []

    for _ in range(2):
        for _ in range(3):
            manners.asked_to_slow_down("one.example")
        waits.append(round(manners.seconds_to_wait("one.example", pace())))
    manners.was_content("one.example")

    assert waits == [60, 120]
    assert manners.seconds_to_wait("one.example", pace()) == 0
    assert manners.seconds_to_wait("two.example", pace()) == 0


def claimed(email: str) -> Claim:
    return Claim(
        message_id=next(_numbers),
        public_id="x",
        content_id=1,
        contact_id=None,
        invitation_id=None,
        recipient_name="",
        recipient_email=email,
        email_key=email,
        values={},
        language="",
        attempts=0,
        mail="invitation",
        lease_until=MIDNIGHT,
        owner="nobody",
    )
