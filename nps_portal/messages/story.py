"""The story of one email: what the journal holds of it, put into words; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nps_portal.foundation.work import ActorKind
from nps_portal.journal.models import Event
from nps_portal.messages.fates import Fate


@dataclass(frozen=True, kw_only=True)
class StoryEntry:
    """One line of the story; `kind` is a colour of meaning."""

    icon: str
    at: datetime
    title: str
    text: str
    kind: str


_TITLES = {
    "message.sent": ("The mail server took it", Fate.SENT),
    "message.failed": ("It failed", Fate.FAILED),
    "message.uncertain": ("Its outcome was uncertain", Fate.UNCERTAIN),
    "message.requeued": ("Queued once more", Fate.WAITING),
    "message.cancelled": ("Cancelled", Fate.CANCELLED),
    "message.bounced": ("It came back", Fate.CAME_BACK),
    "message.complained": ("Reported as spam", Fate.CAME_BACK),
    "message.resolved": ("It had left after all", Fate.SENT),
    "message.delayed": ("The receiving mail server lets it wait", Fate.WAITING),
}


def actors(events: Sequence[Event]) -> list[int]:
    """Return the Users who acted, by id."""
    return [
        event.actor_id for event in events if event.actor_kind is ActorKind.USER and event.actor_id
    ]


def story(events: Sequence[Event], names: Mapping[int, str]) -> list[StoryEntry]:
    """Return what happened, in the order of the events; a kind unknown here in plain words."""
    return [_entry(event, names) for event in events]


def _entry(event: Event, names: Mapping[int, str]) -> StoryEntry:
    plain = event.kind.partition(".")[2].replace("_", " ").capitalize()
    title, fate = _TITLES.get(event.kind, (plain, None))
    name = names.get(event.actor_id or 0) if event.actor_kind is ActorKind.USER else None
    return StoryEntry(
        icon=fate.icon if fate else "info-circle",
        at=event.at,
        title=title,
        text=f"By {name}." if name else "",
        kind=fate.colour if fate else "neutral",
    )
