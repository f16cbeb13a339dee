"""Whether the scores of one person move by more than people's scores do by themselves; pure.

Source: Jacobson & Truax, "Clinical significance", Journal of Consulting and Clinical Psychology
59(1), 1991, for the reliable change; Theil (1950) and Sen (1968) for the slope.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from math import sqrt
from statistics import NormalDist, correlation, median, stdev

from nps_portal.contacts.models import Trend
from nps_portal.nps import Category, category

# No published test-retest correlation of the 0-10 question was found; three points are what a
# correlation of 0.8 and a standard deviation of 2.5 give. Own pairs take its place.
STARTING_THRESHOLD = 3.0
FEWEST_PAIRS = 50
LOOKED_AT = 5
_RANK = {Category.DETRACTOR: 0, Category.PASSIVE: 1, Category.PROMOTER: 2}


@dataclass(frozen=True, kw_only=True)
class Given:
    """One counted score and when it was given."""

    at: datetime
    score: int


def trend_of(given: Sequence[Given], threshold: float = STARTING_THRESHOLD) -> Trend | None:
    """Return where one person's scores are going, oldest first; None without any.

    `threshold` is the reliable change in points. The last five scores are looked at.
    """
    last = given[-LOOKED_AT:]
    if len(last) < 2:
        return Trend.NEW if last else None
    change = float(last[-1].score - last[-2].score)
    if abs(change) < threshold:
        change = _move_over_the_span(last)
    if abs(change) >= threshold:
        return Trend.IMPROVING if change > 0 else Trend.DETERIORATING
    crossed = _RANK[category(last[-1].score)] - _RANK[category(last[-2].score)]
    if crossed:
        return Trend.CROSSED_UP if crossed > 0 else Trend.CROSSED_DOWN
    return Trend.STEADY


def trend_words(trend: Trend | None, threshold: float = STARTING_THRESHOLD) -> str:
    """Return a trend as an owner reads it, with what it rests on."""
    moves = f"by {threshold:g} points or more, beyond what one person's scores do by themselves"
    words = {
        None: "No counted answer yet.",
        Trend.NEW: "One answer so far, and so no trend.",
        Trend.STEADY: f"Steady: nothing moved by {threshold:g} points or more.",
        Trend.IMPROVING: f"Improving {moves}.",
        Trend.DETERIORATING: f"Deteriorating {moves}.",
        Trend.CROSSED_UP: "Crossed the line upwards; a point or two may be noise.",
        Trend.CROSSED_DOWN: "Crossed the line downwards; a point or two may be noise.",
    }
    return words[trend]


def reliable_change(pairs: Sequence[tuple[int, int]]) -> float | None:
    """Return how many points apart two scores of one person must be to mean a change, at 95 %.

    `pairs` are an account's own, an earlier and a later score of one person less than 90 days
    apart. At least one point; None below fifty pairs, or where the scores do not vary.
    """
    if len(pairs) < FEWEST_PAIRS:
        return None
    earlier = [float(one) for one, _ in pairs]
    later = [float(other) for _, other in pairs]
    spread = stdev(earlier + later)
    if len(set(earlier)) == 1 or len(set(later)) == 1:
        return None
    likeness = min(max(correlation(earlier, later), 0.0), 1.0)
    return max(1.0, NormalDist().inv_cdf(0.975) * spread * sqrt(2 * (1 - likeness)))


def _move_over_the_span(given: Sequence[Given]) -> float:
    """Return by how many points the Theil-Sen line moves from the first to the last score."""
    if len(given) < 3:
        return 0.0
    slopes = [
        (later.score - earlier.score) / seconds
        for earlier, later in combinations(given, 2)
        if (seconds := (later.at - earlier.at).total_seconds()) > 0
    ]
    span = (given[-1].at - given[0].at).total_seconds()
    return median(slopes) * span if slopes else 0.0
