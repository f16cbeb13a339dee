"""MIME, read without trust: bytes of any kind become headers and a short, flat list of parts.

The standard library's parser is recursive and keeps every part; a hostile message can keep it
busy for minutes. This one reads the first megabyte, a few levels and a few dozen parts, which
is more than any delivery report needs, and never raises.
"""

import binascii
import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header

MOST_BYTES = 1_000_000
MOST_PARTS = 60
MOST_DEPTH = 8
MOST_HEADER_FIELDS = 400
LONGEST_HEADER = 100_000
LONGEST_VALUE = 4_000
LONGEST_TEXT = 100_000

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_FIELD_NAME = re.compile(r"[!-9;-~]{1,80}")
# Codecs such as punycode are slow on hostile input and others are no charsets at all.
_SANE_CHARSET = re.compile(
    r"utf-?8|(us-)?ascii|(iso[-_]?8859|latin)[-_]?\d+|(windows|cp)-?(125\d|437|85\d|866|93[26])"
    r"|koi8-[ru]|iso-2022-[\w-]+|shift[-_]?jis|sjis|euc-(jp|kr)|ks_c_5601-1987|gb(2312|k|18030)|big5"
)
_LINE_ENDING_TAG = re.compile(r"<(?:br|/p|/div|/tr|/h\d|/li|/td|/pre)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>@]*>")
_INVISIBLE = (("<style", "</style>"), ("<script", "</script>"), ("<!--", "-->"))


@dataclass(frozen=True, kw_only=True)
class Headers:
    """Header fields in their order, the names in lower case, the values unfolded."""

    fields: tuple[tuple[str, str], ...] = ()

    def all(self, *names: str) -> list[str]:
        """Return the values of all fields of these names, in the order of the names."""
        return [value for wanted in names for name, value in self.fields if name == wanted]

    def first(self, *names: str) -> str:
        """Return the first value that is not empty, or an empty string."""
        return next((value for value in self.all(*names) if value), "")

    def readable(self, name: str) -> str:
        """Return the first value of this name with its RFC 2047 words decoded."""
        value = self.first(name)[:1000]
        if "=?" not in value:
            return value
        try:
            words = decode_header(value)
        except (HeaderParseError, ValueError):
            return value
        return "".join(
            word if isinstance(word, str) else as_text(word, charset or "")
            for word, charset in words
        )


@dataclass(frozen=True, kw_only=True)
class Part:
    """One leaf of a message; HTML is already plain text, an attached message is not opened."""

    content_type: str
    text: str

    @property
    def is_html(self) -> bool:
        """Tell whether the text was once HTML."""
        return self.content_type == "text/html"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message as it came: its headers and its leaves in their order."""

    headers: Headers
    parts: tuple[Part, ...]


def open_letter(raw: bytes) -> Letter:
    """Return what can be read of these bytes."""
    data = raw[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip()
    if data.startswith((b"From ", b">From ")):  # the envelope line of an mbox
        data = data.partition(b"\n")[2]
    letter = _letter(data)
    if not letter.parts or letter.parts[0].content_type != "message/rfc822":
        return letter
    inner = _letter(letter.parts[0].text.lstrip().encode("utf-8", "replace"))
    # Some gateways wrap the whole report into a message of their own.
    is_a_report = inner.headers.first("content-type").lower().startswith("multipart/report")
    return inner if is_a_report else letter


def read_headers(text: str) -> Headers:
    """Return the header fields that a text opens with, up to the first line that is none."""
    fields: list[tuple[str, str]] = []
    for line in text[:LONGEST_HEADER].split("\n"):
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and fields and line.strip():
            known, before = fields[-1]
            if len(before) < LONGEST_VALUE:
                fields[-1] = (known, f"{before} {line.strip()}"[:LONGEST_VALUE])
        elif colon and _FIELD_NAME.fullmatch(name.rstrip()) and len(fields) < MOST_HEADER_FIELDS:
            fields.append((name.rstrip().lower(), value.strip()[:LONGEST_VALUE]))
        else:
            break
    return Headers(fields=tuple(fields))


def as_text(data: bytes, charset: str) -> str:
    """Return these bytes as text, by the charset named or, where that fails, by what they are."""
    if b"\x1b$" in data:  # Japanese carriers often forget to name it
        return data.decode("iso2022_jp_ext", errors="replace")
    for name in (charset.strip().lower(), "utf-8"):
        if _SANE_CHARSET.fullmatch(name):
            try:
                return data.decode(name)
            except (UnicodeError, LookupError):
                continue
    return data.decode("latin-1")


def _letter(data: bytes) -> Letter:
    headers, _ = _head_and_body(data)
    return Letter(headers=headers, parts=tuple(_leaves(data)))


def _leaves(data: bytes) -> Iterator[Part]:
    waiting = [(data, 0)]
    left = MOST_PARTS
    while waiting and left > 0:
        raw, depth = waiting.pop()
        headers, body = _head_and_body(raw)
        field = headers.first("content-type")
        kind = field.partition(";")[0].strip().lower() or "text/plain"
        children = _children(field, body) if kind.startswith("multipart/") else []
        if children and depth < MOST_DEPTH:
            waiting.extend((child, depth + 1) for child in reversed(children))
            continue
        left -= 1
        if kind.startswith(("text/", "message/", "multipart/")) or "/" not in kind:
            yield _leaf(kind, headers, body)


def _head_and_body(raw: bytes) -> tuple[Headers, bytes]:
    head, _, body = (b"", b"", raw[1:]) if raw.startswith(b"\n") else raw.partition(b"\n\n")
    headers = read_headers(as_text(head[:LONGEST_HEADER], ""))
    return (headers, body) if headers.fields or not head else (headers, raw)


def _children(field: str, body: bytes) -> list[bytes]:
    named = _BOUNDARY.search(field)
    if named is None:
        return []
    boundary = (named[1] or named[2]).rstrip().encode("utf-8", "replace")
    delimiter = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*$\n?", re.MULTILINE)
    children: list[bytes] = []
    begin = None
    for found in delimiter.finditer(body):
        if begin is not None:
            children.append(body[begin : found.start()])
        begin = found.end()
        if found[1] or len(children) >= MOST_PARTS:
            return children
    return [*children, body[begin:]] if begin is not None else []


def _leaf(kind: str, headers: Headers, body: bytes) -> Part:
    data = _decoded(headers.first("content-transfer-encoding").lower(), body)[:LONGEST_TEXT]
    named = _CHARSET.search(headers.first("content-type"))
    text = as_text(data, named[1] if named else "").replace("\r\n", "\n").replace("\x00", "")
    return Part(content_type=kind, text=_without_tags(text) if kind == "text/html" else text)


def _decoded(encoding: str, body: bytes) -> bytes:
    if "quoted-printable" in encoding:
        return quopri.decodestring(body[: 3 * LONGEST_TEXT])
    if "base64" in encoding:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body[: 2 * LONGEST_TEXT])
        whole = letters[: len(letters) // 4 * 4]
        try:
            return binascii.a2b_base64(whole) or body
        except binascii.Error:
            return body
    return body


def _without_tags(text: str) -> str:
    for opening, closing in _INVISIBLE:
        text = _without(text, opening, closing)
    text = _LINE_ENDING_TAG.sub("\n", text.replace("\n", " "))
    return html.unescape(_TAG.sub(" ", text)).replace("\xa0", " ")


def _without(text: str, opening: str, closing: str) -> str:
    lowered = text.lower()
    kept: list[str] = []
    place = 0
    while len(lowered) == len(text) and (begin := lowered.find(opening, place)) >= 0:
        kept.append(text[place:begin])
        end = lowered.find(closing, begin)
        place = len(text) if end < 0 else end + len(closing)
    return "".join([*kept, text[place:]])
