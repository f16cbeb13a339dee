"""Mailgun's webhooks: one event a request, its signature inside the body."""

import hmac
from datetime import datetime, timedelta

from nps_portal.inbox.events import (
    Json,
    NotGenuine,
    ProviderEvent,
    at,
    bare_id,
    final_failure,
    is_recent,
    status_in,
)
from nps_portal.reports.models import Report, ReportKind

SIGNATURE_LASTS = timedelta(minutes=5)

_EVENTS = {
    "delivered": ReportKind.DELIVERED,
    "complained": ReportKind.COMPLAINT,
    "unsubscribed": ReportKind.UNSUBSCRIBE,
}
# Why Mailgun gave up; what it says of the address is `bounce`.
_FINAL = {
    "suppress-bounce": ReportKind.HARD,
    "suppress-complaint": ReportKind.COMPLAINT,
    "suppress-unsubscribe": ReportKind.UNSUBSCRIBE,
    "espblock": ReportKind.BLOCKED,
}


def check_signature(body: Json, signing_key: str, now: datetime) -> None:
    """See that Mailgun has signed this, and just now.

    :raises NotGenuine: it has not, or too long ago.
    """
    signed_at, token = at(body, "signature", "timestamp"), at(body, "signature", "token")
    wanted = hmac.new(signing_key.encode(), f"{signed_at}{token}".encode(), "sha256").hexdigest()
    given = at(body, "signature", "signature")
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise NotGenuine("The signature is not Mailgun's.")
    if not is_recent(signed_at, now, SIGNATURE_LASTS):
        raise NotGenuine("The signature is too old.")


def events(body: Json) -> list[ProviderEvent]:
    """Return what one webhook says.

    The signature covers its own token alone, so the token is the event's id: used again, it tells
    nothing new, whatever stands around it.
    """
    event = body.get("event-data") if isinstance(body, dict) else None
    reason = at(event, "delivery-status", "message") or at(event, "delivery-status", "description")
    status = at(event, "delivery-status", "enhanced-code") or status_in(reason)
    kind = _kind(event, status, reason)
    if kind is None:
        return []
    report = Report(
        kind=kind,
        recipient=at(event, "recipient"),
        status=status,
        reason=reason,
        message_id=bare_id(at(event, "message", "headers", "message-id")),
    )
    return [ProviderEvent(report=report, id=at(body, "signature", "token") or at(event, "id"))]


def _kind(event: Json, status: str, words: str) -> ReportKind | None:
    name, reason = at(event, "event"), at(event, "reason")
    if name != "failed":
        return _EVENTS.get(name)
    if at(event, "severity") != "permanent":
        return ReportKind.DELAYED
    if reason == "bounce":
        return final_failure(status, words)
    return _FINAL.get(reason, ReportKind.SOFT)
