"""Somebody removed while their email waits."""

import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.commands import start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.contacts.commands import remove_contact
from nps_portal.foundation.database import reading
from nps_portal.mailbox.local import local_mailbox
from nps_portal.outbox.models import Message, MessageState
from nps_portal.worker.loop import run_until_idle
from tests.support import factories


def test_a_contact_removed_after_planning_gets_no_email(app: Flask) -> None:
    with factories.work() as work:
        factories.make_business(work)
        stays = factories.make_contact(work, "stays@example.org")
        goes = factories.make_contact(work, "goes@example.org")
        factories.make_batch(work, [stays, goes])
    with factories.work() as work:
        start_due_batches(work)
        invite_next(work)
    with factories.work() as work:
        remove_contact(work, goes.id)

    run_until_idle(app)

    states = {
        address: state
        for address, state in reading().execute(sa.select(Message.recipient_email, Message.state))
    }
    assert states == {
        "stays@example.org": MessageState.SENT,
        "goes@example.org": MessageState.CANCELLED,
    }
    assert [one.recipient for one in local_mailbox().messages(10, 0)] == ["stays@example.org"]
