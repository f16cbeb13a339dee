"""The encoding of a text file, from its bytes alone, read once in a stream."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from nps_portal.imports.letters import likelihood
from nps_portal.imports.tables import LONGEST_LINE_BYTES, UnreadableFile

# What stands for bytes that the encoding has no character for; it is in no text that could be read.
DAMAGED = "\udcff"
DAMAGE_MARKED = "nps-portal-damage-marked"

_CHUNK = 262_144
_SAMPLE_BYTES = 32_768
# So many tell the language; each of two dozen encodings is tried on them.
_JUDGED_BYTES = 6_000
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
# Ordered: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Japanese email and its programs: letters stand between escapes, all of it in ASCII.
_ESCAPED = b"\x1b$"


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """An old encoding, the languages written in it, and how much commoner it is than others."""

    encoding: str
    languages: tuple[str, ...]
    bonus: float = 0.0


_WESTERN = ("de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "is", "ca")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr", "sl")
_CYRILLIC = ("ru", "uk", "bg", "sr")
_MACINTOSH = _Candidate(encoding="mac_roman", languages=_WESTERN, bonus=-0.05)
_CANDIDATES = (
    _Candidate(encoding="cp1252", languages=_WESTERN, bonus=0.1),
    _Candidate(encoding="cp1250", languages=_CENTRAL, bonus=0.05),
    _Candidate(encoding="cp1251", languages=_CYRILLIC, bonus=0.02),
    _Candidate(encoding="cp1254", languages=("tr",)),
    _Candidate(encoding="cp1257", languages=("lt", "lv", "et")),
    _Candidate(encoding="cp1253", languages=("el",), bonus=0.02),
    _Candidate(encoding="cp1255", languages=("he",)),
    _Candidate(encoding="cp1256", languages=("ar", "fa")),
    _Candidate(encoding="cp874", languages=("th",)),
    _Candidate(encoding="cp932", languages=("ja",)),
    _Candidate(encoding="euc_jp", languages=("ja",)),
    _Candidate(encoding="gb18030", languages=("zh",)),
    _Candidate(encoding="big5", languages=("zh_TW",)),
    _Candidate(encoding="cp949", languages=("ko",)),
    _Candidate(encoding="koi8_u", languages=("ru", "uk")),
    _Candidate(encoding="iso8859_2", languages=_CENTRAL, bonus=-0.02),
    _Candidate(encoding="iso8859_5", languages=_CYRILLIC, bonus=-0.02),
    _Candidate(encoding="iso8859_7", languages=("el",)),
    _Candidate(encoding="cp850", languages=_WESTERN, bonus=-0.05),
    _Candidate(encoding="cp852", languages=_CENTRAL, bonus=-0.07),
    _Candidate(encoding="cp866", languages=("ru", "bg"), bonus=-0.02),
    _MACINTOSH,
)


def _mark_damage(error: UnicodeError) -> tuple[str, int]:
    return DAMAGED, error.end if isinstance(error, UnicodeDecodeError) else 0


codecs.register_error(DAMAGE_MARKED, _mark_damage)


@dataclass(kw_only=True)
class _Survey:
    """What one reading of the whole file tells; `samples` are lines with a byte beyond ASCII."""

    start: bytes = b""
    is_utf8: bool = True
    has_line_feed: bool = False
    is_blank: bool = True
    has_escapes: bool = False
    samples: list[bytes] = field(default_factory=list)


def detect_encoding(file: BinaryIO) -> str:
    """Return the name of the codec that reads the file; empty when the file shows nothing.

    UTF-8 and the marked encodings are certain. Of the old ones that is taken in which the letters
    beyond ASCII stand beside such letters as they do in a language that is written so. Single
    bytes that the codec has no character for are left to their rows.

    :raises UnreadableFile: one line has no end.
    """
    found = _survey(file)
    if found.is_blank:
        return ""
    for mark, encoding in _MARKS:
        if found.start.startswith(mark):
            return encoding
    if unmarked := _utf16_without_mark(found.start):
        return unmarked
    if found.is_utf8 and found.has_escapes and _reads(file, "iso2022_jp"):
        return "iso2022_jp"
    if found.is_utf8 or _mostly_utf8(found.samples):
        return "utf-8"
    return _old_encoding(found)


def _survey(file: BinaryIO) -> _Survey:
    found = _Survey()
    utf8 = codecs.getincrementaldecoder("utf-8")()
    size = without_end = 0
    for number, chunk in enumerate(_chunks(file)):
        if not number:
            found.start = chunk[:4096]
        found.is_blank = found.is_blank and not _ANYTHING.search(chunk)
        has_line_feed = b"\n" in chunk
        found.has_line_feed = found.has_line_feed or has_line_feed
        found.has_escapes = found.has_escapes or _ESCAPED in chunk
        without_end = 0 if has_line_feed or b"\r" in chunk else without_end + len(chunk)
        if without_end >= LONGEST_LINE_BYTES:
            _refuse_endless_line(file, number)
        if not chunk.isascii() and size < _SAMPLE_BYTES:
            lines = _lines_with_high_bytes(chunk, _SAMPLE_BYTES - size)
            found.samples += lines
            size += sum(map(len, lines))
        if found.is_utf8:
            found.is_utf8 = _goes_on(utf8, chunk)
    found.is_utf8 = found.is_utf8 and _goes_on(utf8, b"", final=True)
    return found


_ANYTHING = re.compile(rb"""[^\s,;|"\xef\xbb\xbf\x00]""")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk


def _goes_on(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final=final)
    except UnicodeError:
        return False
    return True


def _refuse_endless_line(file: BinaryIO, chunk_number: int) -> None:
    """Refuse a file whose single line would have to be held in memory as a whole."""
    ends = returns = 0
    for number, chunk in enumerate(_chunks(file)):
        if number >= chunk_number:
            break
        ends += chunk.count(b"\n")
        returns += chunk.count(b"\r")
    line = 1 + max(ends, returns)
    raise UnreadableFile(f"Line {line} does not end; this is not a table of contacts.")


def _utf16_without_mark(sample: bytes) -> str | None:
    half = len(sample) // 2
    if half and sample[1::2].count(0) > 0.6 * half and sample[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and sample[::2].count(0) > 0.6 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _lines_with_high_bytes(content: bytes, most_bytes: int) -> list[bytes]:
    """Collect the lines that tell something: those with a byte beyond ASCII."""
    lines: list[bytes] = []
    size = position = 0
    while size < most_bytes and (found := _HIGH_BYTE.search(content, position)):
        start = max(content.rfind(b"\n", position, found.start()) + 1, position)
        end = content.find(b"\n", found.start(), found.start() + 2048)
        end = min(found.start() + 2048, len(content)) if end < 0 else end
        lines.append(content[max(start, found.start() - 2048) : end])
        size += len(lines[-1])
        position = end
    return lines


def _mostly_utf8(lines: list[bytes]) -> bool:
    """Tell whether damage to a UTF-8 file is likelier than another encoding."""
    valid = 0
    for line in lines:
        # A line may be cut where a piece of the file ends, in the middle of a character.
        valid += _goes_on(codecs.getincrementaldecoder("utf-8")(), line)
    return valid > len(lines) / 2


def _reads(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    return all(_goes_on(decoder, chunk) for chunk in _chunks(file))


def _old_encoding(found: _Survey) -> str:
    # Only old Macintosh programs end their lines with a lone CR.
    if not found.has_line_feed:
        return _MACINTOSH.encoding
    text = b"\n".join(found.samples)[:_JUDGED_BYTES]
    return max(_CANDIDATES, key=lambda one: _likelihood(text, one)).encoding


def _likelihood(text: bytes, one: _Candidate) -> float:
    # What the encoding has no character for is damage, which counts against it as a control does.
    decoded = text.decode(one.encoding, "replace").replace("\ufffd", "\x81")
    return likelihood(decoded, one.languages) + one.bonus
