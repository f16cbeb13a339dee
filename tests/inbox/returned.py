"""People who were asked, and what comes back about their emails."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.batches.commands import start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.contacts.queries import contact_by_key
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.journal.models import Event
from nps_portal.outbox.models import Bounce, Message, MessageState
from tests.support import factories

ADA = "ada@example.com"


def asked(*emails: str, state: MessageState = MessageState.SENT) -> list[Message]:
    """Ask new contacts, or old ones again, and bring their messages into a state, now."""
    with factories.work() as work:
        factories.make_business(work)
        contacts = [
            contact_by_key(work.session, email) or factories.make_contact(work, email)
            for email in emails
        ]
        batch = factories.make_batch(work, contacts)
    with factories.work() as work:
        start_due_batches(work)
    while True:
        with factories.work() as work:
            if not invite_next(work):
                break
    with factories.work() as work:
        left = state in (MessageState.SENT, MessageState.UNCERTAIN)
        work.session.execute(
            sa.update(Message)
            .where(Message.content_id == batch.content_id)
            .values(
                state=state,
                committed_at=work.now if left else None,
                sent_at=work.now if state is MessageState.SENT else None,
            )
        )
        return list(
            work.session.scalars(
                sa.select(Message)
                .where(Message.content_id == batch.content_id)
                .order_by(Message.id)
                .execution_options(populate_existing=True)
            )
        )


def asked_one(email: str = ADA, state: MessageState = MessageState.SENT) -> Message:
    """Ask one contact."""
    (message,) = asked(email, state=state)
    return message


def bounce_token(message: Message) -> str:
    """Return what stands behind `b+` in the address that a message's bounce goes to."""
    return make_token(Purpose.BOUNCE, message.public_id)


def delivery_report(
    *,
    recipient: str = ADA,
    status: str = "5.1.1",
    action: str = "failed",
    to: str = "feedback@acme.example",
    original_id: str = "",
    note: str = "",
) -> bytes:
    """Return a delivery status notification as a mail server would send it."""
    original = f"Message-ID: <{original_id}>\n" if original_id else ""
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Tue, 10 Mar 2026 12:00:00 +0000
Message-ID: <20260310120000{note}.1@mx.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_report"

--=_report
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered. {note}

--=_report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {status[0]}50 {status} what {recipient} said

--=_report
Content-Type: text/rfc822-headers

From: Jo at Acme <feedback@acme.example>
To: {recipient}
Subject: A quick question
{original}
--=_report--
""".replace("\n", "\r\n").encode()


def report_on(message: Message, **parts: str) -> bytes:
    """Return a report that comes to a message's own bounce address."""
    to = f"b+{bounce_token(message)}@bounces.acme.example"
    return delivery_report(**({"recipient": message.recipient_email, "to": to} | parts))


def letter(*, sender: str = ADA, to: str = "feedback@acme.example", more: str = "") -> bytes:
    """Return what a person writes."""
    return (
        f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: Re: A quick question\r\n"
        f"Date: Tue, 10 Mar 2026 12:00:00 +0000\r\n{more}\r\nThank you.\r\n"
    ).encode()


def now_of(message: Message) -> Message:
    """Return a message as it is now."""
    reading().rollback()
    return reading().get_one(Message, message.id, populate_existing=True)


def bounces() -> Sequence[Bounce]:
    """Return every report that was kept, in order."""
    reading().rollback()
    return reading().scalars(sa.select(Bounce).order_by(Bounce.id)).all()


def events_of(message: Message) -> list[str]:
    """Return the kinds of what the journal holds of a message's Contact, in order."""
    reading().rollback()
    kinds = sa.select(Event.kind).where(Event.contact_id == message.contact_id)
    return list(reading().scalars(kinds.order_by(Event.id)))
