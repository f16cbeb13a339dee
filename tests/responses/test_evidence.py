"""What speaks against an answer, judged from its visits alone."""

from datetime import timedelta
from typing import Any

import pytest

from nps_portal.responses.evidence import reasons_to_hold
from nps_portal.visits.models import Visit, VisitKind
from nps_portal.visits.rules import Rule
from tests.support.clock import NOON
from tests.visits.visitors import WINDOWS

TRUSTED = {"pressed": "trusted", "gestures": ["pointer"]}


def visit(kind: VisitKind, second: float, score: int | None = None, **columns: Any) -> Visit:
    values: dict[str, Any] = {
        "network": "84.115.9.0/24",
        "user_agent": WINDOWS,
        "purpose": "",
        "method": "GET",
        "seconds_since_sent": 600 + second,
        "seconds_on_page": None,
        "details": {},
        "marks": {},
    }
    at = NOON + timedelta(seconds=second)
    return Visit(kind=kind, at=at, score=score, **values | columns)


def opening(second: float, score: int, **columns: Any) -> Visit:
    return visit(VisitKind.SURVEY_PAGE, second, score, **columns)


def submission(
    second: float, score: int, *, preselected: int | None = None, **columns: Any
) -> Visit:
    details = columns.pop("details", {})
    return visit(
        VisitKind.SUBMISSION,
        second,
        score,
        method="POST",
        details={"preselected": preselected, **details},
        **{"seconds_on_page": 8.0, **columns},
    )


def reasons(visits: list[Visit], of: Visit, delivery_seconds: int = 10) -> set[Rule]:
    return set(reasons_to_hold(of, visits, delivery_seconds))


@pytest.mark.parametrize(("seconds", "held"), [(1.99, True), (2.0, False), (None, False)])
def test_a_page_must_have_been_open_for_two_seconds(seconds: float | None, held: bool) -> None:
    sent = submission(0, 9, seconds_on_page=seconds)

    assert bool(reasons([sent], sent)) is held


@pytest.mark.parametrize(("limit", "held"), [(0, False), (600, False), (601, True), (900, True)])
def test_the_survey_says_how_soon_is_too_soon(limit: int, held: bool) -> None:
    sent = submission(0, 9)

    assert bool(reasons([sent], sent, limit)) is held


def test_an_email_that_has_not_left_as_far_as_known_holds_nothing() -> None:
    sent = submission(0, 9, seconds_since_sent=None)

    assert reasons([sent], sent) == set()


def test_the_later_of_two_answers_as_preselected_is_of_a_burst() -> None:
    first, second = submission(0, 9, preselected=9), submission(60, 3, preselected=3)

    assert reasons([first, second], second) == {Rule.MANY_ANSWERS}
    assert reasons([first, second], first) == {Rule.MANY_ANSWERS}


def test_after_a_minute_it_is_a_change_of_mind() -> None:
    first, second = submission(0, 9, preselected=9), submission(61, 3, preselected=3)

    assert reasons([first, second], second) == set()


def test_a_score_picked_on_the_page_is_a_change_of_mind() -> None:
    first, second = submission(0, 9, preselected=9), submission(20, 3, preselected=9)
    by_hand = submission(20, 3, preselected=3, details={**TRUSTED, "gestures": ["pick"]})

    assert reasons([first, second], second) == set()
    assert reasons([first, by_hand], by_hand) == set()
    assert reasons([first, by_hand], first) == set()


def test_what_a_hand_picked_first_is_not_of_the_burst() -> None:
    first, second = submission(0, 9, preselected=4), submission(20, 3, preselected=3)

    assert reasons([first, second], first) == set()
    assert reasons([first, second], second) == {Rule.MANY_ANSWERS}


def test_a_hand_is_not_of_another_programs_burst() -> None:
    first = submission(0, 9, preselected=9, user_agent="Another/1.0")
    second = submission(20, 3, preselected=3, details=TRUSTED)

    assert reasons([first, second], second) == set()
    assert reasons([first, second], first) == set()


def test_a_machine_of_many_names_is_one_burst() -> None:
    sent = [
        submission(5.0 * score, score, preselected=score, user_agent=f"Chrome/{score}")
        for score in range(11)
    ]

    assert all(reasons(sent, one) == {Rule.MANY_ANSWERS} for one in sent)


def test_nobody_is_doubted_for_what_plainly_was_a_machine() -> None:
    machine = submission(
        0, 9, preselected=9, user_agent="Another/1.0", details={"pressed": "untrusted"}
    )
    person = submission(20, 3, preselected=3)

    assert reasons([machine, person], person) == set()
    assert Rule.UNTRUSTED in reasons([machine, person], machine)


def test_a_hand_that_picks_or_writes_outweighs_the_traces_of_the_same_program() -> None:
    opened = [opening(0.1 * score, score) for score in range(11)]
    decoy = visit(VisitKind.DECOY, 2)
    for told in ({"gestures": ["pick"]}, {"gestures": ["key"]}, {"wrote": True}):
        by_hand = submission(12, 8, preselected=8, details={**TRUSTED, **told})
        later = [opening(15 + 0.1 * score, score) for score in range(11)]

        assert reasons([*opened, decoy, by_hand, *later], by_hand) == set()
    only_pressed = submission(12, 8, preselected=8, details=TRUSTED)
    assert reasons([*opened, decoy, only_pressed], only_pressed) == {Rule.DECOY}


@pytest.mark.parametrize(("details", "held"), [({}, True), (TRUSTED, False)])
def test_many_scores_speak_against_an_answer_without_a_hand(
    details: dict[str, Any], held: bool
) -> None:
    sent = submission(30, 3, details=details)
    visits = [opening(0, 1), opening(10, 2), opening(20, 3), sent]

    assert (Rule.MANY_SCORES in reasons(visits, sent)) is held


def test_opening_on_after_sending_speaks_against_a_hand() -> None:
    sent = submission(30, 3, details=TRUSTED)
    visits = [opening(20, 3), sent, opening(40, 4), opening(50, 5), opening(60, 6)]

    assert reasons(visits, sent) == {Rule.MANY_SCORES}


def test_the_same_score_three_times_is_one_score() -> None:
    sent = submission(30, 3)

    assert reasons([opening(0, 3), opening(10, 3), opening(20, 3), sent], sent) == set()


@pytest.mark.parametrize(
    ("seconds_since_sent", "held"), [(1799.0, True), (1800.0, False), (3600.0, False)]
)
def test_a_security_company_is_a_sign_for_half_an_hour(
    seconds_since_sent: float, held: bool
) -> None:
    sent = submission(
        0, 9, network="67.231.152.0/24", user_agent="", seconds_since_sent=seconds_since_sent
    )

    assert bool(reasons([sent], sent)) is held


def test_a_security_company_alone_holds_nothing() -> None:
    sent = submission(0, 9, network="67.231.152.0/24", seconds_since_sent=60)

    assert reasons([sent], sent) == set()
