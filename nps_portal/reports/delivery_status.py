"""Delivery status notifications (RFC 3464), also those that only resemble one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nps_portal.reports.addresses import first_address
from nps_portal.reports.findings import Finding
from nps_portal.reports.models import ReportKind
from nps_portal.reports.original import Notice
from nps_portal.reports.verdicts import codes_in, judge

MOST_RECIPIENTS = 50
LONGEST_FIELD = 4_000

_RECIPIENTS = ("original-recipient", "final-recipient", "x-actual-recipient", "failed-recipient")
_KNOWN = frozenset(
    (*_RECIPIENTS, "action", "status", "diagnostic-code", "remote-mta", "last-attempt-date")
)
_FIELD = re.compile(r"[ \t]{0,8}([A-Za-z][A-Za-z-]{2,39})[ \t]?:[ \t]*(.*)")
_CODE = re.compile(r"([245]\.\d{1,3}\.\d{1,3})")
_TYPE = re.compile(r"\s{0,20}[A-Za-z0-9-]{1,20}\s?;\s{0,20}")
_DONE = ("delivered", "relayed", "expanded", "deliverable", "relay")
_WAITING = ("delayed", "deferred", "delay")


@dataclass(frozen=True, kw_only=True)
class _Fields:
    """The fields about one recipient, names in lower case; a repeated one keeps its first value."""

    values: Mapping[str, str]

    @property
    def recipient(self) -> str:
        """Return the address that we wrote to, or else the one that delivery failed at."""
        values = [self.values.get(name, "") for name in _RECIPIENTS]
        odd = [_TYPE.sub("", value, count=1).strip("<> ") for value in values if "@" in value]
        return next(filter(None, [*map(first_address, values), *odd]), "")

    @property
    def action(self) -> str:
        """Return the first word of the Action field."""
        return (self.values.get("action", "").lower().split() or [""])[0].strip("();,.")

    @property
    def status(self) -> str:
        """Return the status code, without the comment that some servers add."""
        found = _CODE.search(self.values.get("status", ""))
        return found[1] if found else ""

    @property
    def diagnostic(self) -> str:
        """Return the remote server's words, without their type."""
        return _TYPE.sub("", self.values.get("diagnostic-code", ""), count=1).strip()


def status_findings(notice: Notice) -> list[Finding]:
    """Return what the status fields say about each recipient, nothing where there are none."""
    texts = notice.status_parts or (notice.words,)
    blocks = [block for text in texts for block in _blocks(text)][:MOST_RECIPIENTS]
    return [
        _finding(fields, notice)
        for fields in blocks
        if fields.action or fields.status or fields.diagnostic
    ]


def _blocks(text: str) -> list[_Fields]:
    blocks: list[dict[str, str]] = [{}]
    last = ""
    is_after_blank = False
    for line in text.split("\n"):
        field = _FIELD.match(line)
        if field is not None:
            name = field[1].lower()
            last = name if name in _KNOWN else ""
            if last and _begins_another(blocks[-1], name, is_after_blank):
                blocks.append({})
            if last:
                blocks[-1].setdefault(name, field[2].strip()[:LONGEST_FIELD])
        elif last and (line[:1] in (" ", "\t") or (line.strip() and last == "diagnostic-code")):
            # Some servers forget to indent the further lines of the diagnostic.
            blocks[-1][last] = f"{blocks[-1][last]} {line.strip()}"[:LONGEST_FIELD]
        else:
            last = ""
        is_after_blank = not line.strip()
        if len(blocks) > MOST_RECIPIENTS:
            break
    return [_Fields(values=block) for block in blocks if _is_about_someone(block)]


def _begins_another(block: dict[str, str], name: str, is_after_blank: bool) -> bool:
    is_complete = any(known in block for known in _RECIPIENTS) and any(
        known in block for known in ("action", "status", "diagnostic-code")
    )
    return is_complete and (name in block or (is_after_blank and name in _RECIPIENTS))


def _is_about_someone(block: dict[str, str]) -> bool:
    return any(name in block for name in _RECIPIENTS) or {"action", "status"} <= block.keys()


def _finding(fields: _Fields, notice: Notice) -> Finding:
    said = fields.diagnostic
    codes = codes_in(said)
    specific = [code for code in (codes.enhanced, fields.status) if code and code[2:] != "0.0"]
    return Finding(
        kind=_kind(fields, notice),
        recipient=fields.recipient,
        status=(specific or [fields.status or codes.enhanced])[0],
        reason=said,
    )


def _kind(fields: _Fields, notice: Notice) -> ReportKind:
    if fields.action in _DONE:
        return ReportKind.DELIVERED
    if fields.action in _WAITING:
        return ReportKind.DELAYED
    if not fields.action and fields.status.startswith("2"):
        return ReportKind.DELIVERED
    return judge(status=fields.status, words=fields.diagnostic, surroundings=notice.words)
