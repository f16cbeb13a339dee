"""Messages on their way over a lane."""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from nps_portal.mail.mime import Envelope
from nps_portal.mail.outcomes import Outcome, Stage

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Parcel(Generic[T]):
    """A message ready to leave; the ticket is its owner's.

    No line of the content may begin with a single dot: `mime.build` writes none, `dot_stuffed`
    doubles those of others.
    """

    ticket: T
    envelope: Envelope
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Finished(Generic[T]):
    """A message that the lane is done with, and what has become of it."""

    ticket: T
    outcome: Outcome


@dataclass(kw_only=True)
class Load(Generic[T]):
    """A parcel on the lane; `unsaid` are its commands that wait for an answer to the former."""

    parcel: Parcel[T]
    unsaid: deque[tuple[Stage, bytes]]
    refusal: Outcome | None = None
    content_said: bool = False
    dot_said: bool = False


def dot_stuffed(content: bytes) -> bytes:
    """Double the dot at the beginning of a line (RFC 5321, 4.5.2)."""
    stuffed = content.replace(b"\n.", b"\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def check_line_ends(content: bytes) -> None:
    """Refuse a content that could end early; counting is ten times as fast as a pattern.

    :raises ValueError: it has a bare CR or LF or a NUL, or does not end with a line end.
    """
    ends = content.count(b"\r\n")
    if not (
        content.endswith(b"\r\n")
        and content.count(b"\r") == ends
        and content.count(b"\n") == ends
        and b"\0" not in content
    ):
        raise ValueError("The content of an email has line ends other than CR LF.")
