"""Reading the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.outbox.models import Message, MessageState, RelayState, RelayStatus

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


def counts_by_state(session: Session, content_id: int) -> dict[MessageState, int]:
    """Return how many messages of a content stand where; absent states have none."""
    found = session.execute(
        sa.select(Message.state, sa.func.count())
        .where(Message.content_id == content_id)
        .group_by(Message.state)
    )
    return {state: count for state, count in found}


def outbox_health(session: Session) -> OutboxHealth:
    """Return how the mail is doing; failed and uncertain ones are counted in all contents."""
    counts = dict(
        session.execute(
            sa.select(Message.state, sa.func.count())
            .where(Message.state.not_in([MessageState.SENT, MessageState.CANCELLED]))
            .group_by(Message.state)
        )
        .tuples()
        .all()
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


def problem_messages(
    session: Session, content_id: int | None = None, limit: int = 200
) -> Sequence[Message]:
    """Return the uncertain and failed messages, newest first, of one content or of all."""
    query = sa.select(Message).where(Message.state.in_(PROBLEMS))
    if content_id is not None:
        query = query.where(Message.content_id == content_id)
    return session.scalars(query.order_by(Message.id.desc()).limit(limit)).all()


def sent_at(session: Session, invitation_id: int) -> datetime | None:
    """Return when the first mail of an Invitation was taken by the mail server."""
    return session.scalar(
        sa.select(Message.sent_at)
        .where(Message.invitation_id == invitation_id)
        .order_by(Message.wave)
        .limit(1)
    )
