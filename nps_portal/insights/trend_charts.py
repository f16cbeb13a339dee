"""The geometry of the score over time: a line with its band, and gaps where nobody answered.

Across, coordinates are percent of the plot's width; down, they are pixels of a fixed height, so
that the plot stretches with its column while letters and dots keep their size.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil

from nps_portal.insights.charts import line_path
from nps_portal.insights.scales import point_scale
from nps_portal.nps import points as in_points

_TOP = 24.0
_FOOT = 28.0
_MOST_LABELS = 12
_MOST_LABELS_ON_A_PHONE = 5
_MOST_DOTS = 31


@dataclass(frozen=True, kw_only=True)
class TrendPoint:
    """The score of one period with its interval, as shares −1…1; None where nobody answered."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrendMark:
    """Something that happened; its position counts periods, 0 the first, 5.5 after the sixth."""

    position: float
    label: str


@dataclass(frozen=True, kw_only=True)
class GridLine:
    """A line across the plot at a round number of points."""

    label: str
    y: float
    is_zero: bool


@dataclass(frozen=True, kw_only=True)
class AxisLabel:
    """The name of a period under the plot; a minor one is left out where the plot is narrow."""

    text: str
    x: float
    is_minor: bool


@dataclass(frozen=True, kw_only=True)
class TrendDot:
    """One period's score; `is_alone` when no neighbour has one, so that no line leads to it."""

    point: TrendPoint
    x: float
    y: float
    y_low: float
    y_high: float
    is_alone: bool


@dataclass(frozen=True, kw_only=True)
class MarkLine:
    """A dashed line down the plot, its words on the side that has room for them."""

    label: str
    x: float
    anchor: str


@dataclass(frozen=True, kw_only=True)
class TrendChart:
    """Everything a template prints; `lines` and `bands` are path data in a box 100 wide."""

    points: tuple[TrendPoint, ...]
    grid: tuple[GridLine, ...]
    labels: tuple[AxisLabel, ...]
    marks: tuple[MarkLine, ...]
    bands: tuple[str, ...]
    lines: tuple[str, ...]
    dots: tuple[TrendDot, ...]
    height: float
    floor: float
    description: str


def trend_chart(
    points: Sequence[TrendPoint], *, marks: Sequence[TrendMark] = (), height: float = 240
) -> TrendChart:
    """Place the scores of the periods, oldest first, on a scale of round numbers."""
    ends = [end for p in points for end in (p.low, p.value, p.high) if end is not None]
    scale = point_scale(ends)
    base = height - _FOOT

    def down(share: float) -> float:
        return round(base - (base - _TOP) * scale.place(share), 2)

    runs = list(_runs(points, down))
    dots = tuple(dot for run in runs for dot in run)
    return TrendChart(
        points=tuple(points),
        grid=tuple(
            GridLine(label=tick.label, y=down(tick.share), is_zero=tick.share == 0)
            for tick in scale.ticks
        ),
        labels=_labels(points),
        marks=tuple(_mark_line(mark, len(points)) for mark in marks),
        bands=tuple(_band_path(run) for run in runs if len(run) > 1),
        lines=tuple(line_path((dot.x, dot.y) for dot in run) for run in runs if len(run) > 1),
        dots=dots if len(points) <= _MOST_DOTS else tuple(d for d in dots if d.is_alone),
        height=height,
        floor=base,
        description=_in_words(points),
    )


def _across(position: float, number: int) -> float:
    return round(100 * position / (number - 1), 2) if number > 1 else 50.0


def _runs(points: Sequence[TrendPoint], down: Callable[[float], float]) -> Iterator[list[TrendDot]]:
    """Yield the stretches of neighbouring periods that have a score."""
    numbered = enumerate(points)
    for has_value, stretch in groupby(numbered, key=lambda pair: pair[1].value is not None):
        if not has_value:
            continue
        run = list(stretch)
        yield [
            TrendDot(
                point=point,
                x=_across(place, len(points)),
                y=down(value),
                y_low=down(value if point.low is None else point.low),
                y_high=down(value if point.high is None else point.high),
                is_alone=len(run) == 1,
            )
            for place, point in run
            if (value := point.value) is not None
        ]


def _band_path(run: Sequence[TrendDot]) -> str:
    there = [(dot.x, dot.y_high) for dot in run]
    back = [(dot.x, dot.y_low) for dot in reversed(run)]
    return line_path([*there, *back]) + " Z"


def _labels(points: Sequence[TrendPoint]) -> tuple[AxisLabel, ...]:
    """Return as many labels as fit, counted from the last, which is the one people look for."""
    last = len(points) - 1
    every = ceil(len(points) / _MOST_LABELS) or 1
    every_on_a_phone = every * (ceil(len(points) / every / _MOST_LABELS_ON_A_PHONE) or 1)
    return tuple(
        AxisLabel(
            text=point.label,
            x=_across(place, len(points)),
            is_minor=(last - place) % every_on_a_phone != 0,
        )
        for place, point in enumerate(points)
        if (last - place) % every == 0
    )


def _mark_line(mark: TrendMark, number: int) -> MarkLine:
    x = _across(mark.position, number)
    return MarkLine(label=mark.label, x=x, anchor="end" if x > 50 else "start")


def _in_words(points: Sequence[TrendPoint]) -> str:
    scored = [(p.label, in_points(p.value)) for p in points if p.value is not None]
    if not scored:
        return "No answers in this time."
    first, last = scored[0], scored[-1]
    lowest = min(scored, key=lambda pair: pair[1] or 0)
    highest = max(scored, key=lambda pair: pair[1] or 0)
    return f"{_at(*first)}, {_at(*last)}; lowest {_at(*lowest)}, highest {_at(*highest)}."


def _at(label: str, score: int | None) -> str:
    return f"{score}".replace("-", "−") + f" in {label}"
