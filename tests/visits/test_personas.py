"""The machines and the people of the scanner bench, one of each."""

import random

import pytest
from flask import Flask

from nps_portal.nps import SCORES
from nps_portal.responses.models import Evidence, ResponseState
from nps_portal.visits.models import Verdict
from tests.customer_pages.asking import ask, responses, visits
from tests.support.clock import FixedClock
from tests.visits.visitors import (
    BY_HAND,
    BY_SCRIPT,
    MICROSOFT,
    OLD_CHROME,
    PHONE,
    PROOFPOINT,
    SCANNER,
    WINDOWS,
    Visitor,
    judge_after_the_hold,
    open_all,
    the_response,
    verdicts,
)


@pytest.fixture
def person(app: Flask, clock: FixedClock) -> Visitor:
    return Visitor(app=app, clock=clock, asked=ask(app))


@pytest.fixture
def scanner(person: Visitor) -> Visitor:
    return Visitor(
        app=person.app,
        clock=person.clock,
        asked=person.asked,
        address=SCANNER,
        agent=OLD_CHROME,
    )


def assert_only_machines(clock: FixedClock) -> None:
    judge_after_the_hold(clock)
    assert set(verdicts()) == {Verdict.MACHINE}
    assert [one for one in responses() if one.state is not ResponseState.HELD] == []


def test_p1_asks_for_headers_of_all_links(scanner: Visitor, clock: FixedClock) -> None:
    scanner.address, scanner.agent = MICROSOFT, ""
    for score in SCORES:
        scanner.open(score, method="HEAD")

    assert_only_machines(clock)
    assert responses() == []


def test_p2_opens_all_links_within_seconds(scanner: Visitor, clock: FixedClock) -> None:
    open_all(scanner)

    assert_only_machines(clock)
    assert responses() == []


@pytest.mark.parametrize("seed", range(6))
def test_p3_opens_three_links_with_random_gaps(
    scanner: Visitor, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)
    for score in chance.sample(SCORES, 3):
        clock.advance(seconds=chance.uniform(1, 20))
        scanner.open(score)

    assert_only_machines(clock)
    assert responses() == []


def test_p4_loads_each_page_and_waits(scanner: Visitor, clock: FixedClock) -> None:
    clock.advance(seconds=40)
    open_all(scanner, seconds=10)

    judge_after_the_hold(clock)

    assert set(verdicts()) == {Verdict.MACHINE}
    assert responses() == []


def test_p5_presses_every_button_by_script(scanner: Visitor, clock: FixedClock) -> None:
    clock.advance(seconds=40)
    for score in SCORES:
        scanner.answer(score, hand=BY_SCRIPT, after=10)
        assert the_response().state is ResponseState.HELD

    assert_only_machines(clock)
    assert "untrusted" in the_response().marks["rules"]


def test_p6_presses_every_button_as_a_hand_would(scanner: Visitor, clock: FixedClock) -> None:
    clock.advance(seconds=40)
    for score in SCORES:
        scanner.answer(score, hand=BY_HAND, after=10)

    assert the_response().state is ResponseState.HELD
    judge_after_the_hold(clock)
    assert the_response().state is ResponseState.HELD
    assert "many_answers" in the_response().marks["rules"]


def test_p6_is_held_from_its_second_answer_on(scanner: Visitor, clock: FixedClock) -> None:
    clock.advance(seconds=40)
    scanner.answer(0, after=10)
    assert the_response().state is ResponseState.COUNTED

    scanner.answer(1, after=10)

    assert the_response().state is ResponseState.HELD


def test_p6_that_sends_but_one_answer_is_held_when_it_is_judged(
    scanner: Visitor, clock: FixedClock
) -> None:
    clock.advance(seconds=40)
    scanner.answer(0, after=10)
    for score in SCORES[1:]:
        scanner.open(score)
        clock.advance(seconds=10)

    judge_after_the_hold(clock)

    assert the_response().state is ResponseState.HELD
    assert "many_scores" in the_response().marks["rules"]


def test_p7_opens_one_link_from_a_home(scanner: Visitor, clock: FixedClock) -> None:
    clock.advance(seconds=30)
    scanner.agent = WINDOWS
    scanner.open(9)

    judge_after_the_hold(clock)

    assert verdicts() == [Verdict.UNCLEAR]
    assert responses() == []


def test_h1_sends_an_answer(person: Visitor, clock: FixedClock) -> None:
    clock.advance(minutes=3)
    person.answer(9)
    assert the_response().state is ResponseState.COUNTED

    judge_after_the_hold(clock)

    response = the_response()
    assert (response.score, response.state) == (9, ResponseState.COUNTED)
    assert response.first_clicked_score == 9
    assert verdicts() == [Verdict.PERSON, Verdict.PERSON]


def test_h2_clicks_moves_and_leaves(person: Visitor, clock: FixedClock) -> None:
    clock.advance(minutes=3)
    person.open(9)
    person.look(9)
    assert responses() == []

    judge_after_the_hold(clock)

    response = the_response()
    assert (response.score, response.first_clicked_score) == (9, 9)
    assert response.evidence is Evidence.CONFIRMED_CLICK
    assert response.state is ResponseState.CLICKED


def test_h3_sends_without_scripts(person: Visitor, clock: FixedClock) -> None:
    clock.advance(minutes=3)
    person.answer(2, hand="")
    judge_after_the_hold(clock)

    assert (the_response().score, the_response().state) == (2, ResponseState.COUNTED)


@pytest.mark.parametrize("hand", [BY_HAND, ""])
def test_h4_sends_after_a_scanner(
    person: Visitor, scanner: Visitor, clock: FixedClock, hand: str
) -> None:
    open_all(scanner)
    clock.advance(minutes=5)
    person.answer(8, hand=hand)
    assert the_response().state is ResponseState.COUNTED

    judge_after_the_hold(clock)

    response = the_response()
    assert (response.score, response.state) == (8, ResponseState.COUNTED)
    assert response.first_clicked_score == 8


def test_h5_changes_their_mind(person: Visitor, clock: FixedClock) -> None:
    clock.advance(minutes=3)
    person.answer(9)
    clock.advance(minutes=2)
    person.answer(3)
    judge_after_the_hold(clock)

    assert (the_response().score, the_response().state) == (3, ResponseState.COUNTED)


@pytest.mark.parametrize("hand", ["trusted,pointer,pick", ""])
def test_h5_changes_their_mind_at_once(person: Visitor, clock: FixedClock, hand: str) -> None:
    clock.advance(minutes=3)
    person.answer(9)
    person.open()
    clock.advance(seconds=5)
    person.send(3, hand=hand)

    assert (the_response().score, the_response().state) == (3, ResponseState.COUNTED)
    judge_after_the_hold(clock)
    assert (the_response().score, the_response().state) == (3, ResponseState.COUNTED)


def test_h6_reads_in_an_isolation_browser(person: Visitor, clock: FixedClock) -> None:
    clock.advance(hours=1)
    person.address = PROOFPOINT
    person.agent = WINDOWS.replace("Chrome/", "HeadlessChrome/")
    person.answer(7)
    judge_after_the_hold(clock)

    assert (the_response().score, the_response().state) == (7, ResponseState.COUNTED)
    assert visits()[-1].verdict is Verdict.PERSON


def test_a_person_on_another_device_is_a_person(person: Visitor, clock: FixedClock) -> None:
    clock.advance(minutes=3)
    person.open(9)
    person.look(9)
    person.agent = PHONE
    person.answer(9, hand="")
    judge_after_the_hold(clock)

    assert the_response().evidence is Evidence.SUBMITTED
    assert the_response().state is ResponseState.COUNTED


def test_the_form_of_the_decoy_page_is_a_machines_however_late(
    scanner: Visitor, clock: FixedClock
) -> None:
    scanner.agent = WINDOWS
    scanner.open_decoy()
    clock.advance(minutes=20)

    scanner.send(0)

    assert [one.state for one in responses()] == [ResponseState.HELD]


def test_who_tries_every_link_slowly_is_held(scanner: Visitor, clock: FixedClock) -> None:
    scanner.agent = WINDOWS
    for score in SCORES:
        scanner.open(score)
        clock.advance(seconds=70)

    scanner.send(10)

    assert [one.state for one in responses()] == [ResponseState.HELD]


def test_who_tries_every_link_slowly_and_has_a_hand_counts(
    person: Visitor, clock: FixedClock
) -> None:
    for score in SCORES:
        person.open(score)
        clock.advance(seconds=70)

    person.send(10, hand=BY_HAND)

    assert [one.state for one in responses()] == [ResponseState.COUNTED]


@pytest.mark.parametrize("gap", [1, 20, 45])
def test_a_hand_counts_after_a_script_of_the_same_name(
    person: Visitor, clock: FixedClock, gap: int
) -> None:
    person.open(10)
    clock.advance(seconds=4)
    person.send(10, hand=BY_SCRIPT)
    clock.advance(seconds=gap)

    person.answer(3)

    [response] = responses()
    assert (response.score, response.state) == (3, ResponseState.COUNTED)
