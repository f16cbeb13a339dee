"""The story of one response: what it said from when on, who changed it, who took it out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.queries import user_names
from nps_portal.foundation.work import ActorKind
from nps_portal.journal.models import Event
from nps_portal.responses.models import Response, ResponseRevision
from nps_portal.responses.queries import revisions
from nps_portal.responses.standing import said_in

MOST_EVENTS = 50

_STATE_WORDS = {
    "response.excluded": ("Taken out of the score", "ban"),
    "response.counted": ("Counted in the score", "check"),
    "response.changed": ("A held change was accepted", "check"),
    "response.change_rejected": ("A held change was refused", "ban"),
    "response.held": ("Held for a look", "eye-question"),
    "response.change_held": ("A change was held for a look", "eye-question"),
    "response.more_answered": ("Answered further questions", "note"),
    "response.quoting_permitted": ("Allowed to be quoted", "check"),
    "response.quoting_refused": ("No longer to be quoted", "ban"),
}
# What a customer does so stands in the revisions already.
_TOLD_BY_REVISIONS = ("response.changed", "response.held", "response.change_held")


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One line of the story, as the timeline prints it."""

    at: datetime
    title: str
    icon: str
    text: str = ""
    kind: str = "neutral"
    url: str | None = None


def history(session: Session, response: Response) -> list[HistoryEntry]:
    """Return the story of a Response, newest first."""
    said = revisions(session, response.id)
    events = _state_events(session, response)
    names = _names(session, [*said, *events])
    entries = list(_sayings(response, said, names))
    entries += [_state_change(event, names) for event in events]
    # Turned round after sorting, so that of two acts at one instant the later one stands first.
    return sorted(entries, key=lambda entry: entry.at)[::-1]


Actors = dict[tuple[ActorKind, int | None], str]


def _state_events(session: Session, response: Response) -> list[Event]:
    told = sa.and_(
        Event.kind.in_(_TOLD_BY_REVISIONS),
        Event.actor_kind.not_in([ActorKind.USER, ActorKind.WORKER]),
    )
    return list(
        session.scalars(
            sa.select(Event)
            .where(Event.contact_id == response.contact_id, Event.kind.in_(_STATE_WORDS), ~told)
            .where(Event.facts["response_id"].as_integer() == response.id)
            .order_by(Event.id.desc())
            .limit(MOST_EVENTS)
        )
    )


def _names(session: Session, acts: list[ResponseRevision | Event]) -> Actors:
    """Return who acted, in words."""
    names: Actors = {
        (ActorKind.WORKER, None): "the portal",
        (ActorKind.COMMAND_LINE, None): "the command line",
    }
    users = [act.actor_id for act in acts if act.actor_kind is ActorKind.USER and act.actor_id]
    for user_id, name in user_names(session, users).items():
        names[ActorKind.USER, user_id] = name
    return names


def _by(act: ResponseRevision | Event, names: Actors) -> str:
    fallback = "the customer" if act.actor_kind is ActorKind.CUSTOMER else "somebody"
    return names.get((act.actor_kind, act.actor_id)) or fallback


def _sayings(
    response: Response, said: Sequence[ResponseRevision], names: Actors
) -> Iterator[HistoryEntry]:
    """Yield what was said, oldest first; what is held changed nothing, so nothing follows it."""
    clicks = {one.id for one in said_in(response, said).clicks}
    former: ResponseRevision | None = None
    for one in said:
        if one.held:
            yield _held(one, former)
            continue
        if one.id in clicks:
            yield _click(one)
        elif former is None or former.id in clicks:
            yield _first(one, names)
        else:
            yield _change(former, one, names)
        former = one


def _held(revision: ResponseRevision, former: ResponseRevision | None) -> HistoryEntry:
    title = f"An answer of {revision.score} was held"
    if former is not None:
        title = f"An attempt to change this to {revision.score} was held"
    return HistoryEntry(
        at=revision.at,
        title=title,
        text=revision.comment,
        icon="eye-question",
        kind="amber",
    )


def _click(revision: ResponseRevision) -> HistoryEntry:
    return HistoryEntry(at=revision.at, title=f"Clicked {revision.score}, not sent", icon="click")


def _first(revision: ResponseRevision, names: Actors) -> HistoryEntry:
    return HistoryEntry(
        at=revision.at,
        title=f"Answered {revision.score} · {_by(revision, names)}",
        text=revision.comment,
        icon="message",
        kind="blue",
    )


def _change(former: ResponseRevision, later: ResponseRevision, names: Actors) -> HistoryEntry:
    act = "Changed the comment"
    if former.score != later.score:
        act = f"Changed from {former.score} to {later.score}"
    return HistoryEntry(
        at=later.at,
        title=f"{act} · {_by(later, names)}",
        text=later.comment if later.comment != former.comment else "",
        icon="pencil",
    )


def _state_change(event: Event, names: Actors) -> HistoryEntry:
    words, symbol = _STATE_WORDS[event.kind]
    return HistoryEntry(at=event.at, title=f"{words} · {_by(event, names)}", icon=symbol)
