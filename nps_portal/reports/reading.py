"""The order in which a returned email is read: complaint, status fields, prose, answers."""

from dataclasses import replace

from nps_portal.reports.auto_replies import kind_of_answer
from nps_portal.reports.complaints import complaint
from nps_portal.reports.decoding import open_letter
from nps_portal.reports.delivery_status import status_findings
from nps_portal.reports.findings import Finding
from nps_portal.reports.models import Report, ReportKind
from nps_portal.reports.notices import findings, reports_failure
from nps_portal.reports.original import Notice, take_apart

LONGEST_REASON = 500


def read_reports(raw: bytes) -> list[Report]:
    """Return what a returned email says, a report a recipient, and always at least one.

    Whatever the bytes, nothing is raised; what is not understood is one report of kind UNKNOWN.
    """
    notice = take_apart(open_letter(raw))
    return [_report(notice, finding) for finding in _findings(notice)]


def _findings(notice: Notice) -> list[Finding]:
    complained = complaint(notice)
    if complained is not None:
        return [complained]
    if notice.unsubscribe_token:
        return [Finding(kind=ReportKind.UNSUBSCRIBE)]
    if told := status_findings(notice):
        return _completed(told, notice)
    if reports_failure(notice) and (told := findings(notice)):
        return told
    return [Finding(kind=kind_of_answer(notice))]


def _completed(told: list[Finding], notice: Notice) -> list[Finding]:
    """Fill from the prose what the status fields leave out."""
    if all(finding.recipient and finding.reason for finding in told):
        return told
    prose = (findings(notice) or told)[0]
    return [
        replace(
            finding,
            recipient=finding.recipient or prose.recipient,
            reason=finding.reason or prose.reason,
        )
        for finding in told
    ]


def _report(notice: Notice, finding: Finding) -> Report:
    is_a_wish = finding.kind is ReportKind.UNSUBSCRIBE
    return Report(
        kind=finding.kind,
        recipient=finding.recipient,
        status=finding.status,
        reason=" ".join(finding.reason.split())[:LONGEST_REASON],
        token=(is_a_wish and notice.unsubscribe_token) or notice.token,
        message_id=notice.message_id,
        envelope_id=notice.envelope_id,
    )
