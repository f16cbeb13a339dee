"""Machines that do what the bench's do not, and people near them."""

import pytest
from flask import Flask

from nps_portal.nps import SCORES
from nps_portal.responses.models import Evidence, ResponseState
from nps_portal.visits.models import Verdict
from tests.customer_pages.asking import ask, responses, revisions, visits
from tests.support.clock import FixedClock
from tests.visits.visitors import (
    BY_HAND,
    BY_SCRIPT,
    OLD_CHROME,
    PHONE,
    SCANNER,
    WINDOWS,
    Visitor,
    judge_after_the_hold,
    judge_now,
    open_all,
    rules_of,
    the_response,
    verdicts,
)


@pytest.fixture
def person(app: Flask, clock: FixedClock) -> Visitor:
    visitor = Visitor(app=app, clock=clock, asked=ask(app))
    clock.advance(minutes=1)
    return visitor


@pytest.fixture
def scanner(person: Visitor) -> Visitor:
    return Visitor(
        app=person.app,
        clock=person.clock,
        asked=person.asked,
        address=SCANNER,
        agent=OLD_CHROME,
    )


def test_one_form_sent_after_opening_all_links_is_held(scanner: Visitor, clock: FixedClock) -> None:
    for score in SCORES:
        scanner.open(score)
    clock.advance(seconds=5)
    scanner.send(10)

    assert the_response().state is ResponseState.HELD
    assert the_response().marks["rules"] == ["many_scores"]


def test_a_person_without_scripts_on_the_scanners_network_counts_an_hour_later(
    person: Visitor, scanner: Visitor, clock: FixedClock
) -> None:
    open_all(scanner)
    scanner.send(10)
    assert the_response().state is ResponseState.HELD
    clock.advance(hours=1)
    person.address, person.agent = scanner.address, scanner.agent

    person.answer(6, hand="")

    response = the_response()
    assert (response.score, response.state) == (6, ResponseState.COUNTED)
    assert response.marks == {}
    assert [one.held for one in revisions()] == [True, False]


def test_an_answer_a_minute_after_the_burst_of_the_same_program_counts(
    scanner: Visitor, clock: FixedClock
) -> None:
    for score in SCORES:
        scanner.open(score)
    clock.advance(seconds=61)
    scanner.open(8)
    clock.advance(seconds=9)
    scanner.send(8)

    assert the_response().state is ResponseState.COUNTED


def test_a_person_amid_another_programs_burst_counts(
    person: Visitor, scanner: Visitor, clock: FixedClock
) -> None:
    open_all(scanner)
    clock.advance(seconds=2)
    person.open(8)
    clock.advance(seconds=20)
    person.send(8)
    judge_after_the_hold(clock)

    assert (the_response().score, the_response().state) == (8, ResponseState.COUNTED)


def test_scanning_twice_counts_nothing(scanner: Visitor, clock: FixedClock) -> None:
    for _ in range(2):
        for score in (0, 10):
            scanner.open(score)
            clock.advance(seconds=5)
            scanner.send(score, hand=BY_SCRIPT)
        clock.advance(minutes=10)
    judge_after_the_hold(clock)

    assert the_response().state is ResponseState.HELD
    assert {one.held for one in revisions()} == {True}


def test_scanning_again_after_the_person_changes_nothing(
    person: Visitor, scanner: Visitor, clock: FixedClock
) -> None:
    open_all(scanner)
    clock.advance(minutes=5)
    person.answer(9)
    clock.advance(minutes=10)
    for score in (0, 1, 2):
        scanner.answer(score, hand=BY_SCRIPT)
    judge_after_the_hold(clock)

    response = the_response()
    assert (response.score, response.state) == (9, ResponseState.COUNTED)
    assert response.marks["held_revision"] is True
    assert "untrusted" in response.marks["rules"]


def test_a_scanner_over_ipv6_is_one_program_within_its_48(
    scanner: Visitor, clock: FixedClock
) -> None:
    for number, score in enumerate((1, 5, 9)):
        scanner.address = f"2a02:1234:5678:{number}::7"
        scanner.open(score)
    clock.advance(seconds=20)
    scanner.send(9)

    assert the_response().state is ResponseState.HELD
    assert {visit.network for visit in visits()} == {"2a02:1234:5678::/48"}


def test_microsofts_filter_is_known_over_ipv6(scanner: Visitor, clock: FixedClock) -> None:
    scanner.address = "2a01:111:f403:c200::5"
    scanner.answer(9, hand="")

    assert the_response().marks["rules"] == ["scanner_network"]


def test_a_person_who_tries_three_scores_and_then_sends_counts(
    person: Visitor, clock: FixedClock
) -> None:
    for score in (10, 9, 8):
        person.open(score)
        clock.advance(seconds=8)
    person.send(8, hand=BY_HAND)
    assert the_response().state is ResponseState.COUNTED

    judge_after_the_hold(clock)

    assert (the_response().score, the_response().state) == (8, ResponseState.COUNTED)
    assert set(verdicts()) == {Verdict.PERSON}


def test_the_decoy_holds_an_answer_of_its_program_only_near_it(
    scanner: Visitor, clock: FixedClock
) -> None:
    scanner.open_decoy()
    scanner.open(7)
    clock.advance(seconds=30)
    scanner.send(7)

    assert the_response().marks["rules"] == ["decoy"]


def test_the_decoy_is_forgotten_after_half_a_minute(scanner: Visitor, clock: FixedClock) -> None:
    scanner.open_decoy()
    scanner.open(7)
    clock.advance(seconds=31)
    scanner.send(7)

    assert the_response().state is ResponseState.COUNTED


def test_a_late_decoy_holds_what_was_counted(scanner: Visitor, clock: FixedClock) -> None:
    scanner.answer(7, hand="")
    assert the_response().state is ResponseState.COUNTED
    clock.advance(seconds=20)
    scanner.open_decoy()

    judge_after_the_hold(clock)

    assert the_response().state is ResponseState.HELD
    assert the_response().marks["rules"] == ["decoy"]


def test_a_late_burst_gives_the_person_their_answer_back(
    person: Visitor, scanner: Visitor, clock: FixedClock
) -> None:
    person.answer(9)
    clock.advance(minutes=2)
    scanner.answer(1, hand="")
    assert the_response().score == 1
    clock.advance(seconds=20)
    scanner.open_decoy()

    judge_after_the_hold(clock)

    response = the_response()
    assert (response.score, response.state) == (9, ResponseState.COUNTED)
    assert response.marks == {"rules": ["decoy"], "held_revision": True}


@pytest.mark.parametrize("agent", ["python-requests/2.32", "Barracuda/1.0", "Slackbot 1.0"])
def test_a_program_that_names_itself_is_held(
    scanner: Visitor, clock: FixedClock, agent: str
) -> None:
    scanner.agent = agent
    scanner.answer(7, hand="")

    assert the_response().marks["rules"] == ["agent"]


def test_a_fetch_ahead_is_no_click_but_the_person_behind_it_is(
    person: Visitor, clock: FixedClock
) -> None:
    person.open(9, Sec_Purpose="prefetch;prerender")
    person.look(9)

    judge_after_the_hold(clock)

    assert verdicts() == [Verdict.MACHINE, Verdict.PERSON]
    assert rules_of(visits()[0]) == ["prefetch"]
    assert the_response().evidence is Evidence.CONFIRMED_CLICK


def test_another_program_minutes_later_is_only_a_probable_sign(
    person: Visitor, clock: FixedClock
) -> None:
    person.open(9)
    person.look(9)
    person.agent = PHONE
    person.open(9)

    judge_after_the_hold(clock)

    assert rules_of(visits()[-1]) == ["other_program"]
    assert visits()[-1].verdict is Verdict.UNCLEAR


def test_two_probable_signs_are_enough_without_a_hand(scanner: Visitor, clock: FixedClock) -> None:
    scanner.address, scanner.agent = "67.231.152.10", ""
    scanner.answer(9, hand="")

    assert the_response().state is ResponseState.HELD
    assert the_response().marks["rules"] == ["doubtful_agent", "vendor_network"]


def test_two_probable_signs_do_not_outweigh_a_hand(scanner: Visitor, clock: FixedClock) -> None:
    scanner.address = "67.231.152.10"
    scanner.agent = WINDOWS.replace("Chrome/", "HeadlessChrome/")
    scanner.answer(9, hand=BY_HAND)

    assert the_response().state is ResponseState.COUNTED


def test_one_network_that_opens_for_many_people_is_marked(app: Flask, clock: FixedClock) -> None:
    people = [ask(app, f"Person {number}") for number in range(5)]
    clock.advance(minutes=10)
    for someone in people:
        Visitor(app=app, clock=clock, asked=someone, address="84.115.9.7").open(9)
        clock.advance(seconds=10)

    assert judge_after_the_hold(clock) == 5

    assert [rules_of(visit) for visit in visits()] == [["many_people"]] * 5
    assert set(verdicts()) == {Verdict.UNCLEAR}


def test_four_people_of_an_office_are_not_marked(app: Flask, clock: FixedClock) -> None:
    people = [ask(app, f"Person {number}") for number in range(4)]
    clock.advance(minutes=10)
    for someone in people:
        Visitor(app=app, clock=clock, asked=someone).open(9)

    judge_after_the_hold(clock)

    assert [rules_of(visit) for visit in visits()] == [[]] * 4


def test_a_private_address_says_nothing_of_who_it_is(app: Flask, clock: FixedClock) -> None:
    people = [ask(app, f"Person {number}") for number in range(6)]
    clock.advance(minutes=10)
    for someone in people:
        Visitor(app=app, clock=clock, asked=someone, address="10.0.0.7").open(9)

    judge_after_the_hold(clock)

    assert [rules_of(visit) for visit in visits()] == [[]] * 6


def test_nothing_is_judged_before_the_hold_is_over(person: Visitor, clock: FixedClock) -> None:
    person.open(9)
    clock.advance(minutes=20)
    person.open(9)

    assert judge_after_the_hold(clock, minutes=9) == 0
    assert judge_after_the_hold(clock, minutes=1) == 1
    assert judge_now() == 0
    assert responses() == []


def test_a_link_that_is_opened_again_and_again_is_judged_all_the_same(
    person: Visitor, clock: FixedClock
) -> None:
    judged = 0
    for _ in range(8):
        person.open(9)
        judged += judge_after_the_hold(clock, minutes=10)

    assert judged >= 2
