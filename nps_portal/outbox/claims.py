"""Claiming messages: the conditional updates that let one worker, and only one, send each.

queued → claimed → committing → sent, failed or uncertain. Every step is one UPDATE that names
the state it comes from and the owner; its row count decides. A lease that runs out gives a
claimed message back to the queue and makes a committing one uncertain.
"""

import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.outbox.commands import STOPPED_BY_SUPPRESSION, cancel_stopped, unwanted
from nps_portal.outbox.models import ContentState, EmailContent, Message, MessageState

LEASE = timedelta(seconds=120)
# The mail server has ten minutes to answer the final dot (RFC 5321, section 4.5.3.2.6).
COMMITTING_LEASE = timedelta(seconds=660)
UNCERTAIN_REASON = "the mail server took the message, but its answer did not reach us"

_BACK_IN_THE_QUEUE = {"state": MessageState.QUEUED, "owner": None, "lease_until": None}


# The rows decide, not the objects in memory: bringing those up to date would cost more than the
# update itself, once for each message.
_UPDATE = sa.update(Message).execution_options(synchronize_session=False)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A message in the hands of one worker."""

    message: Message
    content: EmailContent
    owner: str


def new_owner() -> str:
    """Return a name for this process's next claims: the machine, the process, and a nonce."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(8)}"


def claim(work: Work, owner: str, limit: int, rate_per_minute: int) -> Sequence[Claim]:
    """Take up to `limit` messages that are due; nobody else can take them before the lease ends."""
    allowed = limit
    if rate_per_minute:
        # Two workers that counted side by side would each use up the whole rate.
        lock_for_transaction(work.session, "mail rate")
        allowed = min(limit, _allowance(work, rate_per_minute))
    if allowed <= 0:
        return []
    due = (
        sa.select(Message.id)
        .join(EmailContent, EmailContent.id == Message.content_id)
        .where(Message.state == MessageState.QUEUED)
        .where(Message.due_at <= work.now)
        .where(EmailContent.state == ContentState.OPEN)
        .order_by(Message.due_at, Message.id)
        .limit(allowed)
        .with_for_update(of=Message, skip_locked=True)
    )
    ids = list(work.session.scalars(due))
    if not ids:
        return []
    taken = _claimed(work, owner, ids)
    rows = work.session.execute(
        sa.select(Message, EmailContent)
        .join(EmailContent, EmailContent.id == Message.content_id)
        .where(Message.id.in_(taken))
        .order_by(Message.due_at, Message.id)
        .execution_options(populate_existing=True)
    )
    return [Claim(message=message, content=content, owner=owner) for message, content in rows]


def pass_commit_point(work: Work, claim: Claim) -> bool:
    """Write down, before the final dot, that the message is leaving; False forbids the dot.

    It is forbidden when the lease ran out, the content was held or cancelled, or the address was
    suppressed or the Contact removed since.
    """
    allowed = (
        _UPDATE.where(Message.id == claim.message.id)
        .where(Message.state == MessageState.CLAIMED)
        .where(Message.owner == claim.owner)
        .where(Message.lease_until > work.now)
        .where(
            sa.select(EmailContent.id)
            .where(EmailContent.id == claim.content.id)
            .where(EmailContent.state == ContentState.OPEN)
            .exists()
        )
    )
    if claim.content.kind in STOPPED_BY_SUPPRESSION:
        allowed = allowed.where(~unwanted())
    passed = work.session.scalars(
        allowed.values(
            state=MessageState.COMMITTING,
            committed_at=work.now,
            lease_until=work.now + COMMITTING_LEASE,
        ).returning(Message.id)
    ).all()
    return len(passed) == 1


def release(work: Work, claim: Claim) -> None:
    """Give a claimed message back, or cancel it when it may not leave any more."""
    work.session.execute(
        mine(claim).where(Message.state == MessageState.CLAIMED).values(_BACK_IN_THE_QUEUE)
    )
    cancel_stopped(work, [claim.message.id])


def recover_leases(work: Work) -> int:
    """Take messages from workers that are gone, and return how many."""
    gone = sa.or_(Message.lease_until <= work.now, Message.owner.in_(_dead_owners(work)))
    requeued = work.session.scalars(
        _UPDATE.where(Message.state == MessageState.CLAIMED, gone)
        .values(_BACK_IN_THE_QUEUE)
        .returning(Message.id)
    ).all()
    cancel_stopped(work, requeued)
    lost = work.session.execute(
        _UPDATE.where(Message.state == MessageState.COMMITTING, gone)
        .values(state=MessageState.UNCERTAIN, lease_until=None, reason=UNCERTAIN_REASON)
        .returning(Message.id, Message.contact_id, Message.invitation_id)
    ).all()
    for message_id, contact_id, invitation_id in lost:
        record(
            work,
            "message.uncertain",
            contact_id=contact_id,
            message_id=message_id,
            invitation_id=invitation_id,
        )
    return len(requeued) + len(lost)


def mine(claim: Claim) -> sa.Update:
    """Return the update of a claim's message while it is in the hands of the claim's owner."""
    return _UPDATE.where(Message.id == claim.message.id, Message.owner == claim.owner)


def _claimed(work: Work, owner: str, ids: Sequence[int]) -> Sequence[int]:
    return work.session.scalars(
        _UPDATE.where(Message.id.in_(ids))
        .where(Message.state == MessageState.QUEUED)
        .values(state=MessageState.CLAIMED, owner=owner, lease_until=work.now + LEASE)
        .returning(Message.id)
    ).all()


def _allowance(work: Work, rate_per_minute: int) -> int:
    """Return how many more may leave now, counting the last minute and what is on its way."""
    used = work.session.scalar(
        sa.select(sa.func.count())
        .select_from(Message)
        .where(
            sa.or_(
                Message.committed_at > work.now - timedelta(minutes=1),
                Message.state == MessageState.CLAIMED,
            )
        )
    )
    return rate_per_minute - int(used or 0)


def _dead_owners(work: Work) -> list[str]:
    """Return the owners of open leases that were processes of this machine and are no more."""
    owners = work.session.scalars(
        sa.select(Message.owner)
        .where(Message.state.in_([MessageState.CLAIMED, MessageState.COMMITTING]))
        .where(Message.owner.startswith(f"{socket.gethostname()[:60]}:", autoescape=True))
        .distinct()
    )
    return [owner for owner in owners if owner and not _is_running(int(owner.split(":")[-2]))]


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
