"""Reading the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.outbox.models import (
    UNFINISHED,
    ContentState,
    EmailContent,
    Message,
    MessageState,
    RelayState,
    RelayStatus,
)

PROBLEMS = (MessageState.UNCERTAIN, MessageState.FAILED)


@dataclass(frozen=True, kw_only=True)
class OutboxHealth:
    """What the owner must know of the mail: how many wait, are uncertain or failed, and why.

    `reason` is empty while the mail server takes our mail.
    """

    waiting: int
    uncertain: int
    failed: int
    status: RelayStatus
    reason: str
    since: datetime | None
    next_try_at: datetime | None


def something_is_due(session: Session, now: datetime) -> bool:
    """Tell whether a message waits whose time has come and whose content may leave."""
    due = (
        sa.select(Message.id)
        .join(EmailContent, EmailContent.id == Message.content_id)
        .where(Message.state == MessageState.QUEUED, Message.due_at <= now)
        .where(EmailContent.state == ContentState.OPEN)
        .limit(1)
    )
    return session.scalar(due) is not None


def counts_by_state(session: Session, content_id: int) -> dict[MessageState, int]:
    """Return how many messages of a content stand where; absent states have none."""
    return counts_by_content(session, [content_id]).get(content_id, {})


def counts_by_content(
    session: Session, content_ids: Sequence[int]
) -> dict[int, dict[MessageState, int]]:
    """Return how many messages of each of these contents stand where."""
    found = session.execute(
        sa.select(Message.content_id, Message.state, sa.func.count())
        .where(Message.content_id.in_(content_ids))
        .group_by(Message.content_id, Message.state)
    )
    counts: dict[int, dict[MessageState, int]] = {}
    for content_id, state, count in found:
        counts.setdefault(content_id, {})[state] = count
    return counts


def sent_since(session: Session, content_id: int, since: datetime) -> int:
    """Return how many messages of a content the mail server has taken since then."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Message)
            .where(Message.content_id == content_id)
            .where(Message.state == MessageState.SENT)
            .where(Message.sent_at > since)
        )
        or 0
    )


def outbox_health(session: Session) -> OutboxHealth:
    """Return how the mail is doing; failed and uncertain ones are counted in all contents."""
    counts = dict(
        session.execute(
            sa.select(Message.state, sa.func.count())
            # Named one by one, they come out of the index; all but two would read the whole of it.
            .where(Message.state.in_([*UNFINISHED, *PROBLEMS]))
            .group_by(Message.state)
        ).all()
    )
    relay = session.get(RelayState, 1)
    return OutboxHealth(
        waiting=counts.get(MessageState.QUEUED, 0),
        uncertain=counts.get(MessageState.UNCERTAIN, 0),
        failed=counts.get(MessageState.FAILED, 0),
        status=relay.status if relay else RelayStatus.WORKING,
        reason=relay.reason if relay else "",
        since=relay.since if relay else None,
        next_try_at=relay.next_try_at if relay else None,
    )


def is_fenced(session: Session) -> bool:
    """Tell whether nothing may leave before the owner has decided about a restored database."""
    relay = session.get(RelayState, 1)
    return relay is not None and relay.status is RelayStatus.FENCED


def failed_since(session: Session, since: datetime) -> int:
    """Return how many messages that were queued since then have failed."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Message)
            .where(Message.state == MessageState.FAILED)
            .where(Message.created_at >= since)
        )
        or 0
    )


def message_by_id(session: Session, message_id: int) -> Message | None:
    """Return one Message."""
    return session.get(Message, message_id)


def sent_at(session: Session, invitation_id: int) -> datetime | None:
    """Return when the latest mail of an Invitation was taken by the mail server."""
    return session.scalar(
        sa.select(Message.sent_at)
        .where(Message.invitation_id == invitation_id, Message.sent_at.is_not(None))
        .order_by(Message.wave.desc())
        .limit(1)
    )
