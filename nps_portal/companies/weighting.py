"""A score over companies in which each weighs as much as its revenue; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

# Below this many companies' worth of weight, a weighted score is one or two clients speaking.
FEWEST_EFFECTIVE = 10


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """One company's score, a share −1…+1, and its weight, not negative."""

    score: float
    weight: float


@dataclass(frozen=True, kw_only=True)
class WeightedScore:
    """The weighted mean of companies' scores, a share −1…+1, with its 95 % margin.

    `effective` is Kish's effective number: how many companies of equal weight would be as sure.
    """

    score: float
    margin: float
    companies: int
    effective: float

    @property
    def may_be_shown(self) -> bool:
        """Tell whether enough companies stand behind it."""
        return self.effective >= FEWEST_EFFECTIVE


def weighted_score(weighed: Sequence[Weighed]) -> WeightedScore | None:
    """Return the mean over companies that have a weight; None without two of them.

    The margin is that of a ratio of sums (Cochran, Sampling Techniques, 3rd edition, section 6),
    for companies as the unit that was drawn.
    """
    counted = [one for one in weighed if one.weight > 0]
    if len(counted) < 2:
        return None
    total = sum(one.weight for one in counted)
    squares = sum(one.weight**2 for one in counted)
    score = sum(one.weight * one.score for one in counted) / total
    spread = sum((one.weight * (one.score - score)) ** 2 for one in counted)
    error = sqrt(spread * len(counted) / (len(counted) - 1)) / total
    return WeightedScore(
        score=score,
        margin=1.96 * error,
        companies=len(counted),
        effective=total**2 / squares,
    )
