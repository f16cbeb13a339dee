"""Queued messages, and what has become of them."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.accounts.portal_settings import change_settings
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.outbox.claims import Claim, claim, new_owner
from nps_portal.outbox.commands import ContentDraft, MessageDraft, enqueue, freeze_content
from nps_portal.outbox.models import EmailContent, Message, MessageKind
from tests.support import factories


def queue(
    *emails: str, kind: MessageKind = MessageKind.INVITATION, text: str = "Dear {{first_name}}\n"
) -> EmailContent:
    """Queue an email to each of these addresses, of one content."""
    with factories.work() as work:
        content = freeze_content(
            work,
            ContentDraft(
                kind=kind,
                sender_name="Jo at Acme",
                sender_email="feedback@acme.example",
                reply_to="",
                list_id="",
                feedback_id="",
                subject="A quick question",
                html="<p>Dear {{first_name}}</p>",
                text=text,
            ),
        )
        drafts = [
            MessageDraft(
                contact_id=None,
                invitation_id=None,
                recipient_name="",
                recipient_email=email,
                email_key=email,
                values={"first_name": "Zoë", "survey_path": "/s/x", "unsubscribe_path": "/u/x"},
            )
            for email in emails
        ]
        enqueue(work, content.id, drafts, due_at=work.now)
    return content


def claim_some(limit: int = 20) -> Sequence[Claim]:
    """Claim as a worker would."""
    with unit_of_work(WORKER) as work:
        return claim(work, new_owner(), limit)


def claim_one() -> Claim:
    """Claim exactly one message."""
    (one,) = claim_some(1)
    return one


def all_messages() -> Sequence[Message]:
    """Return every message as it is now."""
    with factories.work() as work:
        return work.session.scalars(sa.select(Message).order_by(Message.id)).all()


def the_message() -> Message:
    """Return the only message as it is now."""
    (message,) = all_messages()
    return message


def states() -> list[str]:
    """Return where every message stands, in order."""
    return [message.state.value for message in all_messages()]


def use_server(port: int) -> None:
    """Make the server on this port of this machine the one that delivers."""
    with factories.work() as work:
        factories.make_business(work)
        values = {"mail_server": "127.0.0.1", "mail_port": str(port), "mail_security": "none"}
        change_settings(work, values)
