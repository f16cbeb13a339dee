"""Where contacts stand follows from their counted answers, whatever happens to these."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.models import Setting
from nps_portal.contacts.models import Contact, Trend
from nps_portal.contacts.standings import Standing, set_standings
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.work import Work
from nps_portal.responses.commands import (
    Answer,
    PublicFacts,
    change_answer,
    count_response,
    exclude_response,
    take_public_answer,
)
from nps_portal.responses.models import Channel, Response, ResponseState
from nps_portal.responses.standings import (
    estimate_threshold,
    refresh_standings,
    settle_trends,
    threshold_in_force,
)
from nps_portal.responses.trends import Given, trend_of
from tests.insights.answers import add_answer
from tests.support import factories
from tests.support.clock import FixedClock
from tests.support.portal import wait_until


def standing_of(contact_id: int) -> Standing:
    contact = reading().get_one(Contact, contact_id, populate_existing=True)
    return Standing(
        last_score=contact.last_score,
        last_answered_at=contact.last_answered_at,
        answers=contact.answers,
        trend=contact.trend,
    )


def by_hand(contact_id: int) -> Standing:
    """Return a standing as it follows from all rows, read one by one."""
    counted = [
        row
        for row in reading().scalars(sa.select(Response).where(Response.contact_id == contact_id))
        if row.state is ResponseState.COUNTED
    ]
    if not counted:
        return Standing()
    counted.sort(key=lambda row: (row.answered_at, row.id))
    return Standing(
        last_score=counted[-1].score,
        last_answered_at=counted[-1].answered_at,
        answers=len(counted),
        trend=trend_of([Given(at=row.answered_at, score=row.score) for row in counted]),
    )


def by_phone(work: Work, contact_id: int, score: int, key: str) -> int:
    facts = PublicFacts(network="", user_agent="", language="", contact_id=contact_id)
    survey = factories.make_survey(work)
    answer = Answer(score=score, comment="")
    return take_public_answer(work, survey.id, answer, Channel.PHONE, key=key, facts=facts).id


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_the_standing_is_that_of_the_rows(
    app: Flask, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)
    with factories.work() as work:
        people = [factories.make_contact(work).id for _ in range(3)]
    answers: list[int] = []

    def act(work: Work, number: int) -> None:
        acts: list[Callable[[], object]] = [
            lambda: answers.append(
                by_phone(work, chance.choice(people), chance.randint(0, 10), f"{seed}-{number}")
            )
        ]
        if answers:
            which = chance.choice(answers)
            said = Answer(score=chance.randint(0, 10), comment="")
            acts += [
                lambda: change_answer(work, which, said),
                lambda: exclude_response(work, which),
                lambda: count_response(work, which),
            ]
        chance.choice(acts)()

    for number in range(40):
        clock.advance(hours=chance.randint(1, 400))
        with factories.work() as work:
            act(work, number)

        for contact_id in people:
            assert standing_of(contact_id) == by_hand(contact_id), number


def test_who_has_no_counted_answer_left_stands_nowhere(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work)
        contact_id, answer_id = contact.id, by_phone(work, contact.id, 9, "k")
    assert standing_of(contact_id).last_score == 9

    with factories.work() as work:
        exclude_response(work, answer_id)

    assert standing_of(contact_id) == Standing()


def test_of_two_answers_at_once_neither_is_forgotten(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        factories.make_survey(work)
        contact_id = factories.make_contact(work).id
    has_begun = threading.Event()

    def answer_beside() -> None:
        with app.app_context():
            has_begun.set()
            with factories.work() as work:
                by_phone(work, contact_id, 3, "second")

    beside = threading.Thread(target=answer_beside)
    with factories.work() as work:
        by_phone(work, contact_id, 9, "first")
        beside.start()
        assert has_begun.wait(30)
        if db.engine.dialect.name == "postgresql":
            wait_until(somebody_waits_for_a_lock, 30, "the second answer")
    beside.join()

    assert standing_of(contact_id).answers == 2


def somebody_waits_for_a_lock() -> bool:
    with db.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(found.scalar_one())


def test_trends_that_an_update_left_out_are_worked_out(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work)
        for days, score in ((200, 9), (100, 4)):
            add_answer(work, score, work.now - timedelta(days=days), contact)
        set_standings(work, {contact.id: Standing(last_score=4, answers=2)})
        contact_id = contact.id

    with factories.work() as work:
        done = settle_trends(work), settle_trends(work)

    assert done == (1, 0)
    assert standing_of(contact_id).trend is Trend.DETERIORATING


def test_the_accounts_own_answers_set_the_threshold(app: Flask, clock: FixedClock) -> None:
    chance = random.Random(7)
    with factories.work() as work:
        people = [factories.make_contact(work) for _ in range(60)]
        for contact in people:
            base = chance.randint(2, 8)
            for days in (80, 20):
                score = min(10, max(0, base + chance.randint(-2, 2)))
                add_answer(work, score, work.now - timedelta(days=days), contact)
        refresh_standings(work, [contact.id for contact in people])
        assert threshold_in_force(work.session) == 3.0

    with factories.work() as work:
        moved = estimate_threshold(work), estimate_threshold(work)
    with factories.work() as work:
        again = settle_trends(work)

    stored = reading().scalars(sa.select(Setting.value).where(Setting.name == "reliable_change"))
    assert moved == (1, 0)
    assert float(stored.one()) == threshold_in_force(reading()) != 3.0
    assert again == 60
