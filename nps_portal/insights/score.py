"""The figures of the overview, as programs and the command line print them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.insights.estimates import estimate, sentence
from nps_portal.insights.queries import SMALLEST_PART, Window, counts_of
from nps_portal.nps import CategoryCounts, points
from nps_portal.responses.periods import ROLLING

DEFAULT_PERIOD = "12m"


@dataclass(frozen=True, kw_only=True)
class ScoreFigures:
    """A score with its margin, both in points or None when nobody has answered, and its counts.

    `sentence` says it as a person would, with its doubt. Of a Segment with fewer than five answers
    only their number is told.
    """

    nps: int | None
    margin: int | None
    n: int
    promoters: int | None
    passives: int | None
    detractors: int | None
    sentence: str

    def as_json(self) -> dict[str, int | None]:
        """Return what programs get."""
        return {
            "nps": self.nps,
            "margin": self.margin,
            "n": self.n,
            "promoters": self.promoters,
            "passives": self.passives,
            "detractors": self.detractors,
        }


def default_window(
    now: datetime, survey_id: int | None = None, people: sa.Select[int] | None = None
) -> Window:
    """Return what the overview counts unless it is asked for something else: the last year."""
    return Window(since=now - ROLLING[DEFAULT_PERIOD], survey_id=survey_id, people=people)


def score_figures(session: Session, window: Window) -> ScoreFigures:
    """Return the figures of a window."""
    counts = counts_of(session, window)
    if window.people is not None and 0 < counts.n < SMALLEST_PART:
        return _hidden(counts.n)
    return figures_of(counts)


def _hidden(n: int) -> ScoreFigures:
    return ScoreFigures(
        nps=None,
        margin=None,
        n=n,
        promoters=None,
        passives=None,
        detractors=None,
        sentence=f"Fewer than {SMALLEST_PART} people of this segment have answered in the last 12 "
        "months: their figures stay hidden.",
    )


def figures_of(counts: CategoryCounts) -> ScoreFigures:
    """Return the figures of these counts, rounded as every page rounds them."""
    found = estimate(counts)
    return ScoreFigures(
        nps=points(found.nps),
        margin=points(found.margin),
        n=counts.n,
        promoters=counts.promoters,
        passives=counts.passives,
        detractors=counts.detractors,
        sentence=sentence(found),
    )
