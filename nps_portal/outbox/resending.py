"""Sending again what failed or is uncertain: only a person decides it, for one or for many.

It must not go round the gate of the sends: whom another send has asked since is not asked twice.
"""

from collections.abc import Sequence
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record, record_for_all
from nps_portal.outbox.asked import recompute_asked
from nps_portal.outbox.commands import STOPPED_BY_SUPPRESSION, unwanted
from nps_portal.outbox.models import (
    UNFINISHED,
    ContentState,
    EmailContent,
    JournalledSend,
    Message,
    MessageState,
)
from nps_portal.outbox.queries import PROBLEMS

_LOCK = "send again"


def can_be_sent_again() -> sa.ColumnElement[bool]:
    """Return the condition that a person may have a message sent again, and that it could leave.

    It is uncertain or failed, its send was not cancelled, nothing forbids to mail its person, and
    no other send has asked them since.
    """
    content = sa.select(EmailContent.id).where(EmailContent.id == Message.content_id)
    cancelled = content.where(EmailContent.state == ContentState.CANCELLED)
    return sa.and_(
        Message.state.in_(PROBLEMS),
        ~cancelled.correlate(Message).exists(),
        ~sa.and_(_asks(), unwanted()),
        ~is_asked_otherwise(),
    )


def is_asked_otherwise() -> sa.ColumnElement[bool]:
    """Return the condition that another send has asked a message's person since, or is about to.

    Of two that failed, the newer may be sent again: it stands in the way of the older.
    """
    other, content = aliased(Message), aliased(EmailContent)
    asked_at = sa.func.coalesce(other.sent_at, other.committed_at, other.created_at)
    may_still_ask = sa.and_(
        other.state == MessageState.FAILED,
        other.id > Message.id,
        content.state != ContentState.CANCELLED,
    )
    has_asked = sa.and_(
        other.state.in_([MessageState.SENT, MessageState.UNCERTAIN]),
        asked_at > Message.created_at,
    )
    others = (
        sa.select(other.id)
        .join(content, content.id == other.content_id)
        .where(other.contact_id == Message.contact_id, other.id != Message.id)
        .where(content.kind.in_(STOPPED_BY_SUPPRESSION))
        .where(sa.or_(other.state.in_(UNFINISHED), has_asked, may_still_ask))
    )
    # What left after this database was copied.
    forgotten = (
        sa.select(JournalledSend.id)
        .where(JournalledSend.contact_id == Message.contact_id)
        .where(JournalledSend.public_id != Message.public_id)
        .where(JournalledSend.sent_at > Message.created_at)
    )
    known, unknown = (query.correlate(Message).exists() for query in (others, forgotten))
    return sa.and_(_asks(), sa.or_(known, unknown))


def send_again(work: Work, message_id: int) -> bool:
    """Queue a message once more, under the same Message-ID; True when that was possible."""
    lock_for_transaction(work.session, _LOCK)
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
    # Two presses at once would take the rows in different orders and could wait for each other,
    # and each would queue an email to a person who is to get one.
    lock_for_transaction(work.session, _LOCK)
    which = sa.and_(Message.state == state, Message.reason == reason)
    if content_id is not None:
        which = sa.and_(which, Message.content_id == content_id)
    found = sorted(_requeue(work, which), key=lambda row: row.content_id)
    for content, rows in groupby(found, key=lambda row: row.content_id):
        # A person has one message of a content, so the two name it.
        people = [row.contact_id for row in rows]
        record_for_all(work, "message.requeued", people, content_id=content, reason=reason)
    return len(found)


def _asks() -> sa.ColumnElement[bool]:
    """Return the condition that a message asks something of its person."""
    return (
        sa.select(EmailContent.id)
        .where(EmailContent.id == Message.content_id)
        .where(EmailContent.kind.in_(STOPPED_BY_SUPPRESSION))
        .correlate(Message)
        .exists()
    )


def _requeue(work: Work, which: sa.ColumnElement[bool]) -> Sequence[sa.Row[int, int | None]]:
    found = work.session.execute(
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
    # One that had failed asked nobody, and does again.
    recompute_asked(work, [row.contact_id for row in found])
    return found
