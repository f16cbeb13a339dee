"""The visits of one link in words: the evidence that an owner can look at."""

from dataclasses import dataclass
from datetime import datetime

from nps_portal.visits.models import Verdict, Visit, VisitKind
from nps_portal.visits.reasons import rule_words

_ACTS = {
    VisitKind.SURVEY_PAGE: "Opened the survey",
    VisitKind.SEEN: "Looked at the survey",
    VisitKind.SUBMISSION: "Sent an answer",
    VisitKind.DECOY: "Opened the link that people cannot see",
    VisitKind.UNSUBSCRIBE_PAGE: "Opened the unsubscribe page",
    VisitKind.UNSUBSCRIBE: "Unsubscribed",
}
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, kw_only=True)
class VisitLine:
    """One visit: what was done and by what, how long after the email had left, and who it was.

    Without a verdict it is not judged yet; `reasons` are the rules that apply, in words.
    """

    at: datetime
    act: str
    program: str
    network: str
    after: str
    verdict: Verdict | None
    reasons: tuple[str, ...]


def visit_line(visit: Visit) -> VisitLine:
    """Return a visit in words."""
    act = _ACTS[visit.kind]
    if visit.score is not None:
        act += f" with {visit.score}"
    if visit.method == "HEAD":
        act += ", headers only"
    if visit.purpose:
        act += f", as {visit.purpose}"
    return VisitLine(
        at=visit.at,
        act=act,
        program=visit.user_agent or "unnamed",
        network=visit.network,
        after=_duration(visit.seconds_since_sent),
        verdict=visit.verdict,
        reasons=tuple(rule_words(name) for name in visit.marks.get("rules", ())),
    )


def _duration(seconds: float | None) -> str:
    """Return a length of time in its largest whole unit."""
    if seconds is None:
        return "–"
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return "at once"
