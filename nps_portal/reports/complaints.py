"""Complaints: abuse reports (RFC 5965) and the older forms of the large mailbox providers."""

import re

from nps_portal.reports.addresses import first_address
from nps_portal.reports.findings import Finding
from nps_portal.reports.models import ReportKind
from nps_portal.reports.original import Notice

_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]{2,39})[ \t]?:[ \t]*(\S.*)", re.MULTILINE)
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "x-hmxmroriginalrecipient")
_OPT_OUT = ("opt-out", "opt-out-list", "unsubscribe")
# These tell the sender something, but no person has complained.
_NO_COMPLAINT = ("auth-failure", "not-spam", "dmarc", "dkim")
_OLD_FORM = re.compile(
    r"complaint about message from|email feedback report for ip|abuse report|spam report"
    r"|feedback[- ]loop|\bfbl\b|junk mail report",
    re.IGNORECASE,
)
_OLD_SENDER = re.compile(
    r"staff@hotmail\.|scomp@|abuse|fbl|feedback|complaint|feedbackloop", re.IGNORECASE
)


def complaint(notice: Notice) -> Finding | None:
    """Return the complaint in a letter, or None when the letter is no feedback report."""
    text = "\n".join(notice.feedback_parts)
    if not text and re.search(r"^feedback-type[ \t]?:", notice.words, re.IGNORECASE | re.MULTILINE):
        text = notice.words
    if not text and not _has_the_old_form(notice):
        return None
    fields = {name.lower(): value.strip() for name, value in reversed(_FIELD.findall(text))}
    named = [first_address(fields.get(name, "")) for name in _RECIPIENTS]
    provider = first_address(notice.original.first("x-hmxmroriginalrecipient"))
    kind = fields.get("feedback-type", "abuse").lower()
    return Finding(
        kind=_kind(kind),
        recipient=next(filter(None, [*named, provider, notice.original_recipient]), ""),
        reason=kind,
    )


def _kind(feedback_type: str) -> ReportKind:
    if feedback_type in _OPT_OUT:
        return ReportKind.UNSUBSCRIBE
    return ReportKind.UNKNOWN if feedback_type in _NO_COMPLAINT else ReportKind.COMPLAINT


def _has_the_old_form(notice: Notice) -> bool:
    told = _OLD_FORM.search(notice.headers.readable("subject"))
    sender = _OLD_SENDER.search(notice.headers.first("from"))
    return bool(told and sender and notice.original.fields)
