"""Amazon SES: bounces, complaints, deliveries and delays, as it puts them into SNS."""

import json
from collections.abc import Iterator

from nps_portal.inbox.events import (
    Json,
    ProviderEvent,
    at,
    bare_id,
    final_failure,
    items_at,
    status_in,
)
from nps_portal.reports.models import Report, ReportKind

# Refusals for what we sent, not for whom we sent it to.
_OF_THE_CONTENT = ("ContentRejected", "AttachmentRejected")


def events(envelope: Json) -> list[ProviderEvent]:
    """Return what a notification says, recipient by recipient."""
    try:
        message = json.loads(at(envelope, "Message"))
    except ValueError:
        return []
    return [
        ProviderEvent(report=report, id=f"{at(envelope, 'MessageId')}:{index}")
        for index, report in enumerate(_reports(message))
    ]


def _reports(message: Json) -> Iterator[Report]:
    match at(message, "notificationType") or at(message, "eventType"):
        case "Bounce":
            for recipient in items_at(message, "bounce", "bouncedRecipients"):
                yield _bounce(message, recipient)
        case "Complaint" if at(message, "complaint", "complaintFeedbackType") != "not-spam":
            for recipient in items_at(message, "complaint", "complainedRecipients"):
                yield _report(message, ReportKind.COMPLAINT, at(recipient, "emailAddress"))
        case "Delivery":
            for address in items_at(message, "delivery", "recipients"):
                reason = at(message, "delivery", "smtpResponse")
                yield _report(message, ReportKind.DELIVERED, str(address), reason)
        case "DeliveryDelay":
            for recipient in items_at(message, "deliveryDelay", "delayedRecipients"):
                reason = at(recipient, "diagnosticCode")
                yield _report(message, ReportKind.DELAYED, at(recipient, "emailAddress"), reason)
        case "Reject":
            for address in items_at(message, "mail", "destination"):
                reason = at(message, "reject", "reason")
                yield _report(message, ReportKind.BLOCKED, str(address), reason)


def _bounce(message: Json, recipient: Json) -> Report:
    reason = at(recipient, "diagnosticCode").removeprefix("smtp; ")
    status = at(recipient, "status") or status_in(reason)
    kind = ReportKind.SOFT
    if at(message, "bounce", "bounceType") == "Permanent":
        kind = final_failure(status, reason)
    elif at(message, "bounce", "bounceSubType") in _OF_THE_CONTENT:
        kind = ReportKind.BLOCKED
    return _report(message, kind, at(recipient, "emailAddress"), reason, status)


def _report(
    message: Json, kind: ReportKind, recipient: str, reason: str = "", status: str = ""
) -> Report:
    return Report(
        kind=kind,
        recipient=recipient,
        status=status or status_in(reason),
        reason=reason,
        message_id=_original_id(message),
    )


def _original_id(message: Json) -> str:
    """Return our own Message-ID; SES writes another one over it as it sends."""
    for header in items_at(message, "mail", "headers"):
        if at(header, "name").casefold() == "message-id":
            return bare_id(at(header, "value"))
    return ""
