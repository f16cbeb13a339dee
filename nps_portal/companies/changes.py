"""Whether the same people answer otherwise than before, by more than chance; pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PairedChange:
    """How people moved who answered in both of two spans of time.

    `before` and `after` are their mean scores, 0…10; `p` is two-sided.
    """

    people: int
    before: float
    after: float
    p: float

    @property
    def is_real(self) -> bool:
        """Tell whether chance alone would do this less than one time in twenty."""
        return self.p < 0.05


def paired_change(pairs: Sequence[tuple[int, int]]) -> PairedChange | None:
    """Compare each person's score with their former one; None without anybody who has both."""
    if not pairs:
        return None
    return PairedChange(
        people=len(pairs),
        before=sum(before for before, _ in pairs) / len(pairs),
        after=sum(after for _, after in pairs) / len(pairs),
        p=sign_flip_p([after - before for before, after in pairs]),
    )


def sign_flip_p(changes: Sequence[int]) -> float:
    """Return how likely a sum at least as far from 0 is, were each change as likely turned round.

    Exact: the distribution of the sum is built change by change. With five changes or fewer, no
    result can come below 0.05. Source: Fisher, The Design of Experiments, 1935, section 21.
    """
    sums = {0: 1.0}
    for change in changes:
        turned: dict[int, float] = {}
        for total, share in sums.items():
            for other in (total + change, total - change):
                turned[other] = turned.get(other, 0.0) + share / 2
        sums = turned
    observed = abs(sum(changes))
    return min(1.0, sum(share for total, share in sums.items() if abs(total) >= observed))
