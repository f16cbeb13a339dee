"""Claiming messages: the conditional updates that let one worker, and only one, send each.

queued → claimed → committing → sent, failed or uncertain. Every step is one UPDATE that names
the state it comes from and the owner; its row count decides. A lease that runs out gives a
claimed message back to the queue and makes a committing one uncertain.
"""

import os
import random
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from nps_portal.contacts.commands import suppress
from nps_portal.contacts.models import Suppression, SuppressionReason
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.outbox.models import ContentState, EmailContent, Message, MessageKind, MessageState
from nps_portal.outbox.transport import Outcome, OutcomeKind, Stage

LEASE = timedelta(seconds=120)
# The mail server has ten minutes to answer the final dot (RFC 5321, section 4.5.3.2.6).
COMMITTING_LEASE = timedelta(seconds=660)
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480))
GIVE_UP_AFTER = timedelta(hours=48)
HARD_BOUNCE = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")
# These kinds ask something of the customer and so stop at a suppression; a password does not.
STOPPED_BY_SUPPRESSION = (MessageKind.INVITATION, MessageKind.REMINDER, MessageKind.FOLLOW_UP)


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
    allowed = min(limit, _allowance(work, rate_per_minute)) if rate_per_minute else limit
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
    taken = work.session.scalars(
        sa.update(Message)
        .where(Message.id.in_(ids))
        .where(Message.state == MessageState.QUEUED)
        .values(state=MessageState.CLAIMED, owner=owner, lease_until=work.now + LEASE)
        .returning(Message.id)
    ).all()
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
    suppressed since.
    """
    allowed = (
        sa.update(Message)
        .where(Message.id == claim.message.id)
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
        allowed = allowed.where(~_suppressed(claim.message.email_key))
    done = work.session.execute(
        allowed.values(
            state=MessageState.COMMITTING,
            committed_at=work.now,
            lease_until=work.now + COMMITTING_LEASE,
        )
    )
    return done.rowcount == 1


def record_outcome(work: Work, claim: Claim, outcome: Outcome) -> None:
    """Write down what the mail server said of a message, or that it said nothing."""
    match outcome.kind:
        case OutcomeKind.SENT:
            _finish(work, claim, MessageState.SENT, outcome, "")
        case OutcomeKind.UNCERTAIN:
            _finish(work, claim, MessageState.UNCERTAIN, outcome, _UNCERTAIN)
        case OutcomeKind.NEVER:
            _refused(work, claim, outcome)
        case OutcomeKind.LATER:
            _put_off(work, claim, outcome)
        case OutcomeKind.ABANDONED:
            release(work, claim)


def release(work: Work, claim: Claim) -> None:
    """Give a claimed message back, or cancel it when it may not leave any more."""
    work.session.execute(
        _mine(claim)
        .where(Message.state == MessageState.CLAIMED)
        .values(state=MessageState.QUEUED, owner=None, lease_until=None)
    )
    waiting = sa.update(Message).where(
        Message.id == claim.message.id, Message.state == MessageState.QUEUED
    )
    content = work.session.get(EmailContent, claim.content.id, populate_existing=True)
    if content is not None and content.state is ContentState.CANCELLED:
        work.session.execute(
            waiting.values(state=MessageState.CANCELLED, reason="the send was cancelled")
        )
    elif claim.content.kind in STOPPED_BY_SUPPRESSION:
        work.session.execute(
            waiting.where(_suppressed(claim.message.email_key)).values(
                state=MessageState.CANCELLED, reason="the address must not be mailed"
            )
        )


def recover_leases(work: Work) -> int:
    """Take messages from workers that are gone, and return how many."""
    gone = sa.or_(Message.lease_until <= work.now, Message.owner.in_(_dead_owners(work)))
    requeued = work.session.execute(
        sa.update(Message)
        .where(Message.state == MessageState.CLAIMED, gone)
        .values(state=MessageState.QUEUED, owner=None, lease_until=None)
    )
    lost = work.session.execute(
        sa.update(Message)
        .where(Message.state == MessageState.COMMITTING, gone)
        .values(state=MessageState.UNCERTAIN, lease_until=None, reason=_UNCERTAIN)
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
    return int(requeued.rowcount) + len(lost)


_UNCERTAIN = "the mail server took the message, but its answer did not reach us"


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


def _suppressed(email_key: str) -> sa.ColumnElement[bool]:
    return sa.select(Suppression.id).where(Suppression.email_key == email_key).exists()


def _mine(claim: Claim) -> sa.Update:
    return sa.update(Message).where(Message.id == claim.message.id, Message.owner == claim.owner)


def _finish(work: Work, claim: Claim, state: MessageState, outcome: Outcome, reason: str) -> bool:
    """End a message of ours; a reply that came after its lease still settles it."""
    done = work.session.execute(
        _mine(claim)
        .where(
            Message.state.in_(
                [MessageState.CLAIMED, MessageState.COMMITTING, MessageState.UNCERTAIN]
            )
        )
        .values(
            state=state,
            sent_at=work.now if state is MessageState.SENT else None,
            attempts=Message.attempts + 1,
            lease_until=None,
            last_reply=outcome.reply,
            reason=reason,
        )
    )
    if not done.rowcount:
        return False
    record(
        work,
        f"message.{state.value}",
        contact_id=claim.message.contact_id,
        message_id=claim.message.id,
        invitation_id=claim.message.invitation_id,
        mail=claim.content.kind.value,
    )
    return True


def _refused(work: Work, claim: Claim, outcome: Outcome) -> None:
    """End a message that was refused for good; an address that does not exist is suppressed."""
    hard = outcome.stage is Stage.RCPT and (
        outcome.enhanced in HARD_BOUNCE or (outcome.code == 550 and outcome.enhanced is None)
    )
    reason = "the address does not exist" if hard else "the mail server refused the message"
    if _finish(work, claim, MessageState.FAILED, outcome, reason) and hard:
        suppress(
            work,
            claim.message.email_key,
            SuppressionReason.HARD_BOUNCE,
            source="smtp",
            contact_id=claim.message.contact_id,
        )


def _put_off(work: Work, claim: Claim, outcome: Outcome) -> None:
    """Queue a message for a later attempt, or give it up after two days."""
    if work.now - claim.message.created_at > GIVE_UP_AFTER:
        _finish(
            work, claim, MessageState.FAILED, outcome, "the mail server put it off for two days"
        )
        return
    wait = BACKOFF[min(claim.message.attempts, len(BACKOFF) - 1)]
    # Spread, so that messages put off together do not come back together.
    wait *= random.uniform(0.8, 1.2)  # noqa: S311 - not a secret
    work.session.execute(
        _mine(claim)
        .where(Message.state.in_([MessageState.CLAIMED, MessageState.COMMITTING]))
        .values(
            state=MessageState.QUEUED,
            due_at=work.now + wait,
            attempts=Message.attempts + 1,
            owner=None,
            lease_until=None,
            last_reply=outcome.reply,
            reason="the mail server asked to try later",
        )
    )


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
