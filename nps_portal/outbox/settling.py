"""Settling messages: what the mail server's answer makes of a claimed message."""

import random
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

import sqlalchemy as sa

from nps_portal.foundation.database import UTCDateTime, lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record, record_facts
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished
from nps_portal.outbox.bounces import note_refusal
from nps_portal.outbox.claims import UNCERTAIN_REASON, Claim, mine, release
from nps_portal.outbox.commands import cancel_stopped
from nps_portal.outbox.models import ContentState, EmailContent, Message, MessageState
from nps_portal.reports.models import ReportKind

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
_WORDS = {
    ReportKind.HARD: "the address does not exist",
    ReportKind.BLOCKED: "the mail server blocks our email",
    ReportKind.SOFT: "the mail server refused the message",
}


def record_outcomes(work: Work, finished: Sequence[Finished[Claim]]) -> None:
    """Write down what the mail server said of messages of one owner, or that it said nothing."""
    by_kind: dict[OutcomeKind, list[Finished[Claim]]] = {}
    for one in finished:
        by_kind.setdefault(one.outcome.kind, []).append(one)
    _record_sent(work, by_kind.get(OutcomeKind.SENT, []))
    _finish(work, by_kind.get(OutcomeKind.UNCERTAIN, []), MessageState.UNCERTAIN, UNCERTAIN_REASON)
    for one in by_kind.get(OutcomeKind.NEVER, []):
        _refused(work, one.ticket, one.outcome)
    for one in by_kind.get(OutcomeKind.LATER, []):
        _put_off(work, one)
    release(work, [one.ticket for one in by_kind.get(OutcomeKind.ABANDONED, [])])


def _record_sent(work: Work, finished: Sequence[Finished[Claim]]) -> None:
    """End messages that the mail server has taken; nearly all end here."""
    if not finished:
        return
    values: dict[str, object] = {"owner": finished[0].ticket.owner, "now": work.now}
    for number, one in enumerate(finished):
        values[f"id{number}"] = one.ticket.message_id
        values[f"reply{number}"] = one.outcome.reply
    done = work.session.connection().execute(_sent_statement(len(finished)), values)
    _tell(work, finished, MessageState.SENT, set(done.scalars()))


@lru_cache(maxsize=64)
def _sent_statement(number: int) -> sa.TextClause:
    """Return the update of so many messages, written out as in `claims` and for the same reason."""
    rows = ", ".join(f"(:id{one}, :reply{one})" for one in range(number))
    return sa.text(
        f"""
        WITH said (message_id, reply) AS (VALUES {rows})
        UPDATE messages
        SET state = 'sent', sent_at = :now, attempts = attempts + 1, lease_until = NULL,
            last_reply = said.reply, reason = ''
        FROM said
        WHERE messages.id = said.message_id AND owner = :owner
        AND state IN ('claimed', 'committing', 'uncertain')
        RETURNING id
        """  # noqa: S608 - made of numbers
    ).bindparams(sa.bindparam("now", type_=UTCDateTime()))


def _finish(
    work: Work, finished: Sequence[Finished[Claim]], state: MessageState, reason: str
) -> set[int]:
    """End messages of ours and return which; a reply that came after the lease settles as well."""
    if not finished:
        return set()
    replies = {one.ticket.message_id: one.outcome.reply for one in finished}
    done = set(
        work.session.scalars(
            mine([one.ticket for one in finished])
            .where(Message.state.in_(_OPEN))
            .values(
                state=state,
                sent_at=None,
                attempts=Message.attempts + 1,
                lease_until=None,
                last_reply=sa.case(replies, value=Message.id, else_=""),
                reason=reason,
            )
            .returning(Message.id)
        )
    )
    _tell(work, finished, state, done)
    return done


def _tell(
    work: Work, finished: Sequence[Finished[Claim]], state: MessageState, done: set[int]
) -> None:
    """Write into the journal what has become of those that are done."""
    record_facts(
        work,
        f"message.{state.value}",
        [
            (
                one.ticket.contact_id,
                {
                    "message_id": one.ticket.message_id,
                    "invitation_id": one.ticket.invitation_id,
                    "mail": one.ticket.mail,
                },
            )
            for one in finished
            if one.ticket.message_id in done
        ],
    )


def _refused(work: Work, claim: Claim, outcome: Outcome) -> None:
    """End a message that was refused for good; an address that does not exist is suppressed."""
    kind = _kind_of(outcome)
    finished: Finished[Claim] = Finished(ticket=claim, outcome=outcome)
    if not _finish(work, [finished], MessageState.FAILED, _WORDS[kind]):
        return
    _note(work, claim, kind, outcome)
    if kind is ReportKind.BLOCKED:
        _stop_when_blocked(work, claim, outcome)


def _note(work: Work, claim: Claim, kind: ReportKind, outcome: Outcome) -> None:
    message = work.session.get_one(Message, claim.message_id)
    note_refusal(work, message, kind, outcome.enhanced or "", outcome.reply)


def _kind_of(outcome: Outcome) -> ReportKind:
    """Return what a refusal for good says: of the address, of us, or of this moment."""
    is_unknown = outcome.code == 550 and outcome.enhanced is None
    if outcome.stage is Stage.RCPT and (outcome.enhanced in HARD_BOUNCE or is_unknown):
        return ReportKind.HARD
    is_policy = outcome.enhanced is not None and outcome.enhanced.startswith("5.7.")
    return ReportKind.BLOCKED if is_policy else ReportKind.SOFT


def _stop_when_blocked(work: Work, claim: Claim, outcome: Outcome) -> None:
    """Hold the content that the mail server blocks; the people are not to blame."""
    # Two workers that are refused at once must not each miss the other's refusal.
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
    if (blocks or 0) < MOST_BLOCKS:
        return
    words = f"The mail server blocks our mail; {blocks} were refused. It said: {outcome.reply}"
    held = work.session.execute(
        sa.update(EmailContent)
        .where(EmailContent.id == claim.content_id, EmailContent.state == ContentState.OPEN)
        .values(state=ContentState.HELD, held_reason=words[:500])
        .returning(EmailContent.id)
    ).all()
    if held:
        record(work, "content.blocked", content_id=claim.content_id)


def _put_off(work: Work, one: Finished[Claim]) -> None:
    """Queue a message for a later attempt, or give it up after two days of them."""
    claim, outcome = one.ticket, one.outcome
    if claim.attempts + 1 >= MOST_ATTEMPTS:
        words = "the mail server put it off for two days"
        if _finish(work, [one], MessageState.FAILED, words):
            _note(work, claim, ReportKind.SOFT, outcome)
        return
    wait = BACKOFF[min(claim.attempts, len(BACKOFF) - 1)]
    # Spread, so that messages put off together do not come back together.
    wait *= random.uniform(0.8, 1.2)  # noqa: S311 - not a secret
    work.session.execute(
        mine([claim])
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
    cancel_stopped(work, [claim.message_id])
