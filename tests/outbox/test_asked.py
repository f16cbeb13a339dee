"""When contacts were last asked, kept beside them, is what the messages say."""

import random
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.commands import cancel_batch, start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.batches.models import Batch
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.standings import set_last_asked
from nps_portal.foundation.work import Work
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished
from nps_portal.outbox.asked import recompute_asked
from nps_portal.outbox.bounces import note_report
from nps_portal.outbox.claims import Claim, claim, new_owner, pass_commit_point
from nps_portal.outbox.models import JournalledSend, Message, MessageState
from nps_portal.outbox.resending import send_again
from nps_portal.outbox.settling import record_outcomes
from nps_portal.outbox.stopping import stop_person
from nps_portal.reports.models import Report, ReportKind
from tests.support import factories
from tests.support.clock import FixedClock

OUTCOMES = (
    Outcome(kind=OutcomeKind.SENT, code=250, reply="250 ok", stage=Stage.DOT),
    Outcome(kind=OutcomeKind.NEVER, code=550, reply="550 5.1.1 no such user", stage=Stage.RCPT),
    Outcome(kind=OutcomeKind.NEVER, code=None, reply="cannot be made", stage=Stage.RCPT),
    Outcome(kind=OutcomeKind.LATER, code=450, reply="450 later", stage=Stage.RCPT),
    Outcome(kind=OutcomeKind.UNCERTAIN, code=None, reply="", stage=Stage.DOT),
)


def kept() -> dict[int, datetime | None]:
    with factories.work() as work:
        return dict(work.session.execute(sa.select(Contact.id, Contact.last_asked_at)).all())


def worked_out() -> dict[int, datetime | None]:
    """Say from the messages alone when each was last asked."""
    with factories.work() as work:
        asked: dict[int, datetime | None] = dict.fromkeys(
            work.session.scalars(sa.select(Contact.id))
        )
        found = [
            (one.contact_id, one.created_at)
            for one in work.session.scalars(sa.select(Message))
            if one.invitation_id is not None
            and one.state not in (MessageState.FAILED, MessageState.CANCELLED)
        ]
        found += [
            (one.contact_id, one.sent_at) for one in work.session.scalars(sa.select(JournalledSend))
        ]
    for contact_id, at in found:
        assert contact_id is not None
        former = asked[contact_id]
        asked[contact_id] = at if former is None else max(former, at)
    return asked


def send_to(work: Work, contacts: list[Contact]) -> Batch:
    survey = factories.make_survey(work)
    survey.days_between = survey.company_weekly_cap = 0
    batch = factories.make_batch(work, contacts)
    start_due_batches(work)
    while invite_next(work):
        pass
    return batch


def claimed(work: Work, chance: random.Random) -> list[Claim]:
    found = list(claim(work, new_owner(), chance.choice([1, 3])))
    pass_commit_point(work, found)
    return found


def test_whoever_is_invited_is_asked_now(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        factories.make_business(work)
        asked, other = factories.make_contact(work), factories.make_contact(work)
        send_to(work, [asked])

    assert kept() == {asked.id: clock.now(), other.id: None}


def test_whoever_was_cancelled_was_asked_before_or_never(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        factories.make_business(work)
        first, second = factories.make_contact(work), factories.make_contact(work)
        send_to(work, [first])
        work.session.execute(sa.update(Message).values(state=MessageState.SENT))
    before = clock.now()
    clock.advance(days=100)
    with factories.work() as work:
        batch = send_to(work, [first, second])
        cancel_batch(work, batch.id)

    assert kept() == {first.id: before, second.id: None}


@pytest.mark.parametrize("seed", range(4))
def test_after_any_sequence_of_acts_it_is_what_the_messages_say(
    app: Flask, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)
    with factories.work() as work:
        factories.make_business(work)
        contacts = [factories.make_contact(work) for _ in range(8)]
    batches: list[int] = []

    for _ in range(25):
        clock.advance(hours=chance.choice([1, 30, 60]))
        act = chance.choice(
            ["send", "send", "outcome", "outcome", "cancel", "again", "stop", "back"]
        )
        with factories.work() as work:
            if act == "send":
                batches.append(send_to(work, chance.sample(contacts, 3)).id)
            elif act == "outcome":
                for one in claimed(work, chance):
                    record_outcomes(work, [Finished(ticket=one, outcome=chance.choice(OUTCOMES))])
            elif act == "cancel" and batches:
                batch = work.session.get_one(Batch, batches.pop())
                if batch.finished_at is None:
                    cancel_batch(work, batch.id)
            elif act == "again":
                for message_id in work.session.scalars(sa.select(Message.id)).all():
                    send_again(work, message_id)
            elif act == "stop":
                person = chance.choice(contacts)
                reason = SuppressionReason.UNSUBSCRIBED
                stop_person(work, [person.email_key], reason, source="t", contact_id=person.id)
            elif act == "back":
                sent = sa.select(Message).where(Message.state == MessageState.SENT).limit(1)
                message = work.session.scalar(sent)
                if message is not None:
                    report = Report(kind=ReportKind.HARD, recipient=message.email_key)
                    note_report(work, report, message, told_by="test", dedupe=str(message.id))
        assert kept() == worked_out(), act


def test_what_a_restored_database_has_forgotten_counts(app: Flask, clock: FixedClock) -> None:
    at = clock.now() - timedelta(days=3)
    with factories.work() as work:
        contact = factories.make_contact(work)
        work.session.add(JournalledSend(public_id="x", contact_id=contact.id, sent_at=at))
        work.session.flush()
        recompute_asked(work, [contact.id, None])

    assert kept() == {contact.id: at}


def test_many_are_written_with_few_statements(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        ids = [factories.make_contact(work).id for _ in range(5)]
        set_last_asked(work, dict.fromkeys(ids, clock.now()) | {ids[0]: None})

    assert kept() == dict.fromkeys(ids, clock.now()) | {ids[0]: None}
