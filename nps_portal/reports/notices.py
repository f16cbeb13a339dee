"""Failures told in prose: which letter is one, whom it is about, and in what words."""

import re
from dataclasses import dataclass

from nps_portal.reports.addresses import ADDRESS, clean, is_a_machines
from nps_portal.reports.auto_replies import has_automatic_subject
from nps_portal.reports.findings import Finding
from nps_portal.reports.layouts import LAYOUTS, VAGUE_LAYOUTS
from nps_portal.reports.models import ReportKind
from nps_portal.reports.original import Notice
from nps_portal.reports.signs import FAILED, OVER, SENDER, SUBJECT, WAITING
from nps_portal.reports.verdicts import codes_in, judge

MOST_RECIPIENTS = 50
_WORDS_SEARCHED = 20_000

_ADDRESSES = re.compile(ADDRESS)
_CODED_LINE = re.compile(r"(?<![\d.])[45][0-5]\d[ -](?!\d)|(?<![\d.])[45]\.\d\.\d")
_TELLING_LINE = re.compile(r"reason|error|unknown|full|not ", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class _Mention:
    """An address in a notice, and where."""

    address: str
    place: int


def reports_failure(notice: Notice) -> bool:
    """Tell whether a letter without status fields reports that our message got stuck or lost."""
    headers = notice.headers
    if headers.first("x-failed-recipients"):
        return True
    if has_automatic_subject(notice):
        return False
    by_sender = SENDER.search(headers.readable("from") or headers.first("return-path"))
    by_subject = SUBJECT.search(headers.readable("subject"))
    if by_sender and by_subject:
        return True
    returns_nowhere = "<>" in headers.all("return-path")
    return bool((by_sender or by_subject or returns_nowhere) and FAILED.search(_flat(notice)))


def findings(notice: Notice) -> list[Finding]:
    """Return a finding a failed recipient, in the order of the notice; none if none is named."""
    flat = _flat(notice)
    delayed = ReportKind.DELAYED if WAITING.search(flat) and not OVER.search(flat) else None
    mentions = sorted(_mentions(notice), key=lambda mention: mention.place)[:MOST_RECIPIENTS]
    places = [*(mention.place for mention in mentions), len(notice.words)]
    return [
        _finding(notice, mention.address, notice.words[mention.place : end], delayed)
        for mention, end in zip(mentions, places[1:], strict=True)
    ]


def _flat(notice: Notice) -> str:
    return " ".join(notice.words[:_WORDS_SEARCHED].split())


def _finding(notice: Notice, address: str, words: str, known: ReportKind | None) -> Finding:
    coded = _CODED_LINE.search(words)
    said = words[coded.start() :] if coded else words
    return Finding(
        kind=known or judge(status="", words=said, surroundings=f"{words}\n{notice.words}"),
        recipient=address,
        status=codes_in(words).enhanced or codes_in(notice.words).enhanced,
        reason=_reason(words) or _reason(notice.words),
    )


def _reason(words: str) -> str:
    lines = [line.strip() for line in words.split("\n") if line.strip()]
    others = [line for line in lines if not _ADDRESSES.fullmatch(line.strip("<>:'\""))]
    coded = [line for line in others if _CODED_LINE.search(line)]
    telling = [line for line in others if _TELLING_LINE.search(line)]
    return (coded or telling or others or [""])[0]


def _mentions(notice: Notice) -> list[_Mention]:
    failed = _ADDRESSES.findall(notice.headers.first("x-failed-recipients"))
    returned = notice.original_recipient
    if failed:
        return [_mention(notice, address) for address in dict.fromkeys(failed)]
    for index, layout in enumerate(LAYOUTS):
        if not layout.sign.search(notice.words):
            continue
        found = _in_layout(notice, layout.line)
        if found and index < len(LAYOUTS) - VAGUE_LAYOUTS:
            return found
        if found and not (returned and returned.lower() in notice.words.lower()):
            return found[:1]
    return [_mention(notice, returned)] if returned else []


def _in_layout(notice: Notice, line: re.Pattern[str]) -> list[_Mention]:
    ours = {address.lower() for address in _our_addresses(notice)}
    returned = notice.original_recipient.lower()
    found: dict[str, _Mention] = {}
    for match in line.finditer(notice.words):
        address = clean(match["address"])
        lowered = address.lower()
        is_for_help = is_a_machines(address) and lowered != returned
        if lowered not in ours and not is_for_help and lowered not in found:
            found[lowered] = _Mention(address=address, place=match.start("address"))
    return list(found.values())[:MOST_RECIPIENTS]


def _our_addresses(notice: Notice) -> list[str]:
    headers, original = notice.headers, notice.original
    values = headers.all("to", "from", "delivered-to", "x-original-to")
    values += original.all("from", "return-path", "reply-to", "sender", "errors-to")
    return [address for value in values[:20] for address in _ADDRESSES.findall(value[:1000])[:5]]


def _mention(notice: Notice, address: str) -> _Mention:
    return _Mention(address=address, place=max(0, notice.words.lower().find(address.lower())))
