"""A business that can send, and short ways to send and to end what was sent."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.commands import start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.batches.models import Batch
from nps_portal.contacts.models import Contact
from nps_portal.outbox.models import Message, MessageState
from tests.support import factories


@pytest.fixture
def business(app: Flask) -> Flask:
    """Give an application whose business may send the ready-made survey."""
    with factories.work() as work:
        factories.make_business(work)
        factories.make_survey(work)
    return app


def send(*emails: str, company: str = "") -> Sequence[Contact]:
    """Add contacts and queue an invitation for each that may be asked."""
    with factories.work() as work:
        contacts = [factories.make_contact(work, email, company=company) for email in emails]
        factories.make_batch(work, contacts)
    plan_all()
    return contacts


def plan_all() -> None:
    """Start what is due and decide for everybody; nothing leaves."""
    with factories.work() as work:
        start_due_batches(work)
    while plan_once():
        pass


def plan_once() -> int:
    """Decide for the next chunk."""
    with factories.work() as work:
        return invite_next(work)


def outcome_for_all(state: MessageState) -> None:
    """End every waiting message as a mail server might have ended it."""
    with factories.work() as work:
        work.session.execute(
            sa.update(Message)
            .where(Message.state == MessageState.QUEUED)
            .values(
                state=state,
                sent_at=work.now if state is MessageState.SENT else None,
                committed_at=work.now,
            )
        )


def the_batch() -> Batch:
    """Return the only Batch, as it is now."""
    with factories.work() as work:
        return work.session.scalars(sa.select(Batch)).one()


def messages() -> Sequence[Message]:
    """Return all messages, as they are now."""
    with factories.work() as work:
        return work.session.scalars(sa.select(Message).order_by(Message.id)).all()
