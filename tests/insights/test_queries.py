"""Which answers are counted: each person's latest within a half-open time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from nps_portal.insights.queries import (
    ResponseRate,
    Window,
    counts_of,
    distribution,
    distributions_between,
    response_rate,
)
from nps_portal.nps import CategoryCounts
from nps_portal.responses.models import ResponseState
from nps_portal.responses.periods import last_months, period_of
from tests.customer_pages.asking import answer, ask
from tests.insights.answers import add_answer
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import NOON, FixedClock

VIENNA = ZoneInfo("Europe/Vienna")
SECOND = timedelta(seconds=1)


def scores(window: Window) -> list[int]:
    with factories.work() as work:
        counts = distribution(work.session, window)
    return [score for score, count in enumerate(counts) for _ in range(count)]


def test_a_person_counts_once_with_the_latest_answer(app: Flask) -> None:
    with factories.work() as work:
        marta, tom = factories.make_contact(work), factories.make_contact(work)
        add_answer(work, 10, NOON, marta)
        add_answer(work, 2, NOON + SECOND, marta)
        add_answer(work, 8, NOON, tom)

    assert scores(Window()) == [2, 8]


def test_of_two_answers_at_one_instant_the_second_counts(app: Flask) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        add_answer(work, 10, NOON, marta)
        add_answer(work, 2, NOON, marta)

    assert scores(Window()) == [2]


def test_the_latest_answer_is_the_latest_within_the_time(app: Flask) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        add_answer(work, 10, NOON, marta)
        add_answer(work, 2, NOON + timedelta(days=1), marta)

    assert scores(Window(until=NOON + SECOND)) == [10]


def test_answers_without_a_contact_are_people_of_their_own(app: Flask) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        add_answer(work, 9, NOON, marta)
        add_answer(work, 9, NOON)
        add_answer(work, 4, NOON)

    assert scores(Window()) == [4, 9, 9]


def test_held_and_excluded_answers_do_not_count(app: Flask) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work)
        add_answer(work, 9, NOON, marta)
        add_answer(work, 0, NOON + SECOND, marta, ResponseState.HELD)
        add_answer(work, 1, NOON, state=ResponseState.EXCLUDED)

    assert scores(Window()) == [9]


def test_a_window_holds_its_beginning_and_not_its_end(app: Flask) -> None:
    with factories.work() as work:
        for score, at in enumerate([NOON - SECOND, NOON, NOON + SECOND, NOON + 2 * SECOND]):
            add_answer(work, score, at)

    assert scores(Window(since=NOON, until=NOON + 2 * SECOND)) == [1, 2]


def test_only_one_survey_can_be_counted(app: Flask) -> None:
    with factories.work() as work:
        survey_id = add_answer(work, 9, NOON).survey_id

    assert scores(Window(survey_id=survey_id)) == [9]
    assert scores(Window(survey_id=survey_id + 1)) == []


def test_categories_are_counted_from_the_scores(app: Flask) -> None:
    with factories.work() as work:
        for score in range(11):
            add_answer(work, score, NOON)

    with factories.work() as work:
        assert counts_of(work.session, Window()) == CategoryCounts(
            detractors=7, passives=2, promoters=2
        )


def test_a_person_counts_once_in_each_period(app: Flask) -> None:
    boundaries = [NOON, NOON + timedelta(days=30), NOON + timedelta(days=60)]
    with factories.work() as work:
        marta = factories.make_contact(work)
        for score, days in ((10, 0), (9, 29), (3, 30), (1, 60)):
            add_answer(work, score, NOON + timedelta(days=days), marta)

    with factories.work() as work:
        first, second = distributions_between(work.session, boundaries)

    assert (first[9], sum(first)) == (1, 1)
    assert (second[3], sum(second)) == (1, 1)


def test_months_begin_at_midnight_of_the_zone_in_summer_and_winter() -> None:
    months = last_months(datetime(2026, 11, 2, 12, tzinfo=UTC), VIENNA)

    since = {month.key: month.since for month in months}
    until = {month.key: month.until for month in months}
    assert list(since) == ["2025-12", *(f"2026-{month:02}" for month in range(1, 12))]
    # Clocks go forward on 29 March 2026 and back on 25 October.
    assert since["2026-03"] == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert since["2026-04"] == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert since["2026-10"] == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert since["2026-11"] == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert all(
        until[early] == since[late]
        for early, late in zip(list(until), list(since)[1:], strict=False)
    )


def test_the_present_month_is_the_one_of_the_zone() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert last_months(new_year, VIENNA)[-1].key == "2027-01"
    assert last_months(new_year, ZoneInfo("UTC"))[-1].key == "2026-12"
    assert last_months(new_year, ZoneInfo("America/New_York"))[-1].key == "2026-12"


def test_a_month_across_a_change_of_the_clocks_is_counted_whole(app: Flask) -> None:
    march = period_of("2026-03", NOON, VIENNA)
    assert march.since is not None
    assert march.until is not None
    with factories.work() as work:
        for score, at in enumerate(
            [march.since - SECOND, march.since, march.until - SECOND, march.until]
        ):
            add_answer(work, score, at)

    assert march.until - march.since == timedelta(days=31)
    assert scores(Window(since=march.since, until=march.until)) == [1, 2]


def test_who_was_asked_and_who_has_answered(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    assert rate(Window()) == ResponseRate(asked=0, answered=0)
    marta = ask(app)
    ask(app, "Tom Okafor")
    clock.advance(days=1)
    ask(app, "Zoë Brandt")
    second_day = clock.now()
    answer(client, marta.path, 9)

    assert rate(Window()) == ResponseRate(asked=3, answered=1)
    assert rate(Window(since=second_day)) == ResponseRate(asked=1, answered=0)
    assert rate(Window(until=second_day)).share == 0.5
    assert rate(Window(survey_id=99)).share is None


def rate(window: Window) -> ResponseRate:
    with factories.work() as work:
        return response_rate(work.session, window)
