"""The measure: which score makes which category, and how categories make a Net Promoter Score.

Start reading here. A customer answers *How likely are you to recommend us?* with a score from 0
to 10; the score puts them into a category; the share of promoters less the share of detractors is
the Net Promoter Score. Inside the portal it is a share, −1…+1; `points` turns it into the whole
number, −100…+100, that people read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum

SCORES = range(11)


class NotAScore(ValueError):
    """Something other than a whole number from 0 to 10 was given as a score."""


class NoResponses(ValueError):
    """A figure was asked for that only exists once somebody has answered."""

    def __init__(self) -> None:
        super().__init__("There are no answers yet.")


class Category(Enum):
    """What a score says about the customer who gave it."""

    DETRACTOR = "detractor"
    PASSIVE = "passive"
    PROMOTER = "promoter"


def category(score: int) -> Category:
    """Return the category of a score: 0–6 detractor, 7–8 passive, 9–10 promoter.

    :raises NotAScore: the score is not a whole number from 0 to 10.
    """
    # Python counts True as 1, and a ticked box must not become a furious customer.
    if isinstance(score, bool) or not isinstance(score, int) or score not in SCORES:
        raise NotAScore(f"A score is a whole number from 0 to 10, not {score!r}.")
    if score <= 6:
        return Category.DETRACTOR
    if score <= 8:
        return Category.PASSIVE
    return Category.PROMOTER


@dataclass(frozen=True, kw_only=True)
class CategoryCounts:
    """How many answers fell into each category."""

    detractors: int
    passives: int
    promoters: int

    @property
    def n(self) -> int:
        """The number of answers."""
        return self.detractors + self.passives + self.promoters

    @classmethod
    def of_scores(cls, scores: Iterable[int]) -> "CategoryCounts":
        """Count the categories of single scores.

        :raises NotAScore: one of them is not a whole number from 0 to 10.
        """
        categories = [category(score) for score in scores]
        return cls(
            detractors=categories.count(Category.DETRACTOR),
            passives=categories.count(Category.PASSIVE),
            promoters=categories.count(Category.PROMOTER),
        )

    @classmethod
    def of_distribution(cls, distribution: Sequence[int]) -> "CategoryCounts":
        """Count the categories of a distribution: at place k, how many answers gave the score k.

        :raises ValueError: the distribution does not have eleven places.
        """
        if len(distribution) != len(SCORES):
            raise ValueError(
                f"A distribution has a place for each score from 0 to 10, not {len(distribution)}."
            )
        return cls(
            detractors=sum(distribution[:7]),
            passives=sum(distribution[7:9]),
            promoters=sum(distribution[9:]),
        )


def net_promoter_score(counts: CategoryCounts) -> float:
    """Return the share of promoters less the share of detractors, −1…+1.

    Source: Reichheld, "The One Number You Need to Grow", HBR, December 2003.

    :raises NoResponses: all counts are zero; 0 would be a score like any other.
    """
    if counts.n == 0:
        raise NoResponses
    return (counts.promoters - counts.detractors) / counts.n


def points(share: float | None) -> int | None:
    """Return a share as whole points to be shown, half away from zero; None stays None."""
    if share is None:
        return None
    # The shortest decimal that names the float is what a person would round: 0.145 is 15 points,
    # but 0.145 * 100 is 14.499…; and int() has no −0.
    return int((Decimal(repr(share)) * 100).quantize(Decimal(1), ROUND_HALF_UP))
