"""Which message of ours a report is about."""

import re
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.tokens import Purpose, read_token
from nps_portal.outbox.models import Message
from nps_portal.reports.models import Report

# A provider's event that names no message is about the last one of about this time.
EVENT_WITHIN = timedelta(days=5)

_NAMED = re.compile(r"o-([A-Za-z0-9_-]{12})(?:@.*)?", re.ASCII)


def proven_message(session: Session, report: Report) -> Message | None:
    """Return the message that a report by email proves to be about.

    The proof is our sealed token, or the id of the original, which only its recipient has seen,
    together with that recipient's address where one is named.
    """
    if report.token and (public_id := read_token(Purpose.BOUNCE, report.token)):
        return _by_public_id(session, public_id)
    message = _named_message(session, report)
    if message is None or (report.recipient and address_key(report.recipient) != message.email_key):
        return None
    return message


def reported_message(session: Session, report: Report, now: datetime) -> Message | None:
    """Return the message that a mail provider tells us about, who needs no proof.

    A name that is not one of ours is that of somebody else's email to the same address.
    """
    if report.message_id or report.envelope_id:
        return _named_message(session, report)
    return session.scalar(
        sa.select(Message)
        .where(Message.email_key == address_key(report.recipient))
        .where(Message.committed_at > now - EVENT_WITHIN)
        .order_by(Message.committed_at.desc(), Message.id.desc())
        .limit(1)
    )


def message_of_invitation(session: Session, invitation_id: int) -> Message | None:
    """Return the first message of an Invitation."""
    return session.scalar(
        sa.select(Message)
        .where(Message.invitation_id == invitation_id)
        .order_by(Message.wave)
        .limit(1)
    )


def address_key(address: str) -> str:
    """Return an address in its form for uniqueness, and of anything else what can be kept."""
    try:
        return parse_email(address).key
    except PortalError:
        return "".join(filter(str.isprintable, address))[:320]


def _by_public_id(session: Session, public_id: str) -> Message | None:
    return session.scalar(sa.select(Message).where(Message.public_id == public_id))


def _named_message(session: Session, report: Report) -> Message | None:
    for name in (report.message_id, report.envelope_id):
        if named := _NAMED.fullmatch(name):
            return _by_public_id(session, named[1])
    return None
