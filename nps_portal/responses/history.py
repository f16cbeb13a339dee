"""The story of one response: what it said from when on, who changed it, who took it out."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.queries import user_names
from nps_portal.foundation.work import ActorKind
from nps_portal.journal.models import Event
from nps_portal.responses.models import Response, ResponseRevision
from nps_portal.responses.queries import revisions

MOST_EVENTS = 50

_STATE_WORDS = {
    "response.excluded": ("Taken out of the score", "ban"),
    "response.counted": ("Counted in the score", "check"),
}


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
    entries = [_first(one, names) for one in said[:1]]
    entries += [_change(former, later, names) for former, later in pairwise(said)]
    entries += [_state_change(event, names) for event in events]
    # Turned round after sorting, so that of two acts at one instant the later one stands first.
    return sorted(entries, key=lambda entry: entry.at)[::-1]


Actors = dict[tuple[ActorKind, int | None], str]


def _state_events(session: Session, response: Response) -> list[Event]:
    return list(
        session.scalars(
            sa.select(Event)
            .where(Event.contact_id == response.contact_id, Event.kind.in_(_STATE_WORDS))
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
