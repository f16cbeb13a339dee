"""Whether the same people answer otherwise than before; the figures are worked out by hand."""

import pytest

from nps_portal.companies.changes import paired_change, sign_flip_p
from nps_portal.companies.weighting import Weighed, weighted_score


@pytest.mark.parametrize(
    ("changes", "p"),
    [
        ([], 1.0),
        ([0, 0], 1.0),
        ([-2], 1.0),
        # Four of ten moved, all upwards: 2 of 2**4 ways to turn them are as far out.
        ([0, 0, 1, 1, 1, 0, 0, 0, 0, 1], 0.125),
        ([2] * 8, 2 / 2**8),
        ([-3, -3, -3, 3], 10 / 16),
        # 1+2+3 = 6 of at most 6: both ends of eight.
        ([1, 2, 3], 2 / 8),
        # 3+2-1 = 4: sums of ±6 and ±4.
        ([-1, 2, 3], 4 / 8),
    ],
)
def test_each_change_could_as_well_have_been_the_other_way(changes: list[int], p: float) -> None:
    assert sign_flip_p(changes) == pytest.approx(p)


def test_a_fall_of_all_is_real_from_six_people_on() -> None:
    five = paired_change([(9, 6)] * 5)
    six = paired_change([(9, 6)] * 6)

    assert five is not None
    assert six is not None
    assert (five.is_real, six.is_real) == (False, True)
    assert (six.people, six.before, six.after) == (6, 9.0, 6.0)


def test_without_anybody_there_is_no_change() -> None:
    assert paired_change([]) is None


def test_a_company_weighs_as_much_as_its_revenue() -> None:
    found = weighted_score(
        [
            Weighed(score=1.0, weight=3.0),
            Weighed(score=-1.0, weight=1.0),
            Weighed(score=0, weight=0),
        ]
    )

    assert found is not None
    # (3 - 1) / 4, and Kish: 4**2 / (9 + 1).
    assert (found.score, found.companies) == (0.5, 2)
    assert found.effective == pytest.approx(1.6)
    # Residuals 3 x 0.5 and 1 x -1.5: sqrt(2 x 2.25 x 2) / 4.
    assert found.margin == pytest.approx(1.96 * 3 / 4)
    assert not found.may_be_shown


def test_one_company_has_no_margin_and_so_no_score() -> None:
    assert weighted_score([Weighed(score=1.0, weight=5.0)]) is None
