"""Our own message inside a returned one: where it begins, and the names that it carries."""

import re
from dataclasses import dataclass

from nps_portal.reports.addresses import first_address
from nps_portal.reports.decoding import Headers, Letter, Part, read_headers

LONGEST_NOTICE = 40_000
_TEXT_SEARCHED = 300_000

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_ORIGINAL_TYPES = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "text/rfc822-header",
    "text/rfc822",
    "message/rfc822-headers",
    "message/global-headers",
    "message/partial",
)
_ADDRESSED_TO = (
    "to delivered-to x-original-to envelope-to x-envelope-to x-delivered-to x-rcpt-to "
    "original-recipient apparently-to cc resent-to received"
).split()
_RETURNS_TO = "return-path x-return-path envelope-from x-envelope-from errors-to sender".split()
_RECIPIENT_FIELDS = (
    "x-failed-recipients to delivered-to x-original-to envelope-to x-rcpt-to".split()
)

_BOUNCE_TOKEN = re.compile(r"(?<![A-Za-z0-9+])b\+([A-Za-z0-9_.-]{6,200}?)[@=]")
_UNSUBSCRIBE_TOKEN = re.compile(r"(?<![A-Za-z0-9+])u\+([A-Za-z0-9_.-]{6,200}?)@")
_OUR_MESSAGE_ID = re.compile(r"<(o-[A-Za-z0-9_-]{4,80}@[A-Za-z0-9.-]{1,255})>")
_ANY_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>")
_ENVELOPE_ID = re.compile(r"^original-envelope-id:[ \t]*(\S{1,200})", re.IGNORECASE | re.MULTILINE)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")

_SEPARATOR = re.compile(
    r"[\s>*|]{0,20}(?:"
    r"[-=_*#]{2,}.{0,40}?(?:original|returned|unsent|undelivered|forwarded|bounced|rejected"
    r"|copy of|"
    r"header|message (?:follows|text)|failed message|offending).{0,80}"
    r"|(?:the |your )?(?:original|unsent|returned|undelivered|rejected) (?:message|mail|e-?mail)"
    r"(?: (?:headers?|text))?(?: (?:follows|below|is (?:below|attached|included below)))?\s*[:.-]*"
    r"|(?:the )?headers? of (?:the|your) (?:original )?(?:message|mail).{0,40}"
    r"|message headers?(?: follows?)?\s*:?"
    r"|(?:a copy of )?your (?:original )?message (?:follows|is (?:attached|included"
    r"|enclosed)).{0,40}"
    r"|(?:the )?text of (?:the|your) (?:original )?(?:message|mail).{0,40}"
    r"|ursprüngliche nachricht.{0,40}|message d'origine.{0,40}|mensaje original.{0,40}"
    r"|元のメッセージ.{0,40}|исходное сообщение.{0,40}"
    r")",
    re.IGNORECASE,
)
_NO_SEPARATOR = re.compile(
    r"transcript|following addresses|reason|original message was", re.IGNORECASE
)
_FIELD_LINE = re.compile(r"(?:> ?)?([A-Za-z][A-Za-z0-9-]{1,40})\s?:(?:\s|$)")
_OF_A_MESSAGE = frozenset(
    "return-path received from to subject date message-id mime-version content-type "
    "dkim-signature x-mailer reply-to sender delivered-to list-unsubscribe".split()
)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A returned letter taken apart: the machine's own words here, our message there."""

    headers: Headers
    words: str
    status_parts: tuple[str, ...]
    feedback_parts: tuple[str, ...]
    receipt_parts: tuple[str, ...]
    original: Headers
    token: str
    unsubscribe_token: str
    message_id: str
    envelope_id: str

    @property
    def original_recipient(self) -> str:
        """Return the address that our message was for, as far as it was returned."""
        return first_address(self.original.first(*_RECIPIENT_FIELDS))


def take_apart(letter: Letter) -> Notice:
    """Divide a letter into the words about our message and our message itself."""
    words, original = _words_and_original(letter.parts)
    everything = "\n".join(part.text for part in letter.parts)[:_TEXT_SEARCHED]
    statuses = _texts(letter, *_STATUS_TYPES)
    return Notice(
        headers=letter.headers,
        words=words[:LONGEST_NOTICE],
        status_parts=statuses,
        feedback_parts=_texts(letter, "message/feedback-report"),
        receipt_parts=_texts(letter, "message/disposition-notification"),
        original=original,
        token=_token(_BOUNCE_TOKEN, letter.headers, original, everything),
        unsubscribe_token=_found(_UNSUBSCRIBE_TOKEN, "\n".join(letter.headers.all(*_ADDRESSED_TO))),
        message_id=_message_id(letter.headers, original, everything),
        envelope_id=_envelope_id("\n".join(statuses) or everything),
    )


def _texts(letter: Letter, *kinds: str) -> tuple[str, ...]:
    return tuple(part.text for part in letter.parts if part.content_type in kinds)


def _words_and_original(parts: tuple[Part, ...]) -> tuple[str, Headers]:
    attached = [part.text for part in parts if part.content_type in _ORIGINAL_TYPES]
    original = _original_headers(attached[0].split("\n")) if attached else Headers()
    texts = [part for part in parts if part.content_type not in _ORIGINAL_TYPES + _STATUS_TYPES]
    plain = [part for part in texts if part.content_type == "text/plain" and part.text.strip()]
    words: list[str] = []
    for index, part in enumerate(plain or [part for part in texts if part.is_html]):
        lines = part.text.split("\n")
        begin = _beginning_of_original(lines, 0 if index else 1)
        words.append("\n".join(lines[:begin]))
        if begin < len(lines) and not original.fields:
            original = _original_headers(lines[begin:])
    return "\n\n".join(words), original


def _beginning_of_original(lines: list[str], earliest: int) -> int:
    """Return the line at which a quoted message starts; the number of lines if none does."""
    for index, line in enumerate(lines):
        if index < earliest:
            continue
        if index and _SEPARATOR.fullmatch(line[:200]) and not _NO_SEPARATOR.search(line[:200]):
            return index
        if _opens_a_header(lines[index : index + 12]):
            return index
    return len(lines)


def _opens_a_header(lines: list[str]) -> bool:
    names: list[str] = []
    for line in lines:
        named = _FIELD_LINE.match(line)
        if named:
            names.append(named[1].lower())
        elif not names or line[:1] not in (" ", "\t"):
            break
    known = [name for name in names if name in _OF_A_MESSAGE]
    return bool(names) and names[0] in {*_OF_A_MESSAGE, "x-originating-ip"} and len(set(known)) >= 3


def _original_headers(lines: list[str]) -> Headers:
    for index in range(min(len(lines), 40)):
        if _FIELD_LINE.match(lines[index].lstrip()):
            block = lines[index : index + 500]
            if block[0].startswith(">"):
                block = [line.removeprefix(">").removeprefix(" ") for line in block]
            headers = read_headers("\n".join(block))
            if {name for name, _ in headers.fields} & _OF_A_MESSAGE:
                return headers
    return Headers()


def _token(pattern: re.Pattern[str], headers: Headers, original: Headers, text: str) -> str:
    places = (headers.all(*_ADDRESSED_TO), original.all(*_RETURNS_TO), [text])
    return next((found for place in places if (found := _found(pattern, "\n".join(place)))), "")


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _message_id(headers: Headers, original: Headers, text: str) -> str:
    fields = headers.all("in-reply-to", "references", "x-original-message-id")
    ours = _found(_OUR_MESSAGE_ID, "\n".join([*original.all("message-id"), *fields, text]))
    named = original.first("message-id", "x-original-message-id")
    named = named or headers.first("x-original-message-id")
    return ours or _found(_ANY_MESSAGE_ID, named) or named.partition(" ")[0][:500]


def _envelope_id(text: str) -> str:
    return _XTEXT.sub(lambda code: chr(int(code[1], 16)), _found(_ENVELOPE_ID, text))
