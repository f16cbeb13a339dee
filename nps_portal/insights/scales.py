"""Axes of points: which round numbers a chart of scores is drawn between."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

_NARROWEST_SPAN = 40
_MOST_STEPS = 4


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A round number on the axis: the share it stands for and the points people read."""

    share: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Scale:
    """An axis between two round numbers of points."""

    bottom: int
    top: int
    ticks: tuple[Tick, ...]

    def place(self, share: float) -> float:
        """Return where a share −1…1 stands, 0 at the lowest tick and 1 at the highest."""
        return (share * 100 - self.bottom) / (self.top - self.bottom)


def point_scale(shares: Sequence[float]) -> Scale:
    """Return the axis that holds all shares; without any, the upper half of the scores.

    It never spans less than forty points: a closer look would make chance look like news.
    """
    # Rounded, because 0.3 * 100 is a little more than 30 and would call for one more tick.
    ends = [round(share * 100, 6) for share in shares] or [0.0, 100.0]
    missing = max(0.0, _NARROWEST_SPAN - (max(ends) - min(ends))) / 2
    low, high = max(-100.0, min(ends) - missing), min(100.0, max(ends) + missing)
    for step in (10, 20, 25, 50):
        bottom, top = floor(low / step) * step, ceil(high / step) * step
        if (top - bottom) / step <= _MOST_STEPS:
            break
    ticks = tuple(
        Tick(share=points / 100, label=str(points).replace("-", "−"))
        for points in range(bottom, top + 1, step)
    )
    return Scale(bottom=bottom, top=top, ticks=ticks)
