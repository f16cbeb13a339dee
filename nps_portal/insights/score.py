"""The figures of the overview, as programs and the command line print them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nps_portal.insights.estimates import estimate, sentence
from nps_portal.insights.queries import Window, counts_of
from nps_portal.nps import CategoryCounts, points
from nps_portal.responses.periods import ROLLING

DEFAULT_PERIOD = "12m"


@dataclass(frozen=True, kw_only=True)
class ScoreFigures:
    """A score with its margin, both in points or None when nobody has answered, and its counts.

    `sentence` says it as a person would, with its doubt.
    """

    nps: int | None
    margin: int | None
    n: int
    promoters: int
    passives: int
    detractors: int
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


def default_window(now: datetime, survey_id: int | None = None) -> Window:
    """Return what the overview counts unless it is asked for something else: the last year."""
    return Window(since=now - ROLLING[DEFAULT_PERIOD], survey_id=survey_id)


def score_figures(session: Session, window: Window) -> ScoreFigures:
    """Return the figures of a window."""
    return figures_of(counts_of(session, window))


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
