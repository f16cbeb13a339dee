"""A mail server on this machine that keeps every email instead of sending it.

For the demonstration and for trying things out: what the portal would have sent can be read in its
pages. Each email is a file in a Maildir, so several processes may write and read at once.
"""

import re
import socket
from asyncio import AbstractServer
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from mailbox import Maildir
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as ReceivedEnvelope

from nps_portal.mail.handshake import Relay, Security

KEPT_MESSAGES = 1_000

_HOST = "127.0.0.1"
_SENDER_LINE = b"X-Envelope-From: "
_RECIPIENT_LINE = b"X-Envelope-To: "
# The standard library names the files of a Maildir so: seconds, microseconds, process, count.
_ID = re.compile(r"(\d{1,12})\.M(\d{1,6})P(\d+)Q(\d+)\.[^/\0]+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class CaughtMessage:
    """One email as it arrived; it is parsed when first asked for."""

    id: str
    received_at: datetime
    sender: str
    recipient: str
    raw: bytes

    @property
    def subject(self) -> str:
        """The subject, decoded; empty if there is none."""
        return self.headers.get("subject", "")

    @property
    def text(self) -> str:
        """The plain-text part; empty if there is none."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part; empty if there is none."""
        return self._part("html")

    @cached_property
    def headers(self) -> dict[str, str]:
        """The header values, decoded, by their names in lower case."""
        return {name.lower(): str(value) for name, value in self._parsed.items()}

    @cached_property
    def _parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    def _part(self, subtype: str) -> str:
        part = self._parsed.get_body((subtype,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The ids of the emails that arrived next after and next before one; None at the ends."""

    newer: str | None
    older: str | None


class LocalMailbox:
    """The emails caught in a directory, newest first, and the server that catches them."""

    def __init__(self, directory: Path, *, kept_messages: int = KEPT_MESSAGES) -> None:
        self._maildir_path = directory
        self._kept_messages = kept_messages
        self._controller: _LoopbackController | None = None

    def start(self) -> Relay:
        """Serve on a free port of this machine, in a thread, and return how to reach it."""
        if self._controller is None:
            self._controller = _LoopbackController(self)
            self._controller.start()
        return Relay(server=_HOST, port=self._controller.port, security=Security.NONE)

    def stop(self) -> None:
        """Stop serving; what was caught stays."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def keep(self, sender: str, recipient: str, content: bytes) -> None:
        """Store one email, and drop the oldest beyond the number that is kept."""
        lines = (_SENDER_LINE + _encoded(sender), _RECIPIENT_LINE + _encoded(recipient), content)
        maildir = self._maildir()
        maildir.add(b"\r\n".join(lines))
        for surplus in self._ids(maildir)[self._kept_messages :]:
            maildir.discard(surplus)

    def messages(self, limit: int, offset: int, search: str = "") -> list[CaughtMessage]:
        """Return emails, newest first, whose sender, recipient or subject holds the words."""
        maildir = self._maildir()
        wanted = search.casefold()
        found: list[CaughtMessage] = []
        for message_id in self._ids(maildir):
            if len(found) >= limit:
                break
            if not wanted and offset > 0:
                # Without a search the skipped ones need not be read.
                offset -= 1
                continue
            caught = _read(maildir, message_id)
            if caught is None or (wanted and not _holds(caught, wanted)):
                continue
            if offset > 0:
                offset -= 1
                continue
            found.append(caught)
        return found

    def message(self, message_id: str) -> CaughtMessage | None:
        """Return one email; None if there is none of that id."""
        return _read(self._maildir(), message_id)

    def neighbours(self, message_id: str) -> Neighbours:
        """Return which emails lie beside one in the list; of an unknown id there are none."""
        ids = self._ids(self._maildir())
        if message_id not in ids:
            return Neighbours(newer=None, older=None)
        place = ids.index(message_id)
        return Neighbours(
            newer=ids[place - 1] if place else None,
            older=ids[place + 1] if place + 1 < len(ids) else None,
        )

    def count(self) -> int:
        """Return how many emails are kept."""
        return len(self._ids(self._maildir()))

    def clear(self) -> None:
        """Remove every email."""
        self._maildir().clear()

    def _maildir(self) -> Maildir:
        # Made afresh each time: a Maildir object remembers what it saw, and its memory is not
        # safe for two threads. Its folders are made here, because two processes that begin at
        # once would trip over a Maildir half made by the other.
        self._maildir_path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in ("tmp", "new", "cur"):
            (self._maildir_path / folder).mkdir(mode=0o700, exist_ok=True)
        return Maildir(self._maildir_path, factory=None, create=True)

    def _ids(self, maildir: Maildir) -> list[str]:
        return sorted(filter(_ID.fullmatch, maildir.keys()), key=_age, reverse=True)


class _Catcher:
    """What aiosmtpd calls with each email that it received."""

    def __init__(self, mailbox: LocalMailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: ReceivedEnvelope
    ) -> str:
        content = envelope.original_content or b""
        recipients = ", ".join(envelope.rcpt_tos)
        try:
            self._mailbox.keep(envelope.mail_from or "", recipients, content)
        except OSError:
            # Without this the answer would be a 500, which tells the sender never to try again.
            return "452 4.3.1 The mailbox cannot be written"
        return "250 2.0.0 Caught"


class _LoopbackController(Controller):
    """A controller whose port is known before it starts; aiosmtpd's own cannot serve port 0."""

    def __init__(self, mailbox: LocalMailbox) -> None:
        self._listener = socket.create_server((_HOST, 0))
        port = self._listener.getsockname()[1]
        super().__init__(_Catcher(mailbox), hostname=_HOST, port=port)

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)


def _encoded(address: str) -> bytes:
    return address.encode("utf-8", "replace")


def _age(message_id: str) -> tuple[int, ...]:
    matched = _ID.fullmatch(message_id)
    return tuple(int(number) for number in matched.groups()) if matched else ()


def _read(maildir: Maildir, message_id: str) -> CaughtMessage | None:
    age = _age(message_id)
    if not age:
        return None
    try:
        # Looks the id up among the files there are and never makes a path of it.
        stored = maildir.get_bytes(message_id)
    except (KeyError, FileNotFoundError):
        return None
    if not stored.startswith(_SENDER_LINE):
        return None
    sender, recipient, raw = stored.split(b"\r\n", 2)
    return CaughtMessage(
        id=message_id,
        received_at=datetime.fromtimestamp(age[0], UTC).replace(microsecond=age[1]),
        sender=sender.removeprefix(_SENDER_LINE).decode("utf-8", "replace"),
        recipient=recipient.removeprefix(_RECIPIENT_LINE).decode("utf-8", "replace"),
        raw=raw,
    )


def _holds(caught: CaughtMessage, wanted: str) -> bool:
    return wanted in f"{caught.sender}\n{caught.recipient}\n{caught.subject}".casefold()
