"""The geometry of the charts: numbers in, coordinates out, so that templates only print.

Across, coordinates are percent of the drawing's width; down, they are pixels of a fixed height.
A chart so stretches with its column while its letters keep their size, on a phone as on a screen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nps_portal.nps import SCORES, CategoryCounts, category

_BAR_WIDTH = 6.6
_SHORTEST_BAR = 2.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One score's bar: place, size, and the count it stands for, also as a label that fits."""

    score: int
    count: int
    label: str
    category: str
    x: float
    centre: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class DistributionChart:
    """How often each score from 0 to 10 was given."""

    bars: tuple[Bar, ...]
    total: int
    height: float
    baseline: float
    description: str


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The part of a share bar that belongs to one category."""

    category: str
    count: int
    x: float
    width: float


@dataclass(frozen=True, kw_only=True)
class ShareBar:
    """Promoters, passives and detractors as parts of one line, the promoters first."""

    segments: tuple[Segment, ...]
    total: int
    description: str


@dataclass(frozen=True, kw_only=True)
class SparkDot:
    """One of the last scores of a contact; here both coordinates are pixels."""

    score: int
    category: str
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class SparkLine:
    """The last scores of one contact as a small line, the oldest at the left."""

    dots: tuple[SparkDot, ...]
    path: str
    width: float
    height: float
    description: str


def distribution_chart(counts: Sequence[int], *, height: float = 160) -> DistributionChart:
    """Place one bar for each of the eleven counts; a count above zero is never invisible.

    :raises ValueError: there are not exactly eleven counts.
    """
    if len(counts) != len(SCORES):
        raise ValueError("A distribution needs eleven counts, one for each score from 0 to 10.")
    baseline, room = height - 22, height - 42
    highest = max(counts) or 1
    slot = 100 / len(SCORES)
    bars = []
    for score, count in zip(SCORES, counts, strict=True):
        tall = max(_SHORTEST_BAR, room * count / highest) if count else 0.0
        centre = slot * (score + 0.5)
        bars.append(
            Bar(
                score=score,
                count=count,
                label=_short(count),
                category=category(score).value,
                x=_tidy(centre - _BAR_WIDTH / 2),
                centre=_tidy(centre),
                width=_BAR_WIDTH,
                y=_tidy(baseline - tall),
                height=_tidy(tall),
            )
        )
    return DistributionChart(
        bars=tuple(bars),
        total=sum(counts),
        height=height,
        baseline=baseline,
        description=_distribution_in_words(counts),
    )


def share_bar(counts: CategoryCounts) -> ShareBar:
    """Divide one line among the three categories; an empty category keeps a width of zero."""
    total = counts.n
    segments, x = [], 0.0
    for name, count in (
        ("promoter", counts.promoters),
        ("passive", counts.passives),
        ("detractor", counts.detractors),
    ):
        width = 100 * count / total if total else 0.0
        segments.append(Segment(category=name, count=count, x=_tidy(x), width=_tidy(width)))
        x += width
    words = ", ".join(
        f"{part.count} {part.category}{'' if part.count == 1 else 's'}" for part in segments
    )
    return ShareBar(segments=tuple(segments), total=total, description=words + ".")


def spark_line(scores: Sequence[int], *, width: float = 76, height: float = 24) -> SparkLine:
    """Draw the last five of a contact's scores, oldest first, on the full scale from 0 to 10."""
    shown = scores[-5:]
    edge = 4.0
    step = (width - 2 * edge) / 4
    start = width - edge - step * (len(shown) - 1)
    dots = tuple(
        SparkDot(
            score=score,
            category=category(score).value,
            x=_tidy(start + step * place),
            y=_tidy(height - edge - (height - 2 * edge) * score / 10),
        )
        for place, score in enumerate(shown)
    )
    words = "Last scores, oldest first: " + ", ".join(map(str, shown)) if shown else "No scores yet"
    return SparkLine(
        dots=dots,
        path=line_path((dot.x, dot.y) for dot in dots) if len(dots) > 1 else "",
        width=width,
        height=height,
        description=words + ".",
    )


def line_path(places: Iterable[tuple[float, float]]) -> str:
    """Return the path data of a line through the places, in their order."""
    return "M" + " L".join(f"{_tidy(x)} {_tidy(y)}" for x, y in places)


def _short(count: int) -> str:
    """Return a count in at most four signs; the table beside the chart has it in full."""
    if count < 1000:
        return str(count)
    if count < 9950:
        return f"{count / 1000:.1f}k"
    if count < 999_500:
        return f"{count / 1000:.0f}k"
    return f"{count / 1_000_000:.1f}M" if count < 9_950_000 else f"{count / 1_000_000:.0f}M"


def _distribution_in_words(counts: Sequence[int]) -> str:
    parts = [f"{score}: {count}" for score, count in enumerate(counts) if count]
    return "Answers by score. " + ", ".join(parts) + "." if parts else "No answers yet."


def _tidy(coordinate: float) -> float:
    return round(coordinate, 2)
