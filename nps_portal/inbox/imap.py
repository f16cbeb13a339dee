"""Talking IMAP: an open folder, the emails after a place in it, and marking them as read."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date

from imap_tools import AND
from imap_tools.errors import ImapToolsError, MailboxLoginError, UnexpectedCommandStatusError
from imap_tools.mailbox import BaseMailBox

from nps_portal.inbox.commands import LARGEST_READ_BYTES
from nps_portal.inbox.places import ImapPlace, InboxTrouble, Protection

SECONDS = 30

_UID = re.compile(rb"\bUID (\d+)")


@dataclass(frozen=True, kw_only=True)
class FetchedMail:
    """An email of the folder, or its beginning when it is very large."""

    uid: int
    raw: bytes


class Folder:
    """An open folder; nothing in it is ever deleted, and reading alone marks nothing as read."""

    def __init__(self, mailbox: BaseMailBox) -> None:
        self._mailbox = mailbox
        _, numbers = mailbox.client.response("UIDVALIDITY")
        self.uid_validity = int(numbers[0] or 0) if numbers else 0

    def uids_after(self, uid: int) -> list[int]:
        """Return the numbers of the emails that came after one."""
        found = self._mailbox.uids(f"UID {uid + 1}:*", charset=None)
        # The star stands for the last email, even when that came before.
        return sorted(number for number in map(int, found) if number > uid)

    def uids_since(self, day: date) -> list[int]:
        """Return the numbers of the emails that came on that day or later."""
        return sorted(map(int, self._mailbox.uids(AND(date_gte=day), charset=None)))

    def count(self) -> int:
        """Return how many emails there are."""
        return len(self._mailbox.numbers(charset=None))

    def fetch(self, uids: Sequence[int]) -> list[FetchedMail]:
        """Return emails by their numbers; one that is gone meanwhile is left out."""
        wanted = f"(UID BODY.PEEK[]<0.{LARGEST_READ_BYTES}>)"
        status, parts = self._mailbox.client.uid("FETCH", _set_of(uids), wanted)
        if status != "OK":
            raise InboxTrouble(f"The inbox does not hand out its emails: {_words((status, parts))}")
        found = []
        for part, after in zip(parts, [*parts[1:], b""], strict=True):
            if not isinstance(part, tuple):
                continue
            # The number may stand before the email or after it.
            number = _UID.search(part[0]) or _UID.search(after if isinstance(after, bytes) else b"")
            if number:
                found.append(FetchedMail(uid=int(number[1]), raw=part[1]))
        return found

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark emails as read; a folder that may only be read stays as it is."""
        if uids:
            self._mailbox.client.uid("STORE", _set_of(uids), "+FLAGS.SILENT", r"(\Seen)")


@contextmanager
def open_folder(place: ImapPlace) -> Iterator[Folder]:
    """Sign in and give the folder; the connection ends with the block.

    :raises InboxTrouble: the server cannot be reached or trusted, or refuses; in words.
    """
    try:
        mailbox = _Mailbox(place)
        try:
            if (place.user + place.password).isascii():
                mailbox.login(place.user, place.password, initial_folder=place.folder)
            else:
                mailbox.login_utf8(place.user, place.password, initial_folder=place.folder)
            yield Folder(mailbox)
        finally:
            with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                mailbox.logout()
            with suppress(OSError):
                mailbox.client.shutdown()
    except MailboxLoginError as error:
        raise InboxTrouble(
            f"{place.host} refuses the user name or the password. "
            f"It said: {_words(error.command_result)}"
        ) from error
    except UnexpectedCommandStatusError as error:
        raise InboxTrouble(
            f"{place.host} refuses the folder {place.folder}. "
            f"It said: {_words(error.command_result)}"
        ) from error
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise InboxTrouble(_fault(place, error)) from error


class _Mailbox(BaseMailBox):
    """A connection that is protected as its place demands, or is not made."""

    def __init__(self, place: ImapPlace) -> None:
        self._place = place
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        place, context = self._place, ssl.create_default_context()
        if place.protection is Protection.TLS:
            return imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=SECONDS)
        client = imaplib.IMAP4(place.host, place.port, timeout=SECONDS)
        if place.protection is Protection.STARTTLS:
            try:
                client.starttls(context)
            except BaseException:
                with suppress(OSError):
                    client.shutdown()
                raise
        return client


def _set_of(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _words(result: tuple[object, ...]) -> str:
    """Return what the server said, on one line."""
    texts = result[1] if len(result) > 1 and isinstance(result[1], list) else []
    said = b" ".join(text for text in texts if isinstance(text, bytes))
    return " ".join(said.decode("utf-8", "replace").split())[:300] or "nothing"


def _fault(place: ImapPlace, error: Exception) -> str:
    where = f"{place.host}, port {place.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {where} cannot be trusted: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return f"{where} does not speak TLS as it should: {error.reason}."
    if isinstance(error, TimeoutError):
        return f"{where} does not answer."
    if isinstance(error, OSError):
        return f"{where} cannot be reached: {error.strerror or error}."
    return f"The conversation with {where} failed: {str(error)[:300]}"
