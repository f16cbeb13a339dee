"""What became of an email, as a person reads it: its fate, what came back, and who told of it."""

import enum
from dataclasses import dataclass

from nps_portal.outbox.models import UNFINISHED, Bounce, Message, MessageState
from nps_portal.reports.models import ReportKind

# What says that a person did not get an email, or did not want it.
CAME_BACK = (ReportKind.HARD, ReportKind.SOFT, ReportKind.BLOCKED, ReportKind.COMPLAINT)


class Fate(enum.Enum):
    """What became of an email; one that came back had been taken by the mail server before."""

    WAITING = "waiting"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    CAME_BACK = "came-back"
    CANCELLED = "cancelled"

    @property
    def words(self) -> str:
        """Return the fate as an owner reads it."""
        return self.value.replace("-", " ").capitalize()

    @property
    def icon(self) -> str:
        """Return the name of its icon."""
        return _SIGNS[self].icon

    @property
    def colour(self) -> str:
        """Return the colour of meaning that goes with its word."""
        return _SIGNS[self].colour


@dataclass(frozen=True, kw_only=True)
class _Sign:
    icon: str
    colour: str


_SIGNS = {
    Fate.WAITING: _Sign(icon="clock", colour="blue"),
    Fate.SENT: _Sign(icon="check", colour="green"),
    Fate.UNCERTAIN: _Sign(icon="eye-question", colour="amber"),
    Fate.FAILED: _Sign(icon="x", colour="red"),
    Fate.CAME_BACK: _Sign(icon="alert-triangle", colour="red"),
    Fate.CANCELLED: _Sign(icon="ban", colour="neutral"),
}
_FATES = {
    **dict.fromkeys(UNFINISHED, Fate.WAITING),
    MessageState.SENT: Fate.SENT,
    MessageState.UNCERTAIN: Fate.UNCERTAIN,
    MessageState.FAILED: Fate.FAILED,
    MessageState.CANCELLED: Fate.CANCELLED,
}
_REPORTS = {
    ReportKind.HARD: "the address does not exist",
    ReportKind.SOFT: "the mailbox could not take it this time",
    ReportKind.BLOCKED: "their mail server refused our mail, not the person",
    ReportKind.DELAYED: "their mail server lets it wait",
    ReportKind.DELIVERED: "it has arrived",
    ReportKind.COMPLAINT: "reported as spam",
    ReportKind.UNSUBSCRIBE: "unsubscribed",
    ReportKind.AUTO_REPLY: "an automatic reply",
    ReportKind.REPLY: "a reply",
    ReportKind.UNKNOWN: "a report that says nothing clear",
}
_TELLERS = {
    "smtp": "the mail server",
    "inbox": "an email in the inbox",
    "ses": "Amazon SES",
    "sendgrid": "SendGrid",
}


def fate_of(message: Message, bounce: Bounce | None) -> Fate:
    """Return a message's fate; `bounce` is the last report of those in CAME_BACK.

    A message that failed after it was sent came back; who complained had got it.
    """
    fate = fate_of_state(message.state)
    returned = fate is Fate.FAILED and message.sent_at is not None
    complained = bounce is not None and bounce.kind is ReportKind.COMPLAINT
    return Fate.CAME_BACK if returned or (complained and fate is Fate.SENT) else fate


def fate_of_state(state: MessageState) -> Fate:
    """Return the fate that a state alone tells."""
    return _FATES[state]


def states_of(fate: Fate | None) -> tuple[MessageState, ...]:
    """Return the states in which a message has this fate, as far as states tell; None: all."""
    return tuple(state for state in MessageState if fate in {None, _FATES[state]})


def report_words(kind: ReportKind) -> str:
    """Return what a report says, as an owner reads it."""
    return _REPORTS[kind]


def remote_words(bounce: Bounce) -> str:
    """Return what the other side said, as it said it, with its code in front."""
    if bounce.status in bounce.reason:
        return bounce.reason
    return f"{bounce.status} {bounce.reason}".strip()


def teller_words(told_by: str) -> str:
    """Return who told, as an owner reads it; a provider that is not known here by its name."""
    name = told_by.partition(",")[0]
    return _TELLERS.get(name, name.capitalize())
