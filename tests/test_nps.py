"""The measure: categories, counts, the score and how it is shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_portal.nps import (
    Category,
    CategoryCounts,
    NoResponses,
    NotAScore,
    category,
    net_promoter_score,
    points,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "insights/vectors/nps_statistics.json").read_text()
)
# The vectors name a category by its part in the sum.
CATEGORY_BY_PART = {-1: Category.DETRACTOR, 0: Category.PASSIVE, 1: Category.PROMOTER}

scores = st.integers(min_value=0, max_value=10)


def test_every_score_has_its_category() -> None:
    vector = VECTORS["categories"]

    found = [category(score) for score in vector["scores"]]

    assert found == [CATEGORY_BY_PART[part] for part in vector["category"]]


@pytest.mark.parametrize("impostor", [-1, 11, 9.0, 8.5, "9", None, True, False])
def test_what_is_no_score_is_refused_and_not_bent_into_one(impostor: Any) -> None:
    with pytest.raises(NotAScore, match="whole number from 0 to 10"):
        category(impostor)


def test_scores_are_counted_by_category() -> None:
    counts = CategoryCounts.of_scores([0, 6, 7, 8, 8, 9, 10])

    assert counts == CategoryCounts(detractors=2, passives=3, promoters=2)
    assert counts.n == 7


def test_one_wrong_score_spoils_the_count() -> None:
    with pytest.raises(NotAScore):
        CategoryCounts.of_scores([9, 11])


@given(st.lists(scores))
def test_a_distribution_counts_the_same_as_its_scores(given_scores: list[int]) -> None:
    distribution = [given_scores.count(score) for score in range(11)]

    counts = CategoryCounts.of_distribution(distribution)

    assert counts == CategoryCounts.of_scores(given_scores)


@pytest.mark.parametrize("places", [0, 10, 12])
def test_a_distribution_has_eleven_places(places: int) -> None:
    with pytest.raises(ValueError, match="each score from 0 to 10"):
        CategoryCounts.of_distribution([1] * places)


@pytest.mark.parametrize("row", VECTORS["one_sample"])
def test_the_score_is_promoters_less_detractors(row: dict[str, Any]) -> None:
    detractors, passives, promoters = row["counts_detractor_passive_promoter"]
    counts = CategoryCounts(detractors=detractors, passives=passives, promoters=promoters)

    score = net_promoter_score(counts)

    assert score == pytest.approx(row["nps"], abs=1e-9)


def test_there_is_no_score_without_answers() -> None:
    with pytest.raises(NoResponses, match="no answers yet"):
        net_promoter_score(CategoryCounts(detractors=0, passives=0, promoters=0))


@pytest.mark.parametrize("row", VECTORS["display"])
def test_a_share_is_shown_in_whole_points(row: dict[str, Any]) -> None:
    shown = points(row["x"])

    assert shown == row["shown"]


# 29/200, 57/200 and 1/200: each is exactly between two points, and its hundredfold as a float is
# not, or is rounded to the even neighbour.
@pytest.mark.parametrize(("share", "shown"), [(0.145, 15), (0.285, 29), (0.005, 1), (0.015, 2)])
def test_halves_are_rounded_away_from_zero_on_both_sides(share: float, shown: int) -> None:
    assert points(share) == shown
    assert points(-share) == -shown


def test_nothing_is_shown_as_minus_zero() -> None:
    assert str(points(-0.0)) == "0"
    assert str(points(-0.0049)) == "0"


@given(st.integers(min_value=-100, max_value=100))
def test_whole_points_survive_the_way_through_a_share(whole: int) -> None:
    assert points(whole / 100) == whole
