"""Intervals, margins and differences against figures computed by other routes."""

import json
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_portal.insights.estimates import (
    Change,
    Interval,
    Reading,
    adjusted_wald,
    adjusted_wald_formula,
    change_sentence,
    difference,
    estimate,
    margin_of_error,
    reading_of,
    sentence,
    standard_error,
)
from nps_portal.insights.score_interval import score_interval
from nps_portal.nps import CategoryCounts, NoResponses, net_promoter_score

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "vectors/nps_statistics.json").read_text()
)
NOBODY = CategoryCounts(detractors=0, passives=0, promoters=0)

each_sample = pytest.mark.parametrize("row", VECTORS["one_sample"])
each_pair = pytest.mark.parametrize("row", VECTORS["two_independent"])
each_level = pytest.mark.parametrize(("level", "percent"), [(0.95, 95), (0.90, 90)])


def counts_of(numbers: list[int]) -> CategoryCounts:
    detractors, passives, promoters = numbers
    return CategoryCounts(detractors=detractors, passives=passives, promoters=promoters)


def sample(row: dict[str, Any]) -> CategoryCounts:
    return counts_of(row["counts_detractor_passive_promoter"])


def ends(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def mirrored(counts: CategoryCounts) -> CategoryCounts:
    return CategoryCounts(
        detractors=counts.promoters, passives=counts.passives, promoters=counts.detractors
    )


number = st.integers(min_value=0, max_value=3000)
answered = st.builds(CategoryCounts, detractors=number, passives=number, promoters=number).filter(
    lambda counts: counts.n > 0
)


@each_sample
def test_the_standard_error_is_that_of_three_categories(row: dict[str, Any]) -> None:
    assert standard_error(sample(row)) == pytest.approx(row["se"], abs=1e-9)


@each_sample
def test_the_formula_of_the_adjusted_interval(row: dict[str, Any]) -> None:
    interval = adjusted_wald_formula(sample(row))

    assert ends(interval) == pytest.approx(row["adjusted_wald_95_unclipped"], abs=1e-9)
    assert ends(interval.clipped()) == pytest.approx(row["adjusted_wald_95"], abs=1e-9)


@each_level
@each_sample
def test_the_interval_to_be_shown(row: dict[str, Any], level: float, percent: int) -> None:
    interval = adjusted_wald(sample(row), level)

    assert ends(interval) == pytest.approx(row[f"shown_{percent}"], abs=1e-9)


@each_level
@each_sample
def test_the_score_interval(row: dict[str, Any], level: float, percent: int) -> None:
    interval = score_interval(sample(row), level)

    assert ends(interval) == pytest.approx(row[f"score_{percent}"], abs=1e-6)


@each_sample
def test_the_margin_is_half_of_what_is_shown(row: dict[str, Any]) -> None:
    low, high = row["shown_95"]

    assert margin_of_error(sample(row)) == pytest.approx((high - low) / 2, abs=1e-9)


@pytest.mark.parametrize(
    "figure",
    [standard_error, adjusted_wald, adjusted_wald_formula, margin_of_error, score_interval],
)
def test_there_is_no_figure_without_answers(figure: Any) -> None:
    with pytest.raises(NoResponses):
        figure(NOBODY)


@given(answered)
def test_an_interval_holds_the_score_and_stays_on_the_scale(counts: CategoryCounts) -> None:
    score = net_promoter_score(counts)

    for interval in (adjusted_wald(counts), score_interval(counts)):
        assert -1 <= interval.low <= score <= interval.high <= 1


@given(answered)
def test_swapping_promoters_and_detractors_mirrors_an_interval(counts: CategoryCounts) -> None:
    for interval_of in (adjusted_wald, score_interval):
        there, back = interval_of(counts), interval_of(mirrored(counts))

        assert isclose(there.low, -back.high, abs_tol=1e-9)
        assert isclose(there.high, -back.low, abs_tol=1e-9)


@given(answered)
def test_the_two_routes_agree_on_many_answers(counts: CategoryCounts) -> None:
    many = CategoryCounts(
        detractors=counts.detractors + 100,
        passives=counts.passives + 100,
        promoters=counts.promoters + 100,
    )

    assert ends(adjusted_wald(many)) == pytest.approx(ends(score_interval(many)), abs=0.005)


@given(answered)
def test_more_certainty_takes_more_room(counts: CategoryCounts) -> None:
    assert margin_of_error(counts, 0.90) <= margin_of_error(counts, 0.95)


@each_pair
def test_a_difference_is_tested_by_the_adjusted_formula(row: dict[str, Any]) -> None:
    expected = row["adjusted_wald"]

    found = difference(counts_of(row["a"]), counts_of(row["b"]))

    assert found.delta == pytest.approx(row["delta_raw"], abs=1e-9)
    assert [found.low, found.high] == pytest.approx([expected["lo"], expected["hi"]], abs=1e-9)
    assert found.z == pytest.approx(expected["z"], abs=1e-9)
    assert found.p == pytest.approx(expected["p"], abs=1e-9)


def test_a_difference_needs_answers_on_both_sides() -> None:
    somebody = counts_of([1, 1, 1])

    with pytest.raises(NoResponses):
        difference(somebody, NOBODY)
    with pytest.raises(NoResponses):
        difference(NOBODY, somebody)


# The verdicts follow from the vectors: the first pair's interval holds 0, the second's does not.
@pytest.mark.parametrize(
    ("before", "after", "change", "words"),
    [
        ([15, 25, 60], [25, 25, 50], Change.NOT_REAL, "No real change since spring."),
        (
            [120, 180, 300],
            [90, 170, 340],
            Change.RISEN,
            "Up 12 points since spring, likely between 3 and 20.",
        ),
        (
            [90, 170, 340],
            [120, 180, 300],
            Change.FALLEN,
            "Down 12 points since spring, likely between 3 and 20.",
        ),
        ([0, 3, 9], [40, 40, 40], Change.TOO_FEW, "Too few answers to compare with spring."),
    ],
)
def test_a_change_is_only_told_when_it_is_more_than_chance(
    before: list[int], after: list[int], change: Change, words: str
) -> None:
    found = difference(counts_of(before), counts_of(after))

    assert found.change is change
    assert change_sentence(found, "spring") == words


@pytest.mark.parametrize(
    ("n", "reading"),
    [
        (0, Reading.NONE),
        (1, Reading.TOO_FEW),
        (9, Reading.TOO_FEW),
        (10, Reading.WIDE),
        (29, Reading.WIDE),
        (30, Reading.CLEAR),
    ],
)
def test_how_a_score_reads_depends_on_the_answers_behind_it(n: int, reading: Reading) -> None:
    assert reading_of(n) is reading


def test_an_estimate_holds_everything_that_stands_beside_a_score() -> None:
    found = estimate(counts_of([15, 25, 60]))

    assert found.reading is Reading.CLEAR
    assert found.nps == 0.45
    assert found.interval is not None
    assert ends(found.interval) == pytest.approx([0.293431112, 0.580355296], abs=1e-9)
    assert found.margin == pytest.approx(0.143462092, abs=1e-9)


def test_an_estimate_without_answers_has_no_figures() -> None:
    found = estimate(NOBODY)

    assert found.reading is Reading.NONE
    assert (found.nps, found.interval, found.margin) == (None, None, None)


# Scores and margins by hand from the vectors' intervals; (8, 18, 38) is worked out in full:
# n 67, centre (38.75 − 8.75) / 67 = 0.4478, variance 47.5 / 67 − 0.4478² = 0.5085,
# margin 1.96 · √(0.5085 / 67) = 0.1707.
@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([0, 0, 0], "No answers yet."),
        (
            [0, 0, 1],
            "1 answer is too few for a score: 1 promoter; likely between −48 and 100.",
        ),
        (
            [0, 2, 3],
            "5 answers are too few for a score: 3 promoters, 2 passives; likely between −8 and 83.",
        ),
        ([7, 5, 3], "−27 ± 35 from 15 answers, a wide margin."),
        ([8, 18, 38], "47 ± 17 from 64 answers."),
        ([0, 0, 100], "100, likely between 93 and 100, from 100 answers."),
        ([1200, 900, 2900], "34 ± 2 from 5,000 answers."),
    ],
)
def test_a_score_is_told_in_a_sentence(numbers: list[int], words: str) -> None:
    assert sentence(estimate(counts_of(numbers))) == words
