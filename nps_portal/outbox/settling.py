"""Settling messages: what the mail server's answer makes of a claimed message."""

import random
from datetime import timedelta

import sqlalchemy as sa

from nps_portal.contacts.commands import suppress
from nps_portal.contacts.models import SuppressionReason
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.outbox.claims import UNCERTAIN_REASON, Claim, mine, release
from nps_portal.outbox.commands import cancel_for_address, cancel_stopped
from nps_portal.outbox.mail_server import record_stopped
from nps_portal.outbox.models import Message, MessageState
from nps_portal.outbox.transport import Outcome, OutcomeKind, Stage

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480))
# With these waits the twelfth attempt comes 48 hours after the first. Attempts are counted, not
# hours, because a send that was paused for three days has used up none of them.
MOST_ATTEMPTS = 12
HARD_BOUNCE = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")
# 3 % of the last 200: that many refusals for what we are, not for whom we write to, are no
# accident, and every further one costs good name.
LOOKED_AT = 200
MOST_BLOCKS = 6

_OPEN = (MessageState.CLAIMED, MessageState.COMMITTING, MessageState.UNCERTAIN)


def record_outcome(work: Work, claim: Claim, outcome: Outcome) -> None:
    """Write down what the mail server said of a message, or that it said nothing."""
    match outcome.kind:
        case OutcomeKind.SENT:
            _finish(work, claim, MessageState.SENT, outcome, "")
        case OutcomeKind.UNCERTAIN:
            _finish(work, claim, MessageState.UNCERTAIN, outcome, UNCERTAIN_REASON)
        case OutcomeKind.NEVER:
            _refused(work, claim, outcome)
        case OutcomeKind.LATER:
            _put_off(work, claim, outcome)
        case OutcomeKind.ABANDONED:
            release(work, claim)


def _finish(work: Work, claim: Claim, state: MessageState, outcome: Outcome, reason: str) -> bool:
    """End a message of ours; a reply that came after its lease still settles it."""
    done = work.session.execute(
        mine(claim)
        .where(Message.state.in_(_OPEN))
        .values(
            state=state,
            sent_at=work.now if state is MessageState.SENT else None,
            attempts=Message.attempts + 1,
            lease_until=None,
            last_reply=outcome.reply,
            reason=reason,
        )
        .returning(Message.id)
    ).all()
    if not done:
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
    if not _finish(work, claim, MessageState.FAILED, outcome, reason):
        return
    if hard:
        suppress(
            work,
            claim.message.email_key,
            SuppressionReason.HARD_BOUNCE,
            source="smtp",
            contact_id=claim.message.contact_id,
        )
        cancel_for_address(work, claim.message.email_key, reason)
    elif outcome.enhanced and outcome.enhanced.startswith("5.7."):
        _stop_when_blocked(work, outcome)


def _stop_when_blocked(work: Work, outcome: Outcome) -> None:
    """Stop all sending when the mail server blocks us; the people are not to blame."""
    # Two connections that are refused at once must not each miss the other's refusal.
    lock_for_transaction(work.session, "blocks")
    lately = (
        sa.select(Message.state, Message.last_reply)
        .where(Message.state.in_([MessageState.SENT, MessageState.FAILED]))
        .order_by(Message.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    blocks = work.session.scalar(
        sa.select(sa.func.count())
        .select_from(lately)
        .where(lately.c.state == MessageState.FAILED, lately.c.last_reply.startswith("5.7."))
    )
    if (blocks or 0) >= MOST_BLOCKS:
        record_stopped(
            work,
            f"The mail server blocks our mail; {blocks} were refused. It said: {outcome.reply}",
        )


def _put_off(work: Work, claim: Claim, outcome: Outcome) -> None:
    """Queue a message for a later attempt, or give it up after two days of them."""
    attempts = claim.message.attempts
    if attempts + 1 >= MOST_ATTEMPTS:
        reason = "the mail server put it off for two days"
        _finish(work, claim, MessageState.FAILED, outcome, reason)
        return
    wait = BACKOFF[min(attempts, len(BACKOFF) - 1)]
    # Spread, so that messages put off together do not come back together.
    wait *= random.uniform(0.8, 1.2)  # noqa: S311 - not a secret
    work.session.execute(
        mine(claim)
        .where(Message.state.in_(_OPEN))
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
    cancel_stopped(work, [claim.message.id])
