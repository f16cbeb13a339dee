"""The figures that the overview and the command line share, worked out by hand."""

from datetime import timedelta

import pytest
from flask import Flask

from nps_portal.insights.score import ScoreFigures, default_window, figures_of, score_figures
from nps_portal.nps import CategoryCounts
from tests.insights.answers import add_answer, add_answers
from tests.support import factories
from tests.support.clock import NOON


def figures(survey_id: int | None = None) -> ScoreFigures:
    with factories.work() as work:
        return score_figures(work.session, default_window(NOON, survey_id))


def test_without_answers_there_is_no_score() -> None:
    found = figures_of(CategoryCounts(detractors=0, passives=0, promoters=0))

    assert found.as_json() == {
        "nps": None,
        "margin": None,
        "n": 0,
        "promoters": 0,
        "passives": 0,
        "detractors": 0,
    }
    assert found.sentence == "No answers yet."


@pytest.mark.parametrize(
    ("detractors", "passives", "promoters", "nps", "margin"),
    [
        # (60 − 15) / 100; ends .293431 and .580355, so half of .286924.
        (15, 25, 60, 45, 14),
        # (5 − 2) / 10; ends −.190506 and .652045, so half of .842551.
        (2, 3, 5, 30, 42),
        # All alike: ends .930901 and 1.
        (0, 0, 100, 100, 3),
        # One answer: ends −.984986 and .484986, widened to −1: half of 1.484986.
        (1, 0, 0, -100, 74),
    ],
)
def test_score_and_margin_are_whole_points(
    detractors: int, passives: int, promoters: int, nps: int, margin: int
) -> None:
    found = figures_of(
        CategoryCounts(detractors=detractors, passives=passives, promoters=promoters)
    )

    assert (found.nps, found.margin) == (nps, margin)
    assert found.n == detractors + passives + promoters


def test_the_figures_are_those_of_the_last_year(app: Flask) -> None:
    with factories.work() as work:
        add_answers(work, [9] * 5 + [7] * 3 + [6] * 2, NOON)
        add_answers(work, [0], NOON - timedelta(days=365, seconds=1))

    found = figures()

    assert found.as_json() == {
        "nps": 30,
        "margin": 42,
        "n": 10,
        "promoters": 5,
        "passives": 3,
        "detractors": 2,
    }


def test_one_survey_alone_can_be_asked_for(app: Flask) -> None:
    with factories.work() as work:
        survey_id = add_answer(work, 9, NOON).survey_id

    assert figures(survey_id).n == 1
    assert figures(survey_id + 1).n == 0
