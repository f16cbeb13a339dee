"""What was held: accepted or refused by the owner, and never held once more."""

from collections.abc import Callable

import pytest
from flask import Flask

from nps_portal.foundation.work import Work
from nps_portal.responses.commands import (
    Answer,
    accept_response,
    count_response,
    exclude_response,
    reject_response,
    submit_answer,
)
from nps_portal.responses.models import ResponseState
from tests.customer_pages.asking import ask, revisions
from tests.responses.test_commands import events
from tests.support import factories
from tests.support.clock import FixedClock
from tests.visits.visitors import (
    BY_SCRIPT,
    PHONE,
    Visitor,
    judge_after_the_hold,
    the_response,
)

Command = Callable[[Work, int], None]


@pytest.fixture
def person(app: Flask, clock: FixedClock) -> Visitor:
    visitor = Visitor(app=app, clock=clock, asked=ask(app))
    clock.advance(minutes=5)
    return visitor


def decide(command: Command) -> None:
    response = the_response()
    with factories.work() as work:
        command(work, response.id)


def test_a_held_answer_makes_no_news_of_an_answer(person: Visitor) -> None:
    person.answer(2, hand=BY_SCRIPT)

    assert the_response().marks == {"rules": ["untrusted"]}
    assert events() == ["response.held"]


@pytest.mark.parametrize("command", [accept_response, count_response])
def test_an_accepted_answer_counts_and_is_not_held_again(
    person: Visitor, clock: FixedClock, command: Command
) -> None:
    person.answer(2, hand=BY_SCRIPT)
    decide(command)
    assert (the_response().score, the_response().state) == (2, ResponseState.COUNTED)
    assert events() == ["response.held", "response.counted"]

    judge_after_the_hold(clock)

    assert the_response().state is ResponseState.COUNTED
    assert [one.held for one in revisions()] == [False]


def test_a_refused_answer_stays_out_until_the_person_comes(
    person: Visitor, clock: FixedClock
) -> None:
    person.answer(2, hand=BY_SCRIPT)
    decide(reject_response)
    assert the_response().state is ResponseState.EXCLUDED
    judge_after_the_hold(clock)
    assert the_response().state is ResponseState.EXCLUDED

    person.answer(8)

    assert (the_response().score, the_response().state) == (8, ResponseState.COUNTED)
    assert events() == ["response.held", "response.excluded", "response.submitted"]


def test_a_refused_answer_can_be_counted_after_all(person: Visitor) -> None:
    person.answer(2, hand=BY_SCRIPT)
    decide(reject_response)

    decide(count_response)

    assert the_response().state is ResponseState.COUNTED


def test_taking_out_a_held_answer_refuses_it(person: Visitor) -> None:
    person.answer(2, hand=BY_SCRIPT)
    decide(exclude_response)

    assert the_response().state is ResponseState.EXCLUDED
    assert events()[-1] == "response.excluded"


def test_a_held_change_leaves_the_answer_and_can_be_accepted(
    person: Visitor, clock: FixedClock
) -> None:
    person.answer(9)
    clock.advance(minutes=5)
    person.agent = PHONE
    person.answer(1, hand=BY_SCRIPT)
    assert (the_response().score, the_response().state) == (9, ResponseState.COUNTED)
    assert the_response().marks == {"rules": ["untrusted"], "held_revision": True}

    decide(accept_response)

    assert (the_response().score, the_response().state) == (1, ResponseState.COUNTED)
    assert "held_revision" not in the_response().marks
    assert events() == ["response.submitted", "response.change_held", "response.changed"]


def test_a_refused_change_leaves_the_answer(person: Visitor, clock: FixedClock) -> None:
    person.answer(9)
    clock.advance(minutes=5)
    person.answer(1, hand=BY_SCRIPT)

    decide(reject_response)
    judge_after_the_hold(clock)

    assert (the_response().score, the_response().state) == (9, ResponseState.COUNTED)
    assert "held_revision" not in the_response().marks


def test_what_the_person_says_later_settles_a_held_change(
    person: Visitor, clock: FixedClock
) -> None:
    person.answer(9)
    clock.advance(minutes=5)
    person.answer(1, hand=BY_SCRIPT)
    clock.advance(minutes=5)
    person.answer(7)

    assert the_response().score == 7
    assert the_response().marks == {}


def test_sending_the_same_counted_answer_again_by_script_changes_nothing(
    person: Visitor, clock: FixedClock
) -> None:
    person.answer(9)
    clock.advance(minutes=5)
    person.answer(9, hand=BY_SCRIPT)

    assert the_response().marks == {}
    assert len(revisions()) == 1


def test_a_held_comment_is_not_hidden_by_a_machine_after_it(
    person: Visitor, clock: FixedClock
) -> None:
    person.open(3)
    clock.advance(seconds=1)
    person.send(3, comment="Nobody rang back")
    clock.advance(minutes=2)
    person.agent = PHONE
    person.answer(10, hand=BY_SCRIPT)

    assert (the_response().score, the_response().comment) == (3, "Nobody rang back")
    decide(accept_response)
    assert (the_response().score, the_response().comment) == (3, "Nobody rang back")
    assert the_response().state is ResponseState.COUNTED


def test_a_machines_comment_is_not_put_into_the_persons_mouth(
    person: Visitor, clock: FixedClock
) -> None:
    person.open(3)
    clock.advance(seconds=5)
    person.send(3, hand=BY_SCRIPT, comment="test test")
    clock.advance(minutes=5)

    person.answer(9)

    assert (the_response().score, the_response().comment) == (9, "")


def test_an_answer_without_evidence_counts(person: Visitor) -> None:
    with factories.work() as work:
        submit_answer(work, person.asked.invitation_id, Answer(score=9, comment=""))

    assert the_response().state is ResponseState.COUNTED


def test_an_answer_seconds_after_the_delivery_is_held(app: Flask, clock: FixedClock) -> None:
    person = Visitor(app=app, clock=clock, asked=ask(app))
    person.answer(9, after=9)

    assert the_response().marks["rules"] == ["soon_after_delivery"]


def test_an_answer_ten_seconds_after_the_delivery_counts(app: Flask, clock: FixedClock) -> None:
    person = Visitor(app=app, clock=clock, asked=ask(app))
    person.answer(9, after=10)

    assert the_response().state is ResponseState.COUNTED
