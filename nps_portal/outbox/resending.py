"""Sending again what failed or is uncertain: only a person decides it, for one or for many."""

from collections.abc import Sequence
from itertools import groupby

import sqlalchemy as sa

from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record, record_for_all
from nps_portal.outbox.commands import STOPPED_BY_SUPPRESSION, unwanted
from nps_portal.outbox.models import ContentState, EmailContent, Message, MessageState
from nps_portal.outbox.queries import PROBLEMS


def can_be_sent_again() -> sa.ColumnElement[bool]:
    """Return the condition that a person may have a message sent again, and that it could leave.

    It is uncertain or failed, its send was not cancelled, and nothing forbids to mail its person.
    """
    content = sa.select(EmailContent.id).where(EmailContent.id == Message.content_id)
    cancelled = content.where(EmailContent.state == ContentState.CANCELLED)
    asks = content.where(EmailContent.kind.in_(STOPPED_BY_SUPPRESSION))
    return sa.and_(
        Message.state.in_(PROBLEMS),
        ~cancelled.correlate(Message).exists(),
        ~sa.and_(asks.correlate(Message).exists(), unwanted()),
    )


def send_again(work: Work, message_id: int) -> bool:
    """Queue a message once more, under the same Message-ID; True when that was possible."""
    found = _requeue(work, Message.id == message_id)
    for row in found:
        record(work, "message.requeued", contact_id=row.contact_id, message_id=message_id)
    return bool(found)


def send_all_again(
    work: Work, *, state: MessageState, reason: str, content_id: int | None = None
) -> int:
    """Queue all of one state and reason once more, of one content or of all; return how many.

    A second press finds none of them in that state any more.
    """
    # Two presses at once would take the rows in different orders and could wait for each other.
    lock_for_transaction(work.session, "send again")
    which = sa.and_(Message.state == state, Message.reason == reason)
    if content_id is not None:
        which = sa.and_(which, Message.content_id == content_id)
    found = sorted(_requeue(work, which), key=lambda row: row.content_id)
    for content, rows in groupby(found, key=lambda row: row.content_id):
        # A person has one message of a content, so the two name it.
        people = [row.contact_id for row in rows]
        record_for_all(work, "message.requeued", people, content_id=content, reason=reason)
    return len(found)


def _requeue(work: Work, which: sa.ColumnElement[bool]) -> Sequence[sa.Row[int, int | None]]:
    return work.session.execute(
        sa.update(Message)
        .where(which, can_be_sent_again())
        .values(
            state=MessageState.QUEUED,
            due_at=work.now,
            sent_at=None,
            former_attempts=Message.former_attempts + Message.attempts,
            attempts=0,
            owner=None,
            lease_until=None,
            reason="",
        )
        .returning(Message.content_id, Message.contact_id)
        .execution_options(synchronize_session=False)
    ).all()
