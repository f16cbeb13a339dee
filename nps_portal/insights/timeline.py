"""A Contact's timeline: what the journal and the visits hold, put into words; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from nps_portal.contacts.models import SuppressionReason
from nps_portal.foundation.work import ActorKind
from nps_portal.journal.models import Event
from nps_portal.nps import category
from nps_portal.responses.models import Verdict, Visit, VisitKind

# Openings of one link that follow each other within this time are told as one.
ONE_SITTING = timedelta(minutes=10)

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


class _Words(NamedTuple):
    icon: str
    title: str
    text: str = ""
    kind: str = "neutral"


_PLAIN = {
    "contact.added": _Words("plus", "Added to your contacts"),
    "contact.imported": _Words("upload", "Imported"),
    "contact.updated": _Words("upload", "Gaps filled by an import"),
    "contact.edited": _Words("pencil", "Details changed"),
    "contact.removed": _Words(
        "trash", "Removed from your contacts", "Answers and history are kept."
    ),
    "contact.restored": _Words("history", "Brought back"),
    "contact.invited": _Words("users", "Chosen for a survey"),
    "response.excluded": _Words("x", "Answer taken out of the score"),
    "response.counted": _Words("check", "Answer counted", kind="green"),
    "contact.suppression_lifted": _Words("check", "May be mailed again", kind="green"),
}
_MAILS = {
    "invitation": "Survey email",
    "reminder": "Reminder",
    "follow_up": "Follow-up email",
}
_MESSAGES = {
    "message.sent": _Words("send", "sent", kind="blue"),
    "message.failed": _Words("alert-circle", "failed", kind="red"),
    "message.uncertain": _Words(
        "alert-triangle", "uncertain", "The mail server did not say whether it took it.", "amber"
    ),
    "message.requeued": _Words("refresh", "queued once more"),
    "message.cancelled": _Words("player-stop", "cancelled"),
    "message.delayed": _Words(
        "clock", "delayed", "The receiving mail server has not taken it yet."
    ),
    "message.resolved": _Words("check", "has left after all", kind="green"),
    "message.complained": _Words("ban", "reported as spam", kind="red"),
    "message.auto_replied": _Words("robot", "answered by an automatic reply"),
    "message.replied": _Words("message", "answered by email"),
    "message.bounced": _Words("alert-circle", "came back", kind="red"),
}
_BOUNCES = {
    "hard": "The address does not exist.",
    "soft": "The mailbox could not take it.",
    "blocked": "The receiving mail server refuses our mail.",
}
_SUPPRESSIONS = {
    SuppressionReason.UNSUBSCRIBED.value: _Words(
        "ban", "Unsubscribed", "Nothing is sent to this address any more.", "amber"
    ),
    SuppressionReason.HARD_BOUNCE.value: _Words(
        "ban", "The address does not exist", "An email came back; no more are sent there.", "red"
    ),
    SuppressionReason.COMPLAINT.value: _Words(
        "ban", "Reported an email as spam", "Nothing is sent to this address any more.", "red"
    ),
    SuppressionReason.ERASED.value: _Words("ban", "Asked to be erased", kind="amber"),
    SuppressionReason.BLOCKED_BY_HAND.value: _Words("ban", "Blocked by hand", kind="amber"),
}
_COLOURS = {"promoter": "green", "passive": "amber", "detractor": "red"}


def timeline(
    events: Sequence[Event], visits: Sequence[Visit], names: Mapping[int, str], link: Link
) -> list[TimelineEntry]:
    """Return everything that happened, newest first.

    Both sequences come newest first; `names` are those of users by id; `link` makes the address
    of a page from its endpoint, as `url_for` does.
    """
    entries = [entry_of(event, names, link) for event in events] + openings(visits)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def entry_of(event: Event, names: Mapping[int, str], link: Link) -> TimelineEntry:
    """Put one event into words; a kind that is not known here shows in plain words too."""
    words = _words(event.kind, event.facts)
    return TimelineEntry(
        icon=words.icon,
        at=event.at,
        title=words.title,
        text=" ".join(filter(None, [words.text, _origin(event, names)])),
        kind=words.kind,
        url=_url(event, link),
    )


def openings(visits: Sequence[Visit]) -> list[TimelineEntry]:
    """Return the openings of links, newest first; those of one sitting are one entry.

    What was sent from a page stands in the journal already.
    """
    opened = [
        one for one in visits if one.kind in (VisitKind.SURVEY_PAGE, VisitKind.UNSUBSCRIBE_PAGE)
    ]
    sittings: list[list[Visit]] = [opened[:1]] if opened else []
    for later, earlier in pairwise(opened):
        if _same_sitting(later, earlier):
            sittings[-1].append(earlier)
        else:
            sittings.append([earlier])
    return [_opening(sitting) for sitting in sittings]


def import_id_of(source: object) -> int | None:
    """Return the import that a source names, as in `import:7`."""
    kind, _, number = str(source or "").partition(":")
    return int(number) if kind == "import" and number.isdecimal() else None


def _words(kind: str, facts: Mapping[str, Any]) -> _Words:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _MESSAGES:
        words = _MESSAGES[kind]
        return words._replace(
            title=f"{_MAILS.get(facts.get('mail', ''), 'Email')} {words.title}",
            text=_BOUNCES.get(facts.get("bounce", ""), words.text),
        )
    if kind == "contact.suppressed" and facts.get("reason") in _SUPPRESSIONS:
        return _SUPPRESSIONS[facts["reason"]]
    if kind in ("response.submitted", "response.changed") and "score" in facts:
        return _answer(kind, facts)
    return _Words("info-circle", kind.replace(".", " ").replace("_", " ").capitalize())


def _answer(kind: str, facts: Mapping[str, Any]) -> _Words:
    score = int(facts["score"])
    name = category(score).value
    said = "Answered" if kind == "response.submitted" else "Changed the answer to"
    comment = ", with a comment" if facts.get("has_comment") else ""
    return _Words("message", f"{said} {score}", f"A {name}{comment}.", _COLOURS[name])


def _origin(event: Event, names: Mapping[int, str]) -> str:
    if event.actor_kind is ActorKind.USER:
        name = names.get(event.actor_id or 0)
        return f"By {name}." if name else ""
    return "From the command line." if event.actor_kind is ActorKind.COMMAND_LINE else ""


def _url(event: Event, link: Link) -> str | None:
    facts = event.facts
    if (import_id := import_id_of(facts.get("source"))) is not None:
        return link("imports.show", import_id=import_id)
    if "response_id" in facts:
        return link("responses.show", response_id=facts["response_id"])
    if "batch_id" in facts:
        return link("batches.show", batch_id=facts["batch_id"])
    return None


def _same_sitting(later: Visit, earlier: Visit) -> bool:
    alike = (later.invitation_id, later.kind, later.verdict) == (
        earlier.invitation_id,
        earlier.kind,
        earlier.verdict,
    )
    return alike and later.at - earlier.at <= ONE_SITTING


def _opening(sitting: Sequence[Visit]) -> TimelineEntry:
    last = sitting[0]
    page = "link" if last.kind is VisitKind.SURVEY_PAGE else "unsubscribe page"
    who = "A link scanner opened the" if last.verdict is Verdict.MACHINE else "Opened the"
    times = f" {len(sitting)} times" if len(sitting) > 1 else ""
    scores = sorted({one.score for one in sitting if one.score is not None})
    text = f"Score in the link: {', '.join(map(str, scores))}, not counted." if scores else ""
    return TimelineEntry(
        icon="robot" if last.verdict is Verdict.MACHINE else "click",
        at=last.at,
        title=f"{who} {page}{times}",
        text=text or ("Nothing was answered." if last.kind is VisitKind.SURVEY_PAGE else ""),
    )
