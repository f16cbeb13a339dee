"""Postmark's webhooks: bounces, spam complaints, changed subscriptions, deliveries.

Postmark signs nothing; the key in the address is the proof.
"""

from nps_portal.inbox.events import Json, ProviderEvent, at, final_failure, status_in
from nps_portal.reports.models import Report, ReportKind

_BOUNCES = {
    "SoftBounce": ReportKind.SOFT,
    "DnsError": ReportKind.SOFT,
    "Unknown": ReportKind.SOFT,
    "Transient": ReportKind.DELAYED,
    "Blocked": ReportKind.BLOCKED,
    "SpamNotification": ReportKind.BLOCKED,
    "DMARCPolicy": ReportKind.BLOCKED,
    "VirusNotification": ReportKind.BLOCKED,
    "ManuallyDeactivated": ReportKind.BLOCKED,
    "AutoResponder": ReportKind.AUTO_REPLY,
    "AddressChange": ReportKind.AUTO_REPLY,
    "ChallengeVerification": ReportKind.AUTO_REPLY,
    "Unsubscribe": ReportKind.UNSUBSCRIBE,
    "SpamComplaint": ReportKind.COMPLAINT,
}
_SUPPRESSIONS = {
    "HardBounce": ReportKind.HARD,
    "SpamComplaint": ReportKind.COMPLAINT,
    "ManualSuppression": ReportKind.UNSUBSCRIBE,
}


def events(body: Json) -> list[ProviderEvent]:
    """Return what one webhook says; Postmark's own message id is not our Message-ID."""
    status = status_in(at(body, "Details"), at(body, "Description"))
    reason = at(body, "Details") or at(body, "Description")
    kind = _kind(body, status, reason)
    if kind is None:
        return []
    report = Report(
        kind=kind,
        recipient=at(body, "Email") or at(body, "Recipient"),
        status=status,
        reason=reason,
    )
    names = ("RecordType", "ID", "MessageID", "BouncedAt", "DeliveredAt", "ChangedAt")
    return [ProviderEvent(report=report, id=":".join(at(body, name) for name in names))]


def _kind(body: Json, status: str, reason: str) -> ReportKind | None:
    match at(body, "RecordType"):
        case "Bounce" if at(body, "Type") in ("HardBounce", "BadEmailAddress"):
            return final_failure(status, reason)
        case "Bounce":
            return _BOUNCES.get(at(body, "Type"))
        case "SpamComplaint":
            return ReportKind.COMPLAINT
        case "Delivery":
            return ReportKind.DELIVERED
        case "SubscriptionChange" if body.get("SuppressSending") is True:
            return _suppression(body)
    return None


def _suppression(body: Json) -> ReportKind | None:
    """Return why Postmark sends no more; what its customer did by hand says nothing of people."""
    reason = at(body, "SuppressionReason")
    if reason == "ManualSuppression" and at(body, "Origin") != "Recipient":
        return None
    return _SUPPRESSIONS.get(reason)
