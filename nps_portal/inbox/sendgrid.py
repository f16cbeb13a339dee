"""SendGrid's event webhook: many events a request, signed over time and body."""

import base64
import binascii
import re
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

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
SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIME_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_PEM_LINE = re.compile(r"-----[A-Z ]+-----")
_EVENTS = {
    "delivered": ReportKind.DELIVERED,
    "deferred": ReportKind.DELAYED,
    "spamreport": ReportKind.COMPLAINT,
    "unsubscribe": ReportKind.UNSUBSCRIBE,
    "group_unsubscribe": ReportKind.UNSUBSCRIBE,
}
# What SendGrid did not even try, because of what it remembers.
_DROPPED = {
    "Bounced Address": ReportKind.HARD,
    "Spam Reporting Address": ReportKind.COMPLAINT,
    "Unsubscribed Address": ReportKind.UNSUBSCRIBE,
}
_OF_THE_MAILBOX = ("Mailbox Unavailable", "Technical")


def public_key(text: str) -> EllipticCurvePublicKey:
    """Return the verification key that SendGrid's settings show, with or without PEM lines.

    :raises ValueError: it is none.
    """
    encoded = "".join(_PEM_LINE.sub("", text).split())
    try:
        key = load_der_public_key(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError("This is not a verification key of SendGrid's.") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("This is not a verification key of SendGrid's.")
    return key


def check_signature(
    raw: bytes, *, signature: str, signed_at: str, key: EllipticCurvePublicKey, now: datetime
) -> None:
    """See that SendGrid has signed this, and just now.

    :raises NotGenuine: it has not, or too long ago.
    """
    try:
        key.verify(
            base64.b64decode(signature, validate=True), signed_at.encode() + raw, ECDSA(SHA256())
        )
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise NotGenuine("The signature is not SendGrid's.") from error
    if not is_recent(signed_at, now, SIGNATURE_LASTS):
        raise NotGenuine("The signature is too old.")


def events(body: Json) -> list[ProviderEvent]:
    """Return what a batch of events says; those that mean nothing to us are left out."""
    found = []
    for event in body if isinstance(body, list) else []:
        reason = at(event, "reason") or at(event, "response")
        status = at(event, "status") or status_in(reason)
        kind = _kind(event, status, reason)
        if kind is None:
            continue
        report = Report(
            kind=kind,
            recipient=at(event, "email"),
            status=status,
            reason=reason,
            message_id=bare_id(at(event, "smtp-id")),
        )
        found.append(ProviderEvent(report=report, id=at(event, "sg_event_id")))
    return found


def _kind(event: Json, status: str, reason: str) -> ReportKind | None:
    name = at(event, "event")
    if name == "bounce" and at(event, "type") == "blocked":
        of_the_mailbox = at(event, "bounce_classification") in _OF_THE_MAILBOX
        return ReportKind.SOFT if of_the_mailbox else ReportKind.BLOCKED
    if name == "bounce":
        return final_failure(status, reason)
    if name == "dropped":
        return _DROPPED.get(at(event, "reason"), ReportKind.BLOCKED)
    return _EVENTS.get(name)
