"""How sure a score is: intervals, margins and differences, from counts alone.

A score from few answers is a guess at what all customers would say. Every figure here is a share,
−1…+1; `nps_portal.nps.points` makes points of it where it is shown. The formulas treat each answer
as −1, 0 or +1. That matters, because the shares of promoters and detractors are not independent:
adding the errors of two percentages would be wrong.
"""

from dataclasses import dataclass
from enum import Enum
from math import sqrt
from statistics import NormalDist

from nps_portal.nps import CategoryCounts, NoResponses, net_promoter_score, points

CLEAR_FROM = 30
WIDE_FROM = 10

# Answers that the adjusted interval adds to each category before it computes anything. Without
# them, five promoters and nobody else would make a score of 100 with no doubt at all.
_PSEUDO_DETRACTORS = 0.75
_PSEUDO_PASSIVES = 1.5
_PSEUDO_PROMOTERS = 0.75
_PSEUDO_ANSWERS = _PSEUDO_DETRACTORS + _PSEUDO_PASSIVES + _PSEUDO_PROMOTERS


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A range that is likely to hold the score all customers would give; both ends belong to it."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance between the ends."""
        return (self.high - self.low) / 2

    def clipped(self) -> "Interval":
        """Return the part of the interval that a score can reach, −1…+1."""
        return Interval(low=max(self.low, -1.0), high=min(self.high, 1.0))

    def widened_to(self, value: float) -> "Interval":
        """Return the smallest interval that holds this one and the value."""
        return Interval(low=min(self.low, value), high=max(self.high, value))


def standard_error(counts: CategoryCounts) -> float:
    """Return the standard error of the score, from the exact variance of −1, 0 and +1.

    For reading beside other tools' figures only: it is 0 whenever all answers agree, so intervals
    here never use it.

    :raises NoResponses: all counts are zero.
    """
    nps = net_promoter_score(counts)
    return _mean_error(sum_of_squares=counts.promoters + counts.detractors, mean=nps, n=counts.n)


def adjusted_wald(counts: CategoryCounts, level: float = 0.95) -> Interval:
    """Return the interval to be shown: adjusted Wald, within −1…+1, holding the observed score.

    Its middle lies a little nearer to 0 than the score. Of the closed formulas it is the one whose
    95 % are nearly 95 % for small counts and for scores near the ends.

    Source: Rocks, "Interval Estimation for the 'Net Promoter Score'", The American Statistician
    70(4), 2016. A single answer can lie outside the formula's interval, hence the widening.

    :raises NoResponses: all counts are zero.
    """
    nps = net_promoter_score(counts)
    return adjusted_wald_formula(counts, level).clipped().widened_to(nps)


def adjusted_wald_formula(counts: CategoryCounts, level: float = 0.95) -> Interval:
    """Return the adjusted Wald interval as the formula gives it, which may leave −1…+1.

    :raises NoResponses: all counts are zero.
    """
    if counts.n == 0:
        raise NoResponses
    centre, error = _adjusted_score(counts)
    reach = _two_sided_z(level) * error
    return Interval(low=centre - reach, high=centre + reach)


def margin_of_error(counts: CategoryCounts, level: float = 0.95) -> float:
    """Return what stands behind the ±: half the width of the interval to be shown.

    Charts and tables that have room draw the interval itself: its middle is not the score, and
    near the ends of the scale the interval is cut off on one side.

    :raises NoResponses: all counts are zero.
    """
    return adjusted_wald(counts, level).half_width


class Change(Enum):
    """What may be said about two scores: everything but the last two means no arrow, no colour."""

    TOO_FEW = "too_few"
    NOT_REAL = "not_real"
    RISEN = "risen"
    FALLEN = "fallen"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far a later score lies from a former one, and whether that is more than chance.

    `delta` is the plain difference, −2…+2; `low` and `high` are the ends of its interval, which
    has its middle nearer to 0. `z` and `p` (two-sided) belong to the test that there is none.
    """

    delta: float
    low: float
    high: float
    z: float
    p: float
    change: Change


def difference(before: CategoryCounts, after: CategoryCounts, level: float = 0.95) -> Difference:
    """Compare two scores from different people, by adjusted Wald on both.

    Not for overlapping windows or the same people asked twice: their answers hang together, and
    this test would then miss real moves.

    :raises NoResponses: nobody answered on one of the sides.
    """
    delta = net_promoter_score(after) - net_promoter_score(before)
    centre_before, error_before = _adjusted_score(before)
    centre_after, error_after = _adjusted_score(after)
    centre = centre_after - centre_before
    error = sqrt(error_before**2 + error_after**2)
    reach = _two_sided_z(level) * error
    z = centre / error
    return Difference(
        delta=delta,
        low=centre - reach,
        high=centre + reach,
        z=z,
        p=2 * NormalDist().cdf(-abs(z)),
        change=_change(Interval(low=centre - reach, high=centre + reach), min(before.n, after.n)),
    )


class Reading(Enum):
    """How a score may be shown, by the number of answers behind it."""

    NONE = "none"
    TOO_FEW = "too_few"
    WIDE = "wide"
    CLEAR = "clear"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A score with everything that must stand beside it; all None when nobody has answered."""

    counts: CategoryCounts
    nps: float | None
    interval: Interval | None
    margin: float | None

    @property
    def reading(self) -> Reading:
        """How the score may be shown."""
        return reading_of(self.counts.n)


def estimate(counts: CategoryCounts) -> Estimate:
    """Return the score of the counts with its 95 % interval and margin."""
    if counts.n == 0:
        return Estimate(counts=counts, nps=None, interval=None, margin=None)
    interval = adjusted_wald(counts)
    return Estimate(
        counts=counts,
        nps=net_promoter_score(counts),
        interval=interval,
        margin=interval.half_width,
    )


def reading_of(n: int) -> Reading:
    """Return how a score from n answers may be shown."""
    if n == 0:
        return Reading.NONE
    if n < WIDE_FROM:
        return Reading.TOO_FEW
    if n < CLEAR_FROM:
        return Reading.WIDE
    return Reading.CLEAR


def sentence(score: Estimate) -> str:
    """Return the score as one can say it, with its doubt and the number of answers."""
    if score.nps is None or score.interval is None:
        return "No answers yet."
    answers = _counted(score.counts.n, "answer")
    likely = f"likely between {_shown(score.interval.low)} and {_shown(score.interval.high)}"
    if score.reading is Reading.TOO_FEW:
        verb = "is" if score.counts.n == 1 else "are"
        return f"{answers} {verb} too few for a score: {_by_category(score.counts)}; {likely}."
    # An interval cut off at the end of the scale is too lopsided for one ±.
    if score.interval.low == -1 or score.interval.high == 1:
        told = f"{_shown(score.nps)}, {likely}, from {answers}"
    else:
        told = f"{_shown(score.nps)} ± {points(score.margin)} from {answers}"
    return f"{told}, a wide margin." if score.reading is Reading.WIDE else f"{told}."


def change_sentence(compared: Difference, since: str) -> str:
    """Return what may be said about a change; `since` names the former time, as in "spring"."""
    if compared.change is Change.TOO_FEW:
        return f"Too few answers to compare with {since}."
    if compared.change is Change.NOT_REAL:
        return f"No real change since {since}."
    verb = "Up" if compared.change is Change.RISEN else "Down"
    least, most = sorted((abs(compared.low), abs(compared.high)))
    return (
        f"{verb} {_counted(points(abs(compared.delta)), 'point')} since {since}, "
        f"likely between {_shown(least)} and {_shown(most)}."
    )


def _two_sided_z(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _mean_error(*, sum_of_squares: float, mean: float, n: float) -> float:
    return sqrt(max(sum_of_squares / n - mean**2, 0.0) / n)


def _adjusted_score(counts: CategoryCounts) -> tuple[float, float]:
    """Return the score with the pseudo-answers added, and its standard error."""
    n = counts.n + _PSEUDO_ANSWERS
    detractors = counts.detractors + _PSEUDO_DETRACTORS
    promoters = counts.promoters + _PSEUDO_PROMOTERS
    centre = (promoters - detractors) / n
    return centre, _mean_error(sum_of_squares=promoters + detractors, mean=centre, n=n)


def _change(interval: Interval, smaller_n: int) -> Change:
    if smaller_n < CLEAR_FROM:
        return Change.TOO_FEW
    if interval.low > 0:
        return Change.RISEN
    if interval.high < 0:
        return Change.FALLEN
    return Change.NOT_REAL


def _shown(share: float) -> str:
    return str(points(share)).replace("-", "−")


def _by_category(counts: CategoryCounts) -> str:
    named = (
        (counts.promoters, "promoter"),
        (counts.passives, "passive"),
        (counts.detractors, "detractor"),
    )
    return ", ".join(_counted(number, name) for number, name in named if number)


def _counted(number: int | None, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
