"""Writing to the outbox: freeze a content, queue messages, hold, open or cancel them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from nps_portal.contacts.models import Contact, Suppression
from nps_portal.foundation.tokens import new_public_id
from nps_portal.foundation.work import Work
from nps_portal.outbox.asked import note_queued, recompute_asked
from nps_portal.outbox.models import (
    ContentState,
    EmailContent,
    EmailVariant,
    Message,
    MessageKind,
    MessageState,
)

# These kinds ask something of the customer and so stop at a suppression; a password does not.
STOPPED_BY_SUPPRESSION = (MessageKind.INVITATION, MessageKind.REMINDER, MessageKind.FOLLOW_UP)


@dataclass(frozen=True, kw_only=True)
class VariantDraft:
    """A content in one further language."""

    language: str
    subject: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ContentDraft:
    """What many messages will share; subject, HTML and text are templates.

    `variants` are the same in further languages; who reads none of these gets the content itself.
    """

    kind: MessageKind
    sender_name: str
    sender_email: str
    reply_to: str
    list_id: str
    feedback_id: str
    subject: str
    html: str
    text: str
    variants: tuple[VariantDraft, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MessageDraft:
    """One email to one person; `values` fill the content's templates.

    `wave` is 0 for the first email of an Invitation and grows with each reminder.
    """

    contact_id: int | None
    invitation_id: int | None
    recipient_name: str
    recipient_email: str
    email_key: str
    values: dict[str, str]
    language: str = ""
    wave: int = 0


def freeze_content(work: Work, draft: ContentDraft) -> EmailContent:
    """Keep the content as it is now: later edits do not reach messages decided on before."""
    content = EmailContent(
        kind=draft.kind,
        state=ContentState.OPEN,
        sender_name=draft.sender_name,
        sender_email=draft.sender_email,
        reply_to=draft.reply_to,
        list_id=draft.list_id,
        feedback_id=draft.feedback_id,
        subject=draft.subject,
        html=draft.html,
        text=draft.text,
        created_at=work.now,
    )
    work.session.add(content)
    work.session.flush()
    work.session.add_all(
        EmailVariant(
            content_id=content.id,
            language=variant.language,
            subject=variant.subject,
            html=variant.html,
            text=variant.text,
        )
        for variant in draft.variants
    )
    return content


def enqueue(
    work: Work, content_id: int, drafts: Sequence[MessageDraft], *, due_at: datetime
) -> None:
    """Queue messages; each gets the public id that all its attempts share."""
    if not drafts:
        return
    work.session.execute(
        sa.insert(Message),
        [
            {
                "public_id": new_public_id(),
                "content_id": content_id,
                "contact_id": draft.contact_id,
                "invitation_id": draft.invitation_id,
                "wave": draft.wave,
                "language": draft.language,
                "recipient_name": draft.recipient_name,
                "recipient_email": draft.recipient_email,
                "email_key": draft.email_key,
                "values": draft.values,
                "state": MessageState.QUEUED,
                "due_at": due_at,
                "created_at": work.now,
            }
            for draft in drafts
        ],
    )
    asks = [draft for draft in drafts if draft.invitation_id is not None]
    note_queued(work, [draft.contact_id for draft in asks if draft.contact_id is not None])


def hold_content(work: Work, content_id: int) -> None:
    """Let nothing of a content leave until it is opened again."""
    _set_state(work, content_id, ContentState.HELD, ContentState.OPEN)


def open_content(work: Work, content_id: int) -> None:
    """Let a held content go on, whatever it was held for."""
    _set_state(work, content_id, ContentState.OPEN, ContentState.HELD)
    work.session.execute(
        sa.update(EmailContent).where(EmailContent.id == content_id).values(opened_at=work.now)
    )


def cancel_content(work: Work, content_id: int, reason: str) -> int:
    """Cancel what has not left; a message claimed just now is stopped at its last look."""
    _set_state(work, content_id, ContentState.CANCELLED, ContentState.OPEN, ContentState.HELD)
    return _cancel_queued(work, Message.content_id == content_id, reason)


def cancel_for_address(work: Work, email_key: str, reason: str) -> int:
    """Cancel what waits for an address and would ask something of its owner."""
    which = sa.and_(
        Message.email_key == email_key, _content(EmailContent.kind.in_(STOPPED_BY_SUPPRESSION))
    )
    return _cancel_queued(work, which, reason)


def cancel_stopped(work: Work, message_ids: Sequence[int]) -> None:
    """Cancel those that came back into the queue after their send or address was stopped.

    Whoever puts a message back must ask for this, else it would wait for ever.
    """
    if not message_ids:
        return
    back = Message.id.in_(message_ids)
    # Whoever cancels just now either waits for us and finds them in the queue, or we see it.
    contents = sa.select(Message.content_id).where(back)
    work.session.execute(
        sa.select(EmailContent.id).where(EmailContent.id.in_(contents)).with_for_update(read=True)
    )
    cancelled = _content(EmailContent.state == ContentState.CANCELLED)
    _cancel_queued(work, sa.and_(back, cancelled), "the send was cancelled")
    stopped = sa.and_(_content(EmailContent.kind.in_(STOPPED_BY_SUPPRESSION)), unwanted())
    _cancel_queued(work, sa.and_(back, stopped), "the address must not be mailed")


def unwanted() -> sa.ColumnElement[bool]:
    """Return the condition that a message's address is suppressed or its Contact removed."""
    address = sa.select(Suppression.id).where(Suppression.email_key == Message.email_key)
    person = (
        sa.select(Contact.id)
        .where(Contact.id == Message.contact_id)
        .where(Contact.removed_at.is_not(None))
    )
    return sa.or_(address.correlate(Message).exists(), person.correlate(Message).exists())


def _content(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that something holds for a message's content."""
    return (
        sa.select(EmailContent.id)
        .where(EmailContent.id == Message.content_id, condition)
        .correlate(Message)
        .exists()
    )


def _set_state(work: Work, content_id: int, wanted: ContentState, *allowed: ContentState) -> None:
    work.session.execute(
        sa.update(EmailContent)
        .where(EmailContent.id == content_id)
        .where(EmailContent.state.in_(allowed))
        .values(state=wanted, held_reason="")
    )


def _cancel_queued(work: Work, which: sa.ColumnElement[bool], reason: str) -> int:
    found = work.session.execute(
        sa.update(Message)
        .where(which)
        .where(Message.state == MessageState.QUEUED)
        .values(state=MessageState.CANCELLED, reason=reason)
        .returning(Message.contact_id, Message.invitation_id)
        .execution_options(synchronize_session=False)
    ).all()
    recompute_asked(work, [row.contact_id for row in found if row.invitation_id is not None])
    return len(found)
