"""Brevo's transactional webhooks: one event a request, or several in a list.

Brevo signs nothing; the key in the address is the proof.
"""

from nps_portal.inbox.events import Json, ProviderEvent, at, bare_id, final_failure, status_in
from nps_portal.reports.models import Report, ReportKind

_FINAL = ("hard_bounce", "invalid_email", "invalid")
_EVENTS = {
    "delivered": ReportKind.DELIVERED,
    "deferred": ReportKind.DELAYED,
    "soft_bounce": ReportKind.SOFT,
    "error": ReportKind.SOFT,
    "blocked": ReportKind.BLOCKED,
    "spam": ReportKind.COMPLAINT,
    "complaint": ReportKind.COMPLAINT,
    "unsubscribe": ReportKind.UNSUBSCRIBE,
    "unsubscribed": ReportKind.UNSUBSCRIBE,
}


def events(body: Json) -> list[ProviderEvent]:
    """Return what a request says; its `id` names the account, so an event is named by all of it."""
    found = []
    for event in body if isinstance(body, list) else [body]:
        name, reason = at(event, "event"), at(event, "reason").strip()
        status = status_in(reason)
        kind = final_failure(status, reason) if name in _FINAL else _EVENTS.get(name)
        if kind is None:
            continue
        report = Report(
            kind=kind,
            recipient=at(event, "email"),
            status=status,
            reason=reason,
            message_id=bare_id(at(event, "message-id")),
        )
        when = at(event, "ts_epoch") or at(event, "ts_event") or at(event, "date")
        key = (name, report.message_id, report.recipient, when)
        found.append(ProviderEvent(report=report, id=":".join(key)))
    return found
