"""Reading how the inbox is doing, and what came in that belongs to no message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.memos import Memo, memo
from nps_portal.inbox.commands import INBOX
from nps_portal.inbox.models import InboxPosition
from nps_portal.inbox.places import InboxTrouble, place_of
from nps_portal.outbox.models import Bounce
from nps_portal.reports.models import ReportKind

# Letters are no reports; who wrote them is nobody's business here.
_LETTERS = (ReportKind.REPLY, ReportKind.AUTO_REPLY)


@dataclass(frozen=True, kw_only=True)
class InboxState:
    """Which place is read, when last, None when never, and what stands in the way now."""

    place: str
    read_at: datetime | None
    trouble: Memo | None


def inbox_state(session: Session, url: str) -> InboxState:
    """Return how the reading of an inbox goes."""
    try:
        place = place_of(url).name
    except InboxTrouble:
        place = ""
    position = session.get(InboxPosition, place)
    return InboxState(
        place=place,
        read_at=position.read_at if position else None,
        trouble=inbox_trouble(session),
    )


def inbox_trouble(session: Session) -> Memo | None:
    """Return why the inbox could not be read the last time, and when that was."""
    return memo(session, INBOX)


def unmatched_reports(session: Session, limit: int = 20) -> Sequence[Bounce]:
    """Return the last reports that are tied to no message of ours, newest first."""
    return session.scalars(
        sa.select(Bounce)
        .where(Bounce.message_id.is_(None), Bounce.kind.not_in(_LETTERS))
        .order_by(Bounce.id.desc())
        .limit(limit)
    ).all()
