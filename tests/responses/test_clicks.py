"""Clicks that were not sent: which are a person's, and where they count."""

import pytest
from flask import Flask

from nps_portal.responses.commands import recount_clicks
from nps_portal.responses.models import Evidence, Response, ResponseState
from nps_portal.surveys.models import CountingMode, Survey
from nps_portal.visits.models import Verdict
from tests.customer_pages.asking import ask, responses, revisions, visits
from tests.responses.test_commands import events
from tests.support import factories
from tests.support.clock import FixedClock
from tests.visits.visitors import (
    BY_SCRIPT,
    OLD_CHROME,
    OTHER_HOME,
    SCANNER,
    Visitor,
    judge_after_the_hold,
    open_all,
    the_response,
)


@pytest.fixture
def person(app: Flask, clock: FixedClock) -> Visitor:
    visitor = Visitor(app=app, clock=clock, asked=ask(app))
    clock.advance(minutes=5)
    return visitor


def count(mode: CountingMode) -> int:
    with factories.work() as work:
        survey = factories.make_survey(work)
        work.session.get_one(Survey, survey.id).counting = mode
        work.session.flush()
        return recount_clicks(work, survey.id)


def test_a_click_is_shown_and_counts_where_the_survey_says_so(
    person: Visitor, clock: FixedClock
) -> None:
    count(CountingMode.SEEN)
    person.open(4)
    person.look(4)
    seen_at = clock.now()
    judge_after_the_hold(clock)

    response = the_response()
    assert (response.state, response.score) == (ResponseState.COUNTED, 4)
    assert response.evidence is Evidence.CONFIRMED_CLICK
    assert response.answered_at == seen_at
    assert events() == ["response.clicked"]


def test_switching_the_counting_moves_the_clicks(person: Visitor, clock: FixedClock) -> None:
    person.open(4)
    person.look(4)
    judge_after_the_hold(clock)
    assert the_response().state is ResponseState.CLICKED

    assert count(CountingMode.SEEN) == 1
    assert the_response().state is ResponseState.COUNTED
    assert count(CountingMode.SEEN) == 0
    assert count(CountingMode.SUBMITTED) == 1
    assert the_response().state is ResponseState.CLICKED


def test_what_is_sent_after_a_click_is_the_answer(person: Visitor, clock: FixedClock) -> None:
    person.open(4)
    person.look(4)
    judge_after_the_hold(clock)
    person.answer(6)
    sent_at = clock.now()

    response = the_response()
    assert (response.score, response.state) == (6, ResponseState.COUNTED)
    assert response.evidence is Evidence.SUBMITTED
    assert (response.answered_at, response.changed_at) == (sent_at, None)
    assert response.first_clicked_score == 4
    assert events() == ["response.clicked", "response.submitted"]
    assert count(CountingMode.SUBMITTED) == 0


def test_an_answer_needs_no_click(person: Visitor, clock: FixedClock) -> None:
    person.open(4)
    person.look(4)
    clock.advance(seconds=3)
    person.send(4, hand="trusted,pointer")
    judge_after_the_hold(clock)

    assert the_response().evidence is Evidence.SUBMITTED
    assert len(revisions()) == 1


def test_the_last_of_two_clicks_is_the_choice(person: Visitor, clock: FixedClock) -> None:
    for score in (4, 8):
        person.open(score)
        person.look(score)
        clock.advance(minutes=2)
    judge_after_the_hold(clock)

    assert the_response().score == 8


def test_a_later_click_changes_the_choice(person: Visitor, clock: FixedClock) -> None:
    for score in (4, 8):
        person.open(score)
        person.look(score)
        judge_after_the_hold(clock)

    assert (the_response().score, the_response().state) == (8, ResponseState.CLICKED)
    assert the_response().first_clicked_score == 4
    assert [one.score for one in revisions()] == [4, 8]


def test_three_choices_are_none(person: Visitor, clock: FixedClock) -> None:
    for score in (4, 8, 10):
        person.open(score)
        person.look(score)
        clock.advance(minutes=2)
    judge_after_the_hold(clock)

    assert responses() == []


def test_two_scores_within_a_minute_are_no_choice(person: Visitor, clock: FixedClock) -> None:
    person.open(4)
    clock.advance(seconds=5)
    person.open(5)
    person.look(5)
    judge_after_the_hold(clock)

    assert responses() == []


@pytest.mark.parametrize(("seconds", "gestures"), [(1.4, "move"), (4, "")])
def test_a_glance_and_a_page_without_a_hand_are_no_choice(
    person: Visitor, clock: FixedClock, seconds: float, gestures: str
) -> None:
    person.open(4)
    person.look(4, seconds=seconds, gestures=gestures)
    judge_after_the_hold(clock)

    assert responses() == []


def test_a_click_right_after_the_delivery_is_none(app: Flask, clock: FixedClock) -> None:
    person = Visitor(app=app, clock=clock, asked=ask(app))
    person.open(4)
    person.look(4)
    judge_after_the_hold(clock)

    assert responses() == []
    assert {visit.verdict for visit in visits()} != {Verdict.MACHINE}


def test_a_telephone_may_change_its_network(person: Visitor, clock: FixedClock) -> None:
    person.open(4)
    person.address = OTHER_HOME
    person.look(4)
    judge_after_the_hold(clock)

    assert the_response().score == 4


def test_a_click_after_a_scanner_that_sent_forms_is_the_persons(
    person: Visitor, clock: FixedClock
) -> None:
    scanner = Visitor(
        app=person.app, clock=clock, asked=person.asked, address=SCANNER, agent=OLD_CHROME
    )
    open_all(scanner)
    scanner.send(0, hand=BY_SCRIPT)
    clock.advance(minutes=5)
    person.open(9)
    person.look(9)
    judge_after_the_hold(clock)

    response = the_response()
    assert (response.score, response.state) == (9, ResponseState.CLICKED)
    assert response.marks["held_revision"] is True


def test_a_click_leaves_a_held_answer_that_may_be_a_persons(
    person: Visitor, clock: FixedClock
) -> None:
    person.answer(3, hand="", after=1)
    clock.advance(minutes=5)
    person.open(9)
    person.look(9)
    judge_after_the_hold(clock)

    assert (the_response().score, the_response().state) == (3, ResponseState.HELD)


def test_an_office_that_reads_its_mail_at_nine_clicks(app: Flask, clock: FixedClock) -> None:
    people = [ask(app, f"Person {number}") for number in range(6)]
    clock.advance(hours=1)
    visitors = [Visitor(app=app, clock=clock, asked=one) for one in people]
    for visitor in visitors:
        visitor.open(9)
        visitor.look(9)
    judge_after_the_hold(clock)

    clicked: list[Response] = responses()
    assert [one.state for one in clicked] == [ResponseState.CLICKED] * 6
