"""The file of every message: read once from end to end, and never held whole."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.mail.headers import message_id_for
from nps_portal.messages.fates import CAME_BACK, report_words
from nps_portal.messages.filters import Selection
from nps_portal.outbox.models import Bounce, EmailContent, Message

COLUMNS = (
    "Person",
    "Address",
    "Batch",
    "Kind",
    "State",
    "Reason",
    "Queued at",
    "Sent at",
    "Attempts",
    "Message-ID",
    "Server's last reply",
    "Came back",
    "Came back: status",
    "Came back: reason",
    "Came back: when",
)
_READ_AT_ONCE = 1_000


def message_rows(session: Session, chosen: Selection, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """Give the cells of every chosen message, newest first; times are in the zone."""
    for row in session.execute(_query(chosen)):
        yield (
            row.recipient_name,
            row.recipient_email,
            f"{row.subject}, {row.decided_at.astimezone(zone):%Y-%m-%d}",
            row.kind.value,
            row.state.value,
            row.reason,
            _time(row.created_at, zone),
            _time(row.sent_at, zone),
            str(row.attempts),
            message_id_for(row.public_id, row.sender_email),
            row.last_reply,
            report_words(row.report) if row.report else "",
            row.status or "",
            row.told or "",
            _time(row.told_at, zone),
        )


def _query(chosen: Selection) -> sa.Select[*tuple[Any, ...]]:
    """Return the query of the cells; whole objects would take three times as long to read."""
    last = sa.select(sa.func.max(Bounce.id)).where(
        Bounce.message_id == Message.id, Bounce.kind.in_(CAME_BACK)
    )
    return (
        sa.select(
            Message.recipient_name,
            Message.recipient_email,
            Message.public_id,
            Message.state,
            Message.reason,
            Message.created_at,
            Message.sent_at,
            (Message.attempts + Message.former_attempts).label("attempts"),
            Message.last_reply,
            EmailContent.subject,
            EmailContent.kind,
            EmailContent.sender_email,
            EmailContent.created_at.label("decided_at"),
            Bounce.kind.label("report"),
            Bounce.status,
            Bounce.reason.label("told"),
            Bounce.created_at.label("told_at"),
        )
        .join(EmailContent, EmailContent.id == Message.content_id)
        .outerjoin(Bounce, Bounce.id == last.correlate(Message).scalar_subquery())
        # The ids first: else a database would sort whole rows, on its disk when they are many.
        .where(Message.id.in_(sa.select(Message.id).where(sa.or_(*chosen.parts))))
        .order_by(Message.id.desc())
        .execution_options(yield_per=_READ_AT_ONCE)
    )


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds") if at else ""
