"""The geometry of a comparison: one dot with its interval for each group, on one common axis.

Coordinates are percent of the drawing's width, so that it stretches with its column.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nps_portal.insights.scales import point_scale


@dataclass(frozen=True, kw_only=True)
class ComparedGroup:
    """The score of one group with its interval, as shares −1…1, and what is to be said of it."""

    label: str
    value: float
    low: float
    high: float
    n: int
    url: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """One group's dot and the ends of its interval."""

    group: ComparedGroup
    x: float
    x_low: float
    x_high: float


@dataclass(frozen=True, kw_only=True)
class ComparisonTick:
    """A round number of points on the common axis."""

    label: str
    x: float
    is_zero: bool


@dataclass(frozen=True, kw_only=True)
class ComparisonChart:
    """The groups in the order given, their axis, and where all answers together stand."""

    rows: tuple[ComparisonRow, ...]
    ticks: tuple[ComparisonTick, ...]
    overall_x: float | None


def comparison_chart(
    groups: Sequence[ComparedGroup], *, overall: float | None = None
) -> ComparisonChart:
    """Place the groups on one axis; `overall` is the score of all answers, None to leave it out."""
    ends = [end for group in groups for end in (group.low, group.value, group.high)]
    scale = point_scale(ends if overall is None else [*ends, overall])

    def across(share: float) -> float:
        return round(100 * scale.place(share), 2)

    return ComparisonChart(
        rows=tuple(
            ComparisonRow(
                group=group,
                x=across(group.value),
                x_low=across(group.low),
                x_high=across(group.high),
            )
            for group in groups
        ),
        ticks=tuple(
            ComparisonTick(label=tick.label, x=across(tick.share), is_zero=tick.share == 0)
            for tick in scale.ticks
        ),
        overall_x=None if overall is None else across(overall),
    )
