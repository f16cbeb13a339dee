"""Erasing a person from what was sent to them, what came back, and who opened their links."""

import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.contacts.erasures import erased_address
from nps_portal.foundation.tokens import new_public_id
from nps_portal.foundation.work import Work
from nps_portal.outbox.models import Bounce, Message, MessageState
from nps_portal.visits.models import Verdict, Visit

CANCELLED_REASON = "the customer was erased"

_WAITING = (MessageState.QUEUED, MessageState.CLAIMED)
_LEAVING = (MessageState.COMMITTING, MessageState.UNCERTAIN)
_NOBODYS = {"owner": None, "lease_until": None}


def erase_invitations(work: Work, contact_id: int) -> None:
    """Make all links of a person worth nothing, and forget from where they were opened.

    An opening that was not judged yet stays unclear: what it would be judged by is gone.
    """
    found = work.session.scalars(
        sa.select(Invitation)
        .where(Invitation.contact_id == contact_id)
        .order_by(Invitation.id)
        .with_for_update(of=Invitation)
    ).all()
    for invitation in found:
        invitation.public_id = new_public_id()
    work.session.flush()
    unclear = sa.literal(Verdict.UNCLEAR, Visit.verdict.type)
    work.session.execute(
        sa.update(Visit)
        .where(Visit.invitation_id.in_(_invitations_of(contact_id)))
        .values(
            network="",
            user_agent="",
            purpose="",
            mail_domain="",
            details={},
            verdict=sa.func.coalesce(Visit.verdict, unclear),
        )
        .execution_options(synchronize_session=False)
    )


def erase_messages(work: Work, contact_id: int) -> None:
    """Cancel what has not left and forget to whom the rest went, and in which words.

    A message that a worker has in hand is taken from it: it does not pass its commit point any
    more. One beyond that point is taken for sent, and what the mail server says of it, which may
    name the address, finds nobody who waits for it.
    """
    _change(work, contact_id, _WAITING, state=MessageState.CANCELLED, reason=CANCELLED_REASON)
    _change(
        work,
        contact_id,
        _LEAVING,
        state=MessageState.SENT,
        sent_at=sa.func.coalesce(Message.sent_at, Message.committed_at),
        reason="",
    )
    messages = work.session.scalars(
        sa.select(Message)
        .where(Message.contact_id == contact_id)
        .order_by(Message.id)
        .with_for_update(of=Message)
        .execution_options(populate_existing=True)
    )
    for message in messages:
        message.recipient_name = message.language = message.last_reply = ""
        message.recipient_email = message.email_key = erased_address(contact_id)
        # The names of the fields stay, so that what was sent can still be shown without them.
        message.values = dict.fromkeys(message.values, "")
    work.session.flush()


def erase_bounces(work: Work, contact_id: int, keys: set[str]) -> None:
    """Forget the address and the words in what came back about a person or their addresses."""
    messages = sa.select(Message.id).where(Message.contact_id == contact_id)
    work.session.execute(
        sa.update(Bounce)
        .where(
            sa.or_(
                Bounce.contact_id == contact_id,
                Bounce.message_id.in_(messages),
                Bounce.email_key.in_(keys),
            )
        )
        .values(email_key="", reason="")
        .execution_options(synchronize_session=False)
    )


def _invitations_of(contact_id: int) -> sa.Select[int]:
    return sa.select(Invitation.id).where(Invitation.contact_id == contact_id)


def _change(
    work: Work, contact_id: int, states: tuple[MessageState, ...], **values: object
) -> None:
    work.session.execute(
        sa.update(Message)
        .where(Message.contact_id == contact_id, Message.state.in_(states))
        .values(_NOBODYS | values)
        .execution_options(synchronize_session=False)
    )
