"""Bursts: many different things in a short time."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

BURST = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something that was opened: when, and what."""

    at: datetime
    what: Hashable


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time, both ends included."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in it."""
        return self.start <= at <= self.end


def busy_spans(hits: Sequence[Hit], at_least: int) -> list[Span]:
    """Return when at least so many different things were hit within 60 s, overlaps joined.

    The hits come oldest first.
    """
    spans: list[Span] = []
    different: Counter[Hashable] = Counter()
    first = 0
    for hit in hits:
        different[hit.what] += 1
        while hit.at - hits[first].at > BURST:
            different[hits[first].what] -= 1
            if not different[hits[first].what]:
                del different[hits[first].what]
            first += 1
        if len(different) >= at_least:
            start = hits[first].at
            if spans and start <= spans[-1].end:
                start = spans.pop().start
            spans.append(Span(start=start, end=hit.at))
    return spans
