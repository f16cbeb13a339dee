"""The score interval: the slower, second route to how sure a score is.

It searches for the true scores that a test would not reject. The interval that pages show,
`estimates.adjusted_wald`, is checked against it.
"""

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

from nps_portal.insights.estimates import Interval
from nps_portal.nps import CategoryCounts, net_promoter_score

# Halving [−1, 1] this often leaves less than a float can tell apart.
_BISECTIONS = 60


def score_interval(counts: CategoryCounts, level: float = 0.95) -> Interval:
    """Return the interval of all true scores that a test would not reject.

    It always holds the observed score and never leaves −1…+1.

    Sources: May & Johnson, Statistics in Medicine 16, 1997; Tango, Statistics in Medicine 17, 1998.

    :raises NoResponses: all counts are zero.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    mirrored = CategoryCounts(
        detractors=counts.promoters, passives=counts.passives, promoters=counts.detractors
    )
    return Interval(low=_lowest_score_kept(counts, z), high=-_lowest_score_kept(mirrored, z))


def _lowest_score_kept(counts: CategoryCounts, z: float) -> float:
    """Return the lowest true score that the counts do not contradict at z standard errors."""
    observed = net_promoter_score(counts)

    def kept(true_score: float) -> bool:
        # Multiplied out, so that a variance of 0 needs no case of its own.
        distance = observed - true_score
        return distance**2 * counts.n <= z**2 * _variance_under(counts, true_score)

    return _bisect(kept, outside=-1.0, inside=observed)


def _variance_under(counts: CategoryCounts, true_score: float) -> float:
    """Return the variance of one answer if the score were true, at the likeliest shares."""
    # With q the share of detractors, q + score that of promoters and the rest passive, setting the
    # derivative of the likelihood to zero leaves a·q² + b·q + c = 0. The greater root is the
    # share; the smaller would make a share negative.
    a = 2 * counts.n
    b = (a - counts.promoters + counts.detractors) * true_score
    b -= counts.promoters + counts.detractors
    c = -counts.detractors * true_score * (1 - true_score)
    detractor_share = (-b + sqrt(max(b**2 - 4 * a * c, 0.0))) / (2 * a)
    return 2 * detractor_share + true_score * (1 - true_score)


def _bisect(holds: Callable[[float], bool], *, outside: float, inside: float) -> float:
    """Return the border of where the condition holds, seen from the inside."""
    for _ in range(_BISECTIONS):
        middle = (outside + inside) / 2
        if holds(middle):
            inside = middle
        else:
            outside = middle
    return inside
