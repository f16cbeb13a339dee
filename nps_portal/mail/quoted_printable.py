"""Quoted-printable text (RFC 2045, section 6.7) that no mail server has a reason to change.

Beyond what the standard asks, a dot and the word From at the beginning of a line and every blank
that follows another are written as codes. So nothing needs dot-stuffing, no mailbox puts a `>`
before a line, and the text is its own canonical form under relaxed DKIM (RFC 6376, 3.4.4).
"""

import re

LONGEST_LINE = 76

_PLAIN = re.compile(rb"[!-<>-~]+(?: [!-<>-~]+)*")
_SHORT = re.compile(r"(?!\.|From )[!-<>-~]+(?: [!-<>-~]+)*")
_TOKENS = re.compile(rb" (?=[!-~\x80-\xff])|[!-<>-~]|[\x00-\xff]")
_CODES = tuple(f"={byte:02X}".encode() for byte in range(256))


def quoted_printable(text: str) -> bytes:
    """Return the text encoded, its line ends as CR LF; the last line ends as it does in the text.

    Halves of characters, which no encoding can carry, become question marks.
    """
    if len(text) < LONGEST_LINE and _SHORT.fullmatch(text):
        return text.encode("ascii")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join([_line(line.encode("utf-8", "replace")) for line in lines])


def _line(line: bytes) -> bytes:
    """Return one line, broken softly where it is too long."""
    is_short = len(line) < LONGEST_LINE and not line.startswith((b".", b"From "))
    if is_short and (not line or _PLAIN.fullmatch(line)):
        return line
    finished: list[bytes] = []
    present = b""
    for token in _tokens(line):
        # One column is kept for the mark of the soft break.
        if len(present) + len(token) >= LONGEST_LINE:
            finished.append(present + b"=")
            present = _CODES[token[0]] if token in (b".", b"F") else token
        else:
            present += token
    return b"\r\n".join([*finished, present])


def _tokens(line: bytes) -> list[bytes]:
    """Return the characters and codes that a line consists of."""
    tokens: list[bytes] = []
    for found in _TOKENS.findall(line):
        is_second_blank = found == b" " and tokens and tokens[-1] in (b" ", b"=20")
        is_plain = len(found) == 1 and 0x20 < found[0] < 0x7F and found != b"="
        is_blank = found == b" " and not is_second_blank
        tokens.append(found if is_plain or is_blank else _CODES[found[0]])
    if line.startswith((b".", b"From ")):
        tokens[0] = _CODES[line[0]]
    if tokens and tokens[-1] == b" ":
        tokens[-1] = b"=20"
    return tokens
