"""A Contact's timeline: what the journal and the visits hold, put into words; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from types import MappingProxyType

from nps_portal.foundation.work import ActorKind
from nps_portal.insights.timeline_words import words_of
from nps_portal.journal.models import Event
from nps_portal.visits.models import Verdict, Visit, VisitKind
from nps_portal.visits.reasons import rule_words

# Openings of one link that follow each other within this time are told as one.
ONE_SITTING = timedelta(minutes=10)
_OPENINGS = (VisitKind.SURVEY_PAGE, VisitKind.DECOY, VisitKind.UNSUBSCRIBE_PAGE)

Link = Callable[..., str]


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One line of a timeline; `kind` is a colour of meaning, `url` leads to the thing itself."""

    icon: str
    at: datetime
    title: str
    text: str = ""
    kind: str = "neutral"
    url: str | None = None


def timeline(
    events: Sequence[Event],
    visits: Sequence[Visit],
    names: Mapping[int, str],
    link: Link,
    told: Mapping[int, str] = MappingProxyType({}),
) -> list[TimelineEntry]:
    """Return everything that happened, newest first.

    Both sequences come newest first; `names` are those of users by id; `link` makes the address
    of a page from its endpoint, as `url_for` does; `told` is what more is known of an event, by
    its id.
    """
    entries = [entry_of(event, names, link, told.get(event.id, "")) for event in events]
    return sorted(entries + openings(visits), key=lambda entry: entry.at, reverse=True)


def entry_of(event: Event, names: Mapping[int, str], link: Link, told: str = "") -> TimelineEntry:
    """Put one event into words; a kind that is not known here shows in plain words too."""
    words = words_of(event.kind, event.facts)
    origin = origin_of(event.actor_kind, event.actor_id, names)
    return TimelineEntry(
        icon=words.icon,
        at=event.at,
        title=words.title,
        text=" ".join(filter(None, [told or words.text, origin])),
        kind=words.kind,
        url=_url(event, link),
    )


def openings(visits: Sequence[Visit]) -> list[TimelineEntry]:
    """Return the openings of links, newest first; those of one sitting are one entry.

    What was sent from a page stands in the journal already.
    """
    opened = [one for one in visits if one.kind in _OPENINGS]
    sittings: list[list[Visit]] = [opened[:1]] if opened else []
    for later, earlier in pairwise(opened):
        if _same_sitting(later, earlier):
            sittings[-1].append(earlier)
        else:
            sittings.append([earlier])
    return [_opening(sitting) for sitting in sittings]


def origin_of(kind: ActorKind, actor_id: int | None, names: Mapping[int, str]) -> str:
    """Return who did something, where that says anything."""
    if kind is ActorKind.USER:
        name = names.get(actor_id or 0)
        return f"By {name}." if name else ""
    return "From the command line." if kind is ActorKind.COMMAND_LINE else ""


def import_id_of(source: object) -> int | None:
    """Return the import that a source names, as in `import:7`."""
    kind, _, number = str(source or "").partition(":")
    return int(number) if kind == "import" and number.isdecimal() else None


def _url(event: Event, link: Link) -> str | None:
    facts = event.facts
    if (import_id := import_id_of(facts.get("source"))) is not None:
        return link("imports.show", import_id=import_id)
    if "task_id" in facts:
        return link("tasks.show", task_id=facts["task_id"])
    if "response_id" in facts:
        return link("responses.show", response_id=facts["response_id"])
    if "batch_id" in facts:
        return link("batches.show", batch_id=facts["batch_id"])
    return None


def _same_sitting(later: Visit, earlier: Visit) -> bool:
    alike = (later.invitation_id, _page(later), later.verdict) == (
        earlier.invitation_id,
        _page(earlier),
        earlier.verdict,
    )
    return alike and later.at - earlier.at <= ONE_SITTING


def _page(visit: Visit) -> str:
    return "unsubscribe page" if visit.kind is VisitKind.UNSUBSCRIBE_PAGE else "link"


def _opening(sitting: Sequence[Visit]) -> TimelineEntry:
    last = sitting[0]
    is_machine = last.verdict is Verdict.MACHINE
    times = f" {len(sitting)} times" if len(sitting) > 1 else ""
    scores = sorted({one.score for one in sitting if one.score is not None})
    told = f"Score in the link: {', '.join(map(str, scores))}, not counted." if scores else ""
    if not told and _page(last) == "link":
        told = "Nothing was answered."
    who = "A machine opened the" if is_machine else "Opened the"
    return TimelineEntry(
        icon="robot" if is_machine else "click",
        at=last.at,
        title=f"{who} {_page(last)}{times}",
        text=" ".join(filter(None, [told, _verdict(sitting)])),
    )


def _verdict(sitting: Sequence[Visit]) -> str:
    """Return why it was judged as it was; people need no reason."""
    verdict = sitting[0].verdict
    if verdict is Verdict.UNCLEAR:
        return "Whether a person or a machine is unclear."
    if verdict is not Verdict.MACHINE:
        return ""
    names = {name for one in sitting for name in (one.marks or {}).get("rules", ())}
    reasons = sorted(rule_words(name) for name in names)
    return f"Why: {'; '.join(reasons)}." if reasons else ""
