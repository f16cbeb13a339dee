"""R23 at small size: a flood of reports, most of them repeated or forged."""

import random

import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import Suppression
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import Purpose, make_token, new_public_id
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.inbox.commands import read_mail, take_in
from nps_portal.outbox.models import Message, MessageState
from tests.inbox.returned import ADA, asked, asked_one, bounces, delivery_report, now_of, report_on

REPORTS = 1000


def take(*raws: bytes) -> None:
    mails = [read_mail(raw) for raw in raws]
    with unit_of_work(WORKER) as work:
        for mail in mails:
            take_in(work, mail)


def forged(message: Message, number: int) -> bytes:
    """Return a report about a customer by somebody who has not seen the email."""
    tokens = (
        f"{message.public_id[:-1]}x.{'A' * 22}",
        f"{message.public_id}.{'A' * 22}",
        make_token(Purpose.SURVEY, message.public_id),
        make_token(Purpose.BOUNCE, new_public_id()),
        "x" * 300,
        "",
    )
    to = f"b+{tokens[number % len(tokens)]}@bounces.acme.example"
    original_id = f"o-{new_public_id()}@acme.example"
    recipient = message.recipient_email
    return delivery_report(recipient=recipient, to=to, original_id=original_id, note=str(number))


def test_r23_a_thousand_copies_of_one_report_are_one_report(app: Flask) -> None:
    message = asked_one()
    report = report_on(message)

    take(*[report] * REPORTS)

    assert len(bounces()) == 1
    assert now_of(message).state is MessageState.FAILED


def test_r23_a_thousand_differing_reports_of_one_failure_end_it_once(app: Flask) -> None:
    message = asked_one()

    take(*(report_on(message, note=str(number), status="4.2.2") for number in range(REPORTS)))

    assert now_of(message).state is MessageState.FAILED
    assert reading().scalars(sa.select(Suppression)).all() == []


def test_r23_forged_reports_silence_nobody(app: Flask) -> None:
    people = asked(ADA, *(f"person{number}@example.com" for number in range(9)))
    chooser = random.Random(23)
    real = people[-1]

    take(
        *(forged(chooser.choice(people[:-1]), number) for number in range(REPORTS)), report_on(real)
    )

    assert {now_of(one).state for one in people[:-1]} == {MessageState.SENT}
    suppressed = reading().scalars(sa.select(Suppression.email_key)).all()
    assert suppressed == [real.email_key]
    assert sum(one.message_id is None for one in bounces()) == REPORTS


def test_somebody_elses_message_id_does_not_silence_a_customer(app: Flask) -> None:
    mine, theirs = asked("mine@example.com", ADA)
    original_id = f"o-{mine.public_id}@acme.example"

    take(delivery_report(recipient=ADA, original_id=original_id))

    assert now_of(theirs).state is MessageState.SENT
    assert now_of(mine).state is MessageState.SENT
