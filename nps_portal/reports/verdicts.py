"""What a failure means for the address: the code and the words of the server, judged together."""

import re
from dataclasses import dataclass

from nps_portal.reports.models import ReportKind
from nps_portal.reports.phrases import IN_ORDER_OF_BELIEF

LONGEST_WORDS = 3_000

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_REPLY = re.compile(r"(?<![\d.:#/-])([45][0-5]\d)(?=[ \-]|\s?#?[45]\.\d|$)", re.MULTILINE)
_LINK = re.compile(r"https?://\S+")
_ADDRESS = re.compile(r"<?[^\s<>@\"',;:()]{1,64}@[^\s<>\"',;:()]{1,255}>?")
_HOST = re.compile(r"\b[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){1,8}\b")
_MARKS = re.compile(r"[-_<>\[\]()\"'`´’‘“”«»{}*|=#.!?]+")
_ASIDE = re.compile(r"\(in reply to [^()]{0,60}\)")
# Advice to the reader ("the address may be wrong") is no finding.
_HEDGED = re.compile(
    r"\b(?:if|may|might|perhaps|possibl\w+|likely|usually|sometimes|make sure|check|verify"
    r"|ensure)\b",
    re.IGNORECASE,
)
_AFTER_THE_TEXT = re.compile(
    r"in reply to (?:end of )?data|after (?:end of data|data|sending data|pipelined data)|>>> data"
    r"|\(state 1[5-8]\)|\[data\]",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\s+")
_LISTS = re.compile(
    r"spamhaus|spamcop|barracuda|sorbs|uceprotect|cloudmark|senderscore|spam|block|rbl"
)

# Enhanced codes (RFC 3463 and its registry) that say enough when the words say nothing.
_GONE_CODES = re.compile(r"5\.1\.[12346]|5\.1\.10")
_REFUSED_CODES = re.compile(r"[45]\.(?:1\.[78]|6\.\d+|7\.\d+)")
# RFC 7504: the host, or the domain, takes no mail at all.
_NO_MAIL_HERE = ("521", "556")


@dataclass(frozen=True, kw_only=True)
class Codes:
    """The codes in a server's words: `enhanced` such as 5.1.1, `reply` such as 550, or empty."""

    enhanced: str = ""
    reply: str = ""


def codes_in(words: str) -> Codes:
    """Return the first code of each sort; an unspecific enhanced code gives way to a better one."""
    found = [code for code in _ENHANCED.findall(words[:LONGEST_WORDS]) if code[0] != "2"]
    telling = [code for code in found if not code.endswith(".0")]
    reply = _REPLY.search(words[:LONGEST_WORDS])
    return Codes(
        enhanced=(telling or found or [""])[0],
        reply=reply[1] if reply else "",
    )


def judge(*, status: str, words: str, surroundings: str = "") -> ReportKind:
    """Return HARD, SOFT or BLOCKED for a final failure; doubt is SOFT.

    `words` are the remote server's, `surroundings` those of the whole notice; `status` is the
    code that the report itself gives. Plain words outweigh every code but a temporary one.
    """
    codes = codes_in(words)
    plain = "\n".join(line for line in surroundings.split("\n") if not _HEDGED.search(line[:500]))
    by_words = _by_words(words) or _by_code(codes, status) or _by_words(plain)
    if by_words is not ReportKind.HARD:
        return by_words or ReportKind.SOFT
    is_doubtful = (
        _is_temporary(codes, status)
        or _is_only_closed(codes, status, words)
        or _was_accepted_at_first(codes, status, f"{words}\n{surroundings}")
    )
    return ReportKind.SOFT if is_doubtful else ReportKind.HARD


def plainer(text: str) -> str:
    """Return the words that a phrase can be looked for in: no address, host name, link or mark."""
    lowered = _ASIDE.sub(" ", text[:LONGEST_WORDS].lower())
    lowered = _LINK.sub(lambda link: " ".join(_LISTS.findall(link[0])), lowered)
    lowered = _HOST.sub(" ", _ADDRESS.sub(" addr ", lowered))
    return _BLANKS.sub(" ", _MARKS.sub(" ", lowered)).strip()


def _by_words(words: str) -> ReportKind | None:
    text = plainer(words)
    return next((kind for table, kind in IN_ORDER_OF_BELIEF if table.search(text)), None)


def _by_code(codes: Codes, status: str) -> ReportKind | None:
    for code in (codes.enhanced, status):
        if _GONE_CODES.fullmatch(code):
            return ReportKind.HARD
        if _REFUSED_CODES.fullmatch(code):
            return ReportKind.BLOCKED
    return ReportKind.HARD if codes.reply in _NO_MAIL_HERE else None


def _is_temporary(codes: Codes, status: str) -> bool:
    nearest = codes.enhanced or codes.reply or status
    return nearest.startswith("4") or codes.reply.startswith("4")


def _is_only_closed(codes: Codes, status: str, words: str) -> bool:
    """Tell whether a mailbox is there, but shut: 5.2.1 is «disabled», which may be undone."""
    return "5.2.1" in (codes.enhanced, status) and "available" in words


def _was_accepted_at_first(codes: Codes, status: str, text: str) -> bool:
    """Tell whether the address was good at RCPT and called unknown only after the text.

    Some carriers (docomo among them) say so of mail that their customer filters; without a code
    that names the address it proves nothing about it.
    """
    names_the_address = codes.enhanced.startswith("5.1.") or status.startswith("5.1.")
    return not names_the_address and bool(_AFTER_THE_TEXT.search(text[:20_000]))
