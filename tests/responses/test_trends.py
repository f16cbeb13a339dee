"""Where one person's scores are going, and how far apart two must be to mean it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from nps_portal.contacts.models import Trend
from nps_portal.responses.trends import Given, reliable_change, trend_of

FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)


def given(*scores: int, days: int = 90) -> list[Given]:
    """Return scores given one after the other, the same time apart."""
    return [
        Given(at=FIRST + timedelta(days=days * number), score=score)
        for number, score in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((), None),
        ((7,), Trend.NEW),
        ((9, 9), Trend.STEADY),
        ((10, 9), Trend.STEADY),
        ((2, 4), Trend.STEADY),
        ((9, 6), Trend.DETERIORATING),
        ((6, 9), Trend.IMPROVING),
        ((9, 8), Trend.CROSSED_DOWN),
        ((6, 7), Trend.CROSSED_UP),
        ((10, 8), Trend.CROSSED_DOWN),
        # Two points a time are no reliable change; four over the whole span are.
        ((9, 7, 5), Trend.DETERIORATING),
        ((3, 5, 6), Trend.IMPROVING),
        # One low score between others alike moves no line.
        ((9, 2, 9, 9), Trend.STEADY),
        # The last five are looked at: the fall before them is history.
        ((10, 4, 4, 4, 4, 4), Trend.STEADY),
    ],
)
def test_the_words_follow_the_scores(scores: tuple[int, ...], expected: Trend | None) -> None:
    assert trend_of(given(*scores)) is expected


def test_a_higher_threshold_asks_for_a_larger_change() -> None:
    assert trend_of(given(9, 6), threshold=3.8) is Trend.CROSSED_DOWN


def test_scores_given_at_one_instant_have_no_slope() -> None:
    assert trend_of(given(8, 7, 7, days=0)) is Trend.STEADY


def test_the_reliable_change_of_fifty_own_pairs() -> None:
    # 25 of each of (4, 4), (4, 8), (8, 4), (8, 8) but with twice as many alike: r = 1/3, and the
    # spread of 50 % fours and 50 % eights over 300 scores is 2 x sqrt(300/299).
    pairs = [(4, 4)] * 50 + [(8, 8)] * 50 + [(4, 8)] * 25 + [(8, 4)] * 25

    assert reliable_change(pairs) == pytest.approx(
        1.959964 * 2 * (300 / 299) ** 0.5 * (4 / 3) ** 0.5, abs=1e-5
    )


@pytest.mark.parametrize("pairs", [[(4, 8), (8, 4)] * 24, [(7, 7)] * 60, [(7, 8), (7, 9)] * 30])
def test_too_few_or_unvarying_pairs_say_nothing(pairs: Sequence[tuple[int, int]]) -> None:
    assert reliable_change(pairs) is None


def test_people_who_never_waver_need_at_least_one_point() -> None:
    assert reliable_change([(score, score) for score in range(11)] * 6) == 1.0


def test_every_run_of_scores_has_a_word() -> None:
    for scores in product((0, 5, 7, 9), repeat=4):
        assert trend_of(given(*scores)) is not None
