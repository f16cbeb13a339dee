"""Settling messages: what the mail server's answer makes of a claimed message."""

import random
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

import sqlalchemy as sa

from nps_portal.foundation.database import UTCDateTime, lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record, record_facts
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished
from nps_portal.outbox.asked import recompute_asked
from nps_portal.outbox.bounces import note_refusal
from nps_portal.outbox.claims import UNCERTAIN_REASON, Claim, mine, release
from nps_portal.outbox.commands import cancel_stopped
from nps_portal.outbox.models import Bounce, ContentState, EmailContent, Message, MessageState
from nps_portal.reports.models import ReportKind
from nps_portal.reports.verdicts import judge

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480))
# With these waits the twelfth attempt comes 48 hours after the first. Attempts are counted, not
# hours, because a send that was paused for three days has used up none of them.
MOST_ATTEMPTS = 12
# 3 % of the last 200: that many refusals for what we are, not for whom we write to, are no
# accident, and every further one costs good name. So does a list of which half does not exist.
LOOKED_AT = 200
MOST_BLOCKS = 6
MOST_UNKNOWN = 100
_TOO_MANY = {
    ReportKind.BLOCKED: (MOST_BLOCKS, "The mail server blocks our mail; {} were refused."),
    ReportKind.HARD: (MOST_UNKNOWN, "{} of the last addresses do not exist."),
}

_OPEN = (MessageState.CLAIMED, MessageState.COMMITTING, MessageState.UNCERTAIN)
_OUR_LIMIT = re.compile(
    r"\b(?:sending|sender|send|outgoing|daily|hourly)\b.{0,40}\b(?:limit|quota)"
    r"|\b(?:sent|sending) too (?:many|much)|\btoo many (?:messages|emails) (?:sent|from)",
    re.IGNORECASE,
)
_WORDS = {
    ReportKind.HARD: "the address does not exist",
    ReportKind.BLOCKED: "the mail server blocks our email",
    ReportKind.SOFT: "the mail server refused the message",
}


def record_outcomes(work: Work, finished: Sequence[Finished[Claim]]) -> bool:
    """Write down what the mail server said of messages of one owner, or that it said nothing.

    True when a content was held for it, so that others of it in hand should not be tried.
    """
    by_kind: dict[OutcomeKind, list[Finished[Claim]]] = {}
    for one in finished:
        by_kind.setdefault(one.outcome.kind, []).append(one)
    _record_sent(work, by_kind.get(OutcomeKind.SENT, []))
    _finish(work, by_kind.get(OutcomeKind.UNCERTAIN, []), MessageState.UNCERTAIN, UNCERTAIN_REASON)
    held = [_refused(work, one) for one in by_kind.get(OutcomeKind.NEVER, [])]
    for one in by_kind.get(OutcomeKind.LATER, []):
        _put_off(work, one)
    release(work, [one.ticket for one in by_kind.get(OutcomeKind.ABANDONED, [])])
    return any(held)


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
    if state is MessageState.FAILED:
        recompute_asked(work, _asked_by(finished, done))
    return done


def _asked_by(finished: Sequence[Finished[Claim]], done: set[int]) -> list[int | None]:
    """Return whom those messages would have asked that are done."""
    claims = [one.ticket for one in finished]
    return [
        one.contact_id for one in claims if one.message_id in done and one.invitation_id is not None
    ]


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


def _refused(work: Work, finished: Finished[Claim]) -> bool:
    """End a message that was refused for good; an address that does not exist is suppressed.

    True when the content is held for it.
    """
    claim, outcome = finished.ticket, finished.outcome
    if outcome.code is None:
        # Nobody refused it: it could not be made, or not be carried by this mail server.
        _finish(work, [finished], MessageState.FAILED, outcome.reply[:200])
        return False
    if _is_our_limit(outcome):
        release(work, [claim])
        words = f"The mail server says that we have sent too much for now: {outcome.reply}"
        return _hold(work, claim, words)
    kind = _kind_of(outcome)
    if not _finish(work, [finished], MessageState.FAILED, _WORDS[kind]):
        return False
    message = work.session.get_one(Message, claim.message_id)
    note_refusal(work, message, kind, outcome.enhanced or "", outcome.reply)
    return kind in _TOO_MANY and _hold_when_many(work, finished, kind)


def _kind_of(outcome: Outcome) -> ReportKind:
    """Return what a refusal for good says: of the address, of us, or of this moment.

    Only at RCPT is it about the address: what comes after the text is about the text.
    """
    kind = judge(status=outcome.enhanced or "", words=f"{outcome.code} {outcome.reply}")
    is_about_text = kind is ReportKind.HARD and outcome.stage is not Stage.RCPT
    return ReportKind.SOFT if is_about_text else kind


def _is_our_limit(outcome: Outcome) -> bool:
    """Tell whether the mail server has had enough of us, whoever the recipient is."""
    return outcome.enhanced == "5.4.5" or _OUR_LIMIT.search(outcome.reply) is not None


def _hold_when_many(work: Work, finished: Finished[Claim], kind: ReportKind) -> bool:
    """Hold the content when too many of the last were refused alike since it was opened."""
    claim, (most, words) = finished.ticket, _TOO_MANY[kind]
    # Two workers that are refused at once must not each miss the other's refusal.
    lock_for_transaction(work.session, "refusals")
    last = work.session.scalar(
        sa.select(Message.committed_at)
        .where(Message.committed_at.is_not(None))
        .order_by(Message.committed_at.desc())
        .offset(LOOKED_AT - 1)
        .limit(1)
    )
    opened = work.session.scalar(
        sa.select(EmailContent.opened_at).where(EmailContent.id == claim.content_id)
    )
    alike = (
        sa.select(sa.func.count())
        .select_from(Bounce)
        .where(Bounce.kind == kind, Bounce.told_by == "smtp")
    )
    for since in (last, opened):
        if since is not None:
            alike = alike.where(Bounce.created_at >= since)
    refused = work.session.scalar(alike) or 0
    if refused < most:
        return False
    said = f"The last answer was: {finished.outcome.reply}"
    return _hold(work, claim, f"{words.format(refused)} {said}")


def _hold(work: Work, claim: Claim, words: str) -> bool:
    """Let nothing more of a content leave, and say why; the people are not to blame."""
    held = work.session.execute(
        sa.update(EmailContent)
        .where(EmailContent.id == claim.content_id, EmailContent.state == ContentState.OPEN)
        .values(state=ContentState.HELD, held_reason=words[:500])
        .returning(EmailContent.id)
    ).all()
    if held:
        record(work, "content.blocked", content_id=claim.content_id)
    return True


def _put_off(work: Work, one: Finished[Claim]) -> None:
    """Queue a message for a later attempt, or give it up after two days of them."""
    claim, outcome = one.ticket, one.outcome
    if claim.attempts + 1 >= MOST_ATTEMPTS:
        words = "the mail server put it off for two days"
        if _finish(work, [one], MessageState.FAILED, words):
            message = work.session.get_one(Message, claim.message_id)
            note_refusal(work, message, ReportKind.SOFT, outcome.enhanced or "", outcome.reply)
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
