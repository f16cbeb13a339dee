"""Bounces: what came back about a message, kept once and acted on.

Every report is a row, and its `dedupe_key` makes telling it twice harmless. Only a report that is
tied to a message of ours, or comes from a mail provider that has shown who it is, changes anything:
a forged one must never silence a customer.
"""

import enum
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from nps_portal.contacts.erasures import is_erased_address
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.queries import contact_by_key
from nps_portal.foundation.addresses import BadEmail, parse_email
from nps_portal.foundation.database import insert_for
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.outbox.asked import recompute_asked
from nps_portal.outbox.matching import address_key
from nps_portal.outbox.models import Bounce, EmailContent, Message, MessageState
from nps_portal.outbox.stopping import end_address, stop_person
from nps_portal.reports.models import Report, ReportKind

SOFT_WITHIN = timedelta(days=30)
MOST_SOFT = 3
_LEFT = (MessageState.COMMITTING, MessageState.SENT, MessageState.UNCERTAIN)
_REASONS = {
    ReportKind.HARD: "it came back: the address does not exist",
    ReportKind.SOFT: "it came back: the mailbox could not take it",
    ReportKind.BLOCKED: "it came back: the receiving mail server refuses our mail",
}
_PERSONS_WORD = {
    ReportKind.COMPLAINT: SuppressionReason.COMPLAINT,
    ReportKind.UNSUBSCRIBE: SuppressionReason.UNSUBSCRIBED,
}
# These a mailbox or its owner sends; the others tell of a mail server on the way.
_ARRIVED = (
    ReportKind.DELIVERED,
    ReportKind.COMPLAINT,
    ReportKind.UNSUBSCRIBE,
    ReportKind.AUTO_REPLY,
    ReportKind.REPLY,
)
_NEWS = {
    ReportKind.COMPLAINT: "message.complained",
    ReportKind.DELAYED: "message.delayed",
    ReportKind.AUTO_REPLY: "message.auto_replied",
    ReportKind.REPLY: "message.replied",
}


class Effect(enum.Enum):
    """What a report has changed, in words that follow it on its line."""

    SUPPRESSED = "the address is suppressed"
    FAILED = "the message counts as failed"
    RESOLVED = "the message has left after all"
    NOTED = "noted"
    KNOWN = "told before, nothing changed"
    NOT_OURS = "not tied to a message of ours, nothing changed"


# Built once: every opened link asks, and hardly ever is there anything to resolve.
_STATES = sa.select(Message.state).where(Message.invitation_id == sa.bindparam("invitation_id"))


@dataclass(frozen=True, kw_only=True)
class Noted:
    """What became of a report; without a message it is tied to none of ours."""

    report: Report
    message_id: int | None
    effect: Effect


def note_report(
    work: Work, report: Report, message: Message | None, *, told_by: str, dedupe: str
) -> Noted:
    """Keep a report and act on it; one that was told before changes nothing.

    Without a message it is kept and nothing else. `dedupe` names the report.
    """
    message_id = message.id if message else None
    if message is not None and is_erased_address(message.email_key):
        # The words of a mail server name the address, which is not to come back by this way.
        report = replace(report, recipient="", reason="")
    if not _keep(work, report, message, told_by, dedupe):
        effect = Effect.KNOWN
    elif message is None:
        effect = Effect.NOT_OURS
    else:
        effect = _act(work, report, message, told_by)
    return Noted(report=report, message_id=message_id, effect=effect)


def note_event(
    work: Work, report: Report, message: Message | None, *, told_by: str, dedupe: str
) -> Noted:
    """Keep and act on what a mail provider tells, who is believed even without a message.

    Then a complaint, an unsubscribing or a dead address holds for the address alone.
    """
    noted = note_report(work, report, message, told_by=told_by, dedupe=dedupe)
    if noted.effect is Effect.NOT_OURS and _act_on_address(work, report, told_by):
        return replace(noted, effect=Effect.SUPPRESSED)
    return noted


def note_refusal(work: Work, message: Message, kind: ReportKind, status: str, reason: str) -> None:
    """Keep a refusal by the mail server itself as a bounce, and suppress an address it ends.

    What becomes of the message is settled by who has it in hand.
    """
    report = Report(kind=kind, recipient=message.email_key, status=status, reason=reason)
    attempt = message.former_attempts + message.attempts
    if _keep(work, report, message, "smtp", f"smtp:{message.public_id}:{attempt}"):
        _suppress_the_dead(work, report, message, "smtp")


def resolve_uncertain(work: Work, invitation_id: int) -> None:
    """Take an uncertain message of an Invitation for sent: its link was used, so it had left.

    One that waits to be sent again need not leave any more. When another of its messages has left,
    the link may have come with that one.
    """
    states = work.session.scalars(_STATES, {"invitation_id": invitation_id}).all()
    if all(state is MessageState.SENT for state in states):
        return
    other = aliased(Message)
    left = sa.select(other.id).where(
        other.invitation_id == invitation_id, other.state == MessageState.SENT
    )
    unsure = sa.or_(Message.state == MessageState.UNCERTAIN, _is_on_its_way_again())
    _resolve(work, sa.and_(Message.invitation_id == invitation_id, unsure, ~left.exists()))


def _line(text: str, length: int) -> str:
    """Return a stranger's text as a database can keep it: printable, on one line, not too long."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * length])
    return " ".join(printable.split())[:length]


def _keep(work: Work, report: Report, message: Message | None, told_by: str, dedupe: str) -> bool:
    """Write a report down, and tell whether it is new."""
    row = {
        "message_id": message.id if message else None,
        "contact_id": message.contact_id if message else None,
        "email_key": message.email_key if message else address_key(report.recipient),
        "kind": report.kind,
        "status": _line(report.status, 16),
        "reason": _line(report.reason, 500),
        "told_by": told_by,
        "dedupe_key": hashlib.sha256(dedupe.encode("utf-8", "replace")).hexdigest(),
        "created_at": work.now,
    }
    insert = insert_for(work.session)(Bounce).values(row)
    return bool(
        work.session.scalars(
            insert.on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(Bounce.id)
        ).all()
    )


def _act(work: Work, report: Report, message: Message, told_by: str) -> Effect:
    if report.kind.is_failure:
        failed = _fail(work, report, message)
        if _suppress_the_dead(work, report, message, told_by):
            return Effect.SUPPRESSED
        return Effect.FAILED if failed else Effect.NOTED
    # Whatever else came back shows that the message had left.
    unsure = Message.state == MessageState.UNCERTAIN
    if report.kind in _ARRIVED or not _has_come_back(work, message):
        unsure = sa.or_(unsure, _is_on_its_way_again())
    resolved = _resolve(work, sa.and_(Message.id == message.id, unsure))
    if kind := _NEWS.get(report.kind):
        _tell(work, kind, message)
    if reason := _PERSONS_WORD.get(report.kind):
        stop_person(
            work, [message.email_key], reason, source=told_by, contact_id=message.contact_id
        )
        return Effect.SUPPRESSED
    return Effect.RESOLVED if resolved else Effect.NOTED


def _act_on_address(work: Work, report: Report, told_by: str) -> bool:
    """Suppress an address whose message is not known, when the report ends it."""
    try:
        email_key = parse_email(report.recipient).key
    except BadEmail:
        return False
    contact = contact_by_key(work.session, email_key)
    contact_id = contact.id if contact else None
    if reason := _PERSONS_WORD.get(report.kind):
        stop_person(work, [email_key], reason, source=told_by, contact_id=contact_id)
    elif report.kind is ReportKind.HARD:
        end_address(work, email_key, source=told_by, contact_id=contact_id)
    else:
        return False
    return True


def _fail(work: Work, report: Report, message: Message) -> bool:
    """Mark a message that the mail server had taken as failed; it has left nevertheless.

    The report may be here before the worker has written down that it was taken.
    """
    is_said = not report.status or report.status in report.reason
    reply = report.reason if is_said else f"{report.status} {report.reason}"
    failed = _change(
        work,
        sa.and_(Message.id == message.id, Message.state.in_(_LEFT)),
        state=MessageState.FAILED,
        reason=_REASONS[report.kind],
        last_reply=_line(reply, 500),
    )
    if failed:
        recompute_asked(work, [message.contact_id])
        status = _line(report.status, 16)
        _tell(work, "message.bounced", message, bounce=report.kind.value, status=status)
    return bool(failed)


def _resolve(work: Work, which: sa.ColumnElement[bool]) -> bool:
    found = _change(work, which, state=MessageState.SENT, reason="")
    for message_id in found:
        _tell(work, "message.resolved", work.session.get_one(Message, message_id))
    return bool(found)


def _is_on_its_way_again() -> sa.ColumnElement[bool]:
    """Return the condition that a message was handed over before and waits for another try.

    One that a worker has in hand already does not pass its commit point once it is changed.
    """
    waits = Message.state.in_([MessageState.QUEUED, MessageState.CLAIMED])
    return sa.and_(waits, Message.committed_at.is_not(None))


def _has_come_back(work: Work, message: Message) -> bool:
    """Tell whether an earlier try is known to have failed, so that it was sent again for that."""
    failures = [kind for kind in ReportKind if kind.is_failure]
    found = sa.select(Bounce.id).where(Bounce.message_id == message.id, Bounce.kind.in_(failures))
    return work.session.scalar(found.limit(1)) is not None


def _change(work: Work, which: sa.ColumnElement[bool], **values: object) -> list[int]:
    """Change messages that have left, and return which; the moment they left is kept or found."""
    changed = work.session.scalars(
        sa.update(Message)
        .where(which)
        .values(
            sent_at=sa.func.coalesce(Message.sent_at, Message.committed_at),
            lease_until=None,
            **values,
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return list(changed)


def _suppress_the_dead(work: Work, report: Report, message: Message, told_by: str) -> bool:
    """Suppress an address that does not exist, or that refused three messages in a month."""
    source = told_by
    if report.kind is ReportKind.SOFT and _soft_count(work, message.email_key) >= MOST_SOFT:
        source = f"{told_by}, soft"
    elif report.kind is not ReportKind.HARD:
        return False
    end_address(work, message.email_key, source=source, contact_id=message.contact_id)
    return True


def _soft_count(work: Work, email_key: str) -> int:
    """Return how many messages to an address came back softly; one told thrice counts once."""
    return (
        work.session.scalar(
            sa.select(sa.func.count(Bounce.message_id.distinct()))
            .where(Bounce.email_key == email_key, Bounce.kind == ReportKind.SOFT)
            .where(Bounce.created_at > work.now - SOFT_WITHIN)
        )
        or 0
    )


def _tell(work: Work, kind: str, message: Message, **facts: str) -> None:
    content = work.session.get_one(EmailContent, message.content_id)
    record(
        work,
        kind,
        contact_id=message.contact_id,
        message_id=message.id,
        invitation_id=message.invitation_id,
        mail=content.kind.value,
        **facts,
    )
