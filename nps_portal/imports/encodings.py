"""The encoding of a text file, from its bytes alone."""

import codecs
import re

from charset_normalizer import from_bytes

from nps_portal.imports.tables import UnreadableFile

_CHUNK = 1_048_576
_SAMPLE_BYTES = 32_768
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
# Ordered: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_SCRIPTS = [
    *("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874"),
    *("cp932", "gb18030", "big5", "cp949"),
]
# Read as cp1252, Central European text shows š or ž (the same bytes in both), or signs such as
# £ and ³ amid letters; Turkish text shows þ inside a word, where Icelandic has it in front.
_CENTRAL_EUROPEAN = re.compile(r"[šžŠŽ]|[£¥¯³¹¼¾¿][a-zß-ÿ]|[a-zß-ÿ][£¥¯³¹¼¾¿]")
_TURKISH = re.compile(r"[A-Za-zß-ÿ]þ|ýþ|þý")


def detect_encoding(content: bytes) -> str:
    """Return the name of the codec that reads all of the content.

    UTF-8 and the marked encodings are certain. Of the old one-byte encodings the western cp1252
    is taken unless the text speaks against it: statistics on a few names nearly always choose
    a neighbour (cp1250), and turn é into something else.

    :raises UnreadableFile: no encoding fits, or the text is damaged; the line is named.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _checked(content, encoding)
    if unmarked := _utf16_without_mark(content):
        return _checked(content, unmarked)
    if _first_fault(content, "utf-8") is None:
        return "utf-8"
    sample = _lines_with_high_bytes(content)
    if _mostly_utf8(sample):
        return _checked(content, "utf-8")
    return _checked(content, _one_byte_encoding(content, sample))


def _checked(content: bytes, encoding: str) -> str:
    fault = _first_fault(content, encoding)
    if fault is None:
        return encoding
    before = content[:fault]
    line = 1 + max(before.count(b"\n"), before.count(b"\r"))
    raise UnreadableFile(
        f"Line {line} has characters that cannot be read. "
        "Save the file again as “CSV UTF-8” and try once more."
    )


def _first_fault(content: bytes, encoding: str) -> int | None:
    """Return the offset near the first byte that the codec refuses, reading a piece at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(content), _CHUNK):
        end = start + _CHUNK
        try:
            decoder.decode(content[start:end], final=end >= len(content))
        except UnicodeError as error:
            return start + (error.start if isinstance(error, UnicodeDecodeError) else 0)
    return None


def _utf16_without_mark(content: bytes) -> str | None:
    sample = content[:4096]
    half = len(sample) // 2
    if half and sample[1::2].count(0) > 0.6 * half and sample[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and sample[::2].count(0) > 0.6 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _lines_with_high_bytes(content: bytes) -> list[bytes]:
    """Collect the lines that tell something: those with a byte beyond ASCII."""
    lines: list[bytes] = []
    size = position = 0
    while size < _SAMPLE_BYTES and (found := _HIGH_BYTE.search(content, position)):
        start = max(content.rfind(b"\n", position, found.start()) + 1, position)
        end = content.find(b"\n", found.start(), found.start() + 2048)
        end = min(found.start() + 2048, len(content)) if end < 0 else end
        lines.append(content[max(start, found.start() - 2048) : end])
        size += len(lines[-1])
        position = end
    return lines


def _mostly_utf8(lines: list[bytes]) -> bool:
    """Tell whether damage to a UTF-8 file is likelier than another encoding."""
    valid = sum(1 for line in lines if _first_fault(line, "utf-8") is None)
    return valid > len(lines) / 2


def _one_byte_encoding(content: bytes, sample: list[bytes]) -> str:
    text = b"\n".join(sample)
    runs = _HIGH_RUN.findall(text)
    in_long_runs = sum(len(run) for run in runs if len(run) > 2)
    if in_long_runs > sum(map(len, runs)) / 2:
        best = from_bytes(text, cp_isolation=_OTHER_SCRIPTS).best()
        if best is not None:
            return best.encoding
    if b"\n" not in content:
        # Only old Macintosh programs end their lines with a lone CR.
        return "mac_roman"
    try:
        western = text.decode("cp1252")
    except UnicodeDecodeError:
        western = ""
    if western and not _CENTRAL_EUROPEAN.search(western) and not _TURKISH.search(western):
        return "cp1252"
    if western and _TURKISH.search(western):
        return "cp1254"
    best = from_bytes(text, cp_isolation=["cp1250", "cp1252", "cp850", "cp437"]).best()
    return best.encoding if best is not None else "cp1252"
