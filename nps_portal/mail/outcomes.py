"""What a mail server's answer means for a message."""

import enum
import re
import smtplib
from dataclasses import dataclass

LONGEST_REPLY = 500

_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


class OutcomeKind(enum.StrEnum):
    """What has become of a message.

    `uncertain` has been handed over whole, and no answer came: it may or may not have been
    accepted. `abandoned` was stopped by the caller before the final dot.
    """

    SENT = "sent"
    LATER = "later"
    NEVER = "never"
    UNCERTAIN = "uncertain"
    ABANDONED = "abandoned"


class Stage(enum.StrEnum):
    """The step of the transaction at which the outcome was decided."""

    RESET = "reset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the mail server made of one message.

    `code` and `enhanced` (as in 5.1.1) are None when it gave none; `reply` is one line, its words
    or, when there are none, ours.
    """

    kind: OutcomeKind
    stage: Stage
    reply: str
    code: int | None = None
    enhanced: str | None = None


def reply_outcome(kind: OutcomeKind, stage: Stage, code: int, text: bytes) -> Outcome:
    """Return the outcome that an answer of the server decided."""
    reply = one_line(text)
    enhanced = _ENHANCED_CODE.match(reply)
    return Outcome(
        kind=kind,
        stage=stage,
        reply=reply,
        code=code,
        enhanced=enhanced[0] if enhanced else None,
    )


def lost_outcome(kind: OutcomeKind, stage: Stage, error: smtplib.SMTPServerDisconnected) -> Outcome:
    """Return the outcome that the loss of the connection decided."""
    return Outcome(kind=kind, stage=stage, reply=str(error))


def one_line(text: bytes) -> str:
    """Return a server's words as one line without control characters, at most 500 long."""
    words = text.decode("utf-8", "replace")
    if not words.isprintable():
        words = "".join(one if one.isprintable() else " " for one in words)
    return " ".join(words.split())[:LONGEST_REPLY]
