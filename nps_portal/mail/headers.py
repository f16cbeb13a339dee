"""The header fields of one email.

Their values are written here, character by character, and not by the header classes of the
standard library: those fold a long List-Unsubscribe into encoded words, and write an encoded
display name with a bare comma, which splits the address in two (Python 3.11 to 3.13).
"""

import base64
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.utils import format_datetime
from functools import lru_cache

from nps_portal.foundation.addresses import ascii_domain
from nps_portal.foundation.errors import PortalError

LONGEST_LINE = 998  # RFC 5322, 2.1.1, without CR LF
LONGEST_ENCODED_LINE = 76  # RFC 2045, 6.7 and RFC 2047, 2

# RFC 2047 wants encoded words of at most 75 characters on lines of at most 76. The first one
# stands behind the name of its field, so all are kept short enough for the longest name.
_LONGEST_ENCODED_WORD = 62
# A value longer than this is encoded even when it is ASCII, because only encoded words may be
# folded where there is no space.
_LONGEST_PLAIN_VALUE = 900
# A character has at most four bytes in UTF-8, and the longest name of a field 25.
_SURELY_WITHIN_LINE = (LONGEST_LINE - 30) // 4

_FOLD = "\r\n "
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_ADDRESS_BREAKERS = re.compile(r'[\s<>()\[\]:;,\\"]')
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>", re.ASCII)
_LIST_ID = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", re.ASCII)
_FEEDBACK_ID = re.compile(r"[!-9;-~]*(:[!-9;-~]*){0,3}", re.ASCII)
_LIST_URL = re.compile(r"https?://[!-;=?-~]+", re.ASCII)
_LIST_MAILBOX = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", re.ASCII)
# What most people and addresses look like; the rest takes the long way.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PLAIN_IN_ENCODED_WORD = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
)


class HeaderInjection(PortalError):
    """A value would break out of the header or the SMTP command it was meant for."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands in the headers of one email to one person.

    `message_id` carries its angle brackets; `message_id_for` makes one. `list_id` is the id
    alone, as in `q4-2026.nps.acme.example`, and `list_name` the words before it.
    """

    sender_name: str
    sender_email: str
    recipient_name: str
    recipient_email: str
    subject: str
    message_id: str
    date: datetime
    reply_to: str | None = None
    list_unsubscribe_url: str | None = None
    list_unsubscribe_mailbox: str | None = None
    list_id: str | None = None
    list_name: str = ""
    feedback_id: str | None = None


def message_id_for(public_id: str, sender_email: str) -> str:
    """Return the Message-ID of a message, at the domain of its sender.

    A host name of this machine in its place would cost the message points with spam filters.
    """
    domain = sender_email.rpartition("@")[2]
    return f"<o-{public_id}@{ascii_domain(domain)}>"


@lru_cache(maxsize=1024)
def wire_address(address: str) -> str:
    """Return the address as SMTP wants it, its domain as A-labels.

    :raises HeaderInjection: it holds blanks, control characters or brackets, or has no two sides.
    :raises BadEmail: its domain is not one.
    """
    clean("address", address)
    local_part, _, domain = address.rpartition("@")
    if not local_part or not domain or _ADDRESS_BREAKERS.search(address):
        raise HeaderInjection(f"«{address}» cannot stand in an email as an address.")
    return f"{local_part}@{ascii_domain(domain)}"


def header_fields(mail: Head) -> list[tuple[str, str]]:
    """Return the names and values of the fields; those of its content and signature are not here.

    :raises HeaderInjection: a value holds a line break, another control character, or something
        that does not belong into its field.
    """
    headers = [
        ("Date", _date(mail.date)),
        ("From", _own_mailbox("From", mail.sender_name, mail.sender_email)),
        ("To", _mailbox("To", mail.recipient_name, mail.recipient_email)),
        ("Subject", _unstructured(clean("Subject", mail.subject))),
        ("Message-ID", _matching("Message-ID", mail.message_id, _MESSAGE_ID)),
    ]
    if mail.reply_to is not None:
        headers.append(("Reply-To", _own_mailbox("Reply-To", "", mail.reply_to)))
    if mail.list_unsubscribe_url is not None:
        headers.append(("List-Unsubscribe", _ways_to_unsubscribe(mail)))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    if mail.list_id is not None:
        list_id = _matching("List-ID", mail.list_id, _LIST_ID)
        headers.append(("List-ID", _angled("List-ID", mail.list_name, list_id)))
    if mail.feedback_id is not None:
        headers.append(("Feedback-ID", _matching("Feedback-ID", mail.feedback_id, _FEEDBACK_ID)))
    headers.append(("Auto-Submitted", "auto-generated"))
    # Not `All`, which would also keep Exchange from reporting that it could not deliver.
    headers.append(("X-Auto-Response-Suppress", "OOF, AutoReply"))
    headers.append(("MIME-Version", "1.0"))
    return headers


def _ways_to_unsubscribe(mail: Head) -> str:
    """Return the https address first, as RFC 8058 wants it, folded only at the comma."""
    url = _matching("List-Unsubscribe", mail.list_unsubscribe_url or "", _LIST_URL)
    if mail.list_unsubscribe_mailbox is None:
        return f"<{url}>"
    mailbox = _matching("List-Unsubscribe", mail.list_unsubscribe_mailbox, _LIST_MAILBOX)
    return f"<{url}>,{_FOLD}<mailto:{mailbox}?subject=unsubscribe>"


def clean(field: str, value: str) -> str:
    """Return the value if each of its characters may stand in a line.

    :raises HeaderInjection: one is a line break or another control character.
    """
    if value.isprintable():
        return value
    for character in value:
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise HeaderInjection(
                f"The {field} holds a line break or another control character "
                f"(U+{ord(character):04X}), so the email was not built."
            )
    return value


def _matching(field: str, value: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(clean(field, value)):
        raise HeaderInjection(f"«{value[:100]}» is not a valid {field}.")
    return value


def within_line(name: str, value: str) -> str:
    """Return the value if no line of its field is longer than email allows.

    :raises HeaderInjection: one is.
    """
    if len(value) < _SURELY_WITHIN_LINE:
        return value
    longest = max(len(line.encode()) for line in f"{name}: {value}".split("\r\n"))
    if longest > LONGEST_LINE:
        raise HeaderInjection(f"The {name} is too long for a line of email.")
    return value


def _date(date: datetime) -> str:
    if date.tzinfo is None:
        raise ValueError("The date of an email needs a time zone.")
    return _written_date(date.replace(microsecond=0))


@lru_cache(maxsize=64)
def _written_date(date: datetime) -> str:
    return format_datetime(date)


@lru_cache(maxsize=256)
def _own_mailbox(field: str, name: str, email: str) -> str:
    """Return the same as `_mailbox`, kept for the next email of the same sender."""
    return _mailbox(field, name, email)


def _mailbox(field: str, name: str, email: str) -> str:
    local_part, _, domain = wire_address(email).rpartition("@")
    if _DOT_ATOM.fullmatch(local_part):
        address = f"{local_part}@{domain}"
    else:
        address = Address(username=local_part, domain=domain).addr_spec
    return _angled(field, name, address) if name else address


def _angled(field: str, name: str, inner: str) -> str:
    """Return `name <inner>`, the name quoted or encoded as it needs."""
    words = " ".join(clean(field, name).split())
    if not words:
        return f"<{inner}>"
    if not _needs_encoding(words):
        return _quoted(words) + f" <{inner}>"
    encoded = _encoded_words(words)
    fits = "\r\n" not in encoded and len(f"{field}: {encoded} <{inner}>") <= LONGEST_ENCODED_LINE
    return f"{encoded}{' ' if fits else _FOLD}<{inner}>"


def _quoted(words: str) -> str:
    if _ATOMS.fullmatch(words):
        return words
    named = Address(display_name=words, username="x", domain="x")
    return str(named).removesuffix(" <x@x>")


def _unstructured(value: str) -> str:
    return _encoded_words(value) if _needs_encoding(value) else value


def _needs_encoding(value: str) -> bool:
    # An ASCII value with "=?" would be decoded by the reader into something never written.
    return not value.isascii() or "=?" in value or len(value) > _LONGEST_PLAIN_VALUE


def _encoded_words(value: str) -> str:
    """Return the value as RFC 2047 encoded words, one a line, no character torn apart."""
    # RFC 2047, 4: the readable encoding where most letters are ASCII.
    ascii_count = sum(character.isascii() for character in value)
    encode = _q_word if ascii_count * 2 >= len(value) else _b_word
    whole = encode(value)
    if len(whole) <= _LONGEST_ENCODED_WORD:
        return whole
    words: list[str] = []
    chunk = ""
    for character in value:
        if len(encode(chunk + character)) > _LONGEST_ENCODED_WORD:
            words.append(encode(chunk))
            chunk = ""
        chunk += character
    return _FOLD.join([*words, encode(chunk)])


def _q_word(chunk: str) -> str:
    letters = (
        "_" if byte == 0x20 else chr(byte) if byte in _PLAIN_IN_ENCODED_WORD else f"={byte:02X}"
        for byte in chunk.encode()
    )
    return f"=?utf-8?q?{''.join(letters)}?="


def _b_word(chunk: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk.encode()).decode('ascii')}?="
