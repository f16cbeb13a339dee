"""What came back: kept once, tied to its message, and acted on."""

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import ContactDetails, edit_contact
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.queries import suppression_of
from nps_portal.contacts.suppressions import SuppressionStays, lift_suppression
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished
from nps_portal.outbox.bounces import (
    Effect,
    Noted,
    note_refusal,
    note_report,
    resolve_uncertain,
)
from nps_portal.outbox.claims import pass_commit_point
from nps_portal.outbox.matching import proven_message, reported_message
from nps_portal.outbox.models import Message, MessageState
from nps_portal.outbox.resending import send_again
from nps_portal.outbox.settling import record_outcomes
from nps_portal.reports.models import Report, ReportKind
from tests.customer_pages.asking import nonce_in
from tests.delivery.queue import claim_one, claim_some, queue
from tests.inbox.returned import (
    ADA,
    asked,
    asked_one,
    bounce_token,
    bounces,
    events_of,
    now_of,
)
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock


def told(message: Message | None, kind: ReportKind, dedupe: str = "1", **parts: str) -> Noted:
    report = Report(kind=kind, recipient=ADA, **parts)
    with factories.work() as work:
        known = work.session.get(Message, message.id) if message else None
        return note_report(work, report, known, told_by="inbox", dedupe=dedupe)


def reason_of(email: str) -> SuppressionReason | None:
    reading().rollback()
    found = suppression_of(reading(), email)
    return found.reason if found else None


def proven(**parts: str) -> int | None:
    found = proven_message(reading(), Report(kind=ReportKind.HARD, **parts))
    return found.id if found else None


def test_our_sealed_token_proves_whom_a_report_is_about(app: Flask) -> None:
    message, other = asked_one(), asked_one("bob@example.com")
    others_seal = bounce_token(other).partition(".")[2]

    assert proven(token=bounce_token(message)) == message.id
    assert proven(token=bounce_token(message), recipient="forwarded@example.net") == message.id
    assert proven(token=f"{message.public_id}.{others_seal}") is None
    assert proven(token=bounce_token(message)[:-1]) is None
    assert proven(token=message.public_id) is None


def test_the_originals_id_proves_it_together_with_its_recipient(app: Flask) -> None:
    message = asked_one()
    name = f"o-{message.public_id}"

    assert proven(message_id=f"{name}@acme.example", recipient="Ada@Example.COM") == message.id
    assert proven(envelope_id=name) == message.id
    assert proven(message_id=f"{name}@acme.example", recipient="bob@example.com") is None
    assert proven(message_id="o-AAAAAAAAAAAA@acme.example", recipient=ADA) is None
    assert proven(recipient=ADA) is None


def test_a_provider_may_name_the_address_alone(app: Flask, clock: FixedClock) -> None:
    first = asked_one()
    clock.advance(days=100)
    second = asked_one()
    event = Report(kind=ReportKind.HARD, recipient=ADA)
    named = Report(
        kind=ReportKind.HARD, recipient=ADA, message_id=f"o-{first.public_id}@acme.example"
    )

    strange = Report(kind=ReportKind.HARD, recipient=ADA, message_id="newsletter-7@acme.example")

    found = reported_message(reading(), event, clock.now())
    found_by_name = reported_message(reading(), named, clock.now())
    found_of_strange = reported_message(reading(), strange, clock.now())
    clock.advance(days=6)

    assert found is not None
    assert found.id == second.id
    assert found_by_name is not None
    assert found_by_name.id == first.id
    assert found_of_strange is None
    assert reported_message(reading(), event, clock.now()) is None


def test_a_hard_bounce_fails_the_message_and_ends_the_address(app: Flask) -> None:
    message = asked_one()

    noted = told(message, ReportKind.HARD, status="5.1.1", reason="550 No such user")

    assert noted.effect is Effect.SUPPRESSED
    after = now_of(message)
    assert after.state is MessageState.FAILED
    assert after.reason == "it came back: the address does not exist"
    assert after.last_reply == "5.1.1 550 No such user"
    assert after.sent_at == message.sent_at
    assert reason_of(ADA) is SuppressionReason.HARD_BOUNCE
    assert events_of(message)[-2:] == ["message.bounced", "contact.suppressed"]


def test_what_waits_for_a_dead_address_is_cancelled(app: Flask, clock: FixedClock) -> None:
    message = asked_one()
    clock.advance(days=100)
    waiting = asked_one(state=MessageState.QUEUED)

    told(message, ReportKind.HARD)

    assert now_of(waiting).state is MessageState.CANCELLED


def test_a_report_told_twice_changes_nothing(app: Flask) -> None:
    message = asked_one()
    told(message, ReportKind.HARD)
    before = events_of(message)

    again = told(message, ReportKind.HARD)
    in_other_words = told(message, ReportKind.HARD, "2")

    assert again.effect is Effect.KNOWN
    assert in_other_words.effect is Effect.SUPPRESSED
    assert events_of(message) == before
    assert len(bounces()) == 2


def test_a_report_without_a_message_is_kept_and_changes_nothing(app: Flask) -> None:
    message = asked_one()

    noted = told(None, ReportKind.HARD, reason="550 \x00\x1b[31m\udc80 gone")

    assert noted.effect is Effect.NOT_OURS
    (kept,) = bounces()
    assert (kept.message_id, kept.email_key, kept.kind) == (None, ADA, ReportKind.HARD)
    assert kept.reason == "550 [31m gone"
    assert now_of(message).state is MessageState.SENT
    assert reason_of(ADA) is None


def another_sent(email: str = ADA) -> Message:
    """Send an address one more email, whatever the cadence."""
    content = queue(email)
    with factories.work() as work:
        return work.session.scalars(
            sa.update(Message)
            .where(Message.content_id == content.id)
            .values(state=MessageState.SENT, committed_at=work.now, sent_at=work.now)
            .returning(Message)
        ).one()


def test_the_third_soft_bounce_in_a_month_ends_an_address(app: Flask, clock: FixedClock) -> None:
    effects = []
    for number in "123":
        message = another_sent()
        effects.append(told(message, ReportKind.SOFT, number, status="4.2.2").effect)
        effects.append(told(message, ReportKind.SOFT, f"{number} once more").effect)
        clock.advance(days=10)

    assert effects[:4] == [Effect.FAILED, Effect.NOTED, Effect.FAILED, Effect.NOTED]
    assert effects[4] is Effect.SUPPRESSED
    assert reason_of(ADA) is SuppressionReason.HARD_BOUNCE


def test_soft_bounces_of_long_ago_are_forgiven(app: Flask, clock: FixedClock) -> None:
    for number in "1234":
        told(another_sent(), ReportKind.SOFT, number)
        clock.advance(days=16)

    assert reason_of(ADA) is None


def test_refusals_by_the_mail_server_count_too(app: Flask) -> None:
    messages = [another_sent() for _ in range(3)]

    for message in messages:
        with factories.work() as work:
            same = work.session.get_one(Message, message.id)
            note_refusal(work, same, ReportKind.SOFT, "5.2.2", "mailbox full")
            note_refusal(work, same, ReportKind.SOFT, "5.2.2", "mailbox full")

    assert [one.told_by for one in bounces()] == ["smtp"] * 3
    assert reason_of(ADA) is SuppressionReason.HARD_BOUNCE


def test_a_block_fails_the_message_and_never_the_person(app: Flask) -> None:
    messages = [another_sent() for _ in range(4)]

    effects = [
        told(message, ReportKind.BLOCKED, str(message.id), status="5.7.1").effect
        for message in messages
    ]

    assert effects == [Effect.FAILED] * 4
    assert now_of(messages[0]).reason == "it came back: the receiving mail server refuses our mail"
    assert now_of(messages[0]).last_reply == "5.7.1"
    assert reason_of(ADA) is None


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (ReportKind.DELIVERED, None),
        (ReportKind.DELAYED, "message.delayed"),
        (ReportKind.AUTO_REPLY, "message.auto_replied"),
        (ReportKind.REPLY, "message.replied"),
        (ReportKind.UNKNOWN, None),
    ],
)
def test_news_is_noted_and_changes_no_sent_message(
    app: Flask, kind: ReportKind, event: str | None
) -> None:
    message = asked_one()

    noted = told(message, kind)

    assert noted.effect is Effect.NOTED
    assert now_of(message).state is MessageState.SENT
    assert (events_of(message)[-1] == event) is (event is not None)
    assert reason_of(ADA) is None


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (ReportKind.DELIVERED, MessageState.SENT),
        (ReportKind.DELAYED, MessageState.SENT),
        (ReportKind.COMPLAINT, MessageState.SENT),
        (ReportKind.AUTO_REPLY, MessageState.SENT),
        (ReportKind.SOFT, MessageState.FAILED),
        (ReportKind.HARD, MessageState.FAILED),
    ],
)
def test_a_report_shows_that_an_uncertain_message_had_left(
    app: Flask, kind: ReportKind, state: MessageState
) -> None:
    message = asked_one(state=MessageState.UNCERTAIN)

    told(message, kind)

    after = now_of(message)
    assert after.state is state
    assert after.sent_at == message.committed_at


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (ReportKind.COMPLAINT, SuppressionReason.COMPLAINT),
        (ReportKind.UNSUBSCRIBE, SuppressionReason.UNSUBSCRIBED),
    ],
)
def test_a_persons_word_holds_for_the_address_of_today_too(
    app: Flask, kind: ReportKind, reason: SuppressionReason
) -> None:
    message = asked_one()
    with factories.work() as work:
        details = ContactDetails(email=parse_email("ada@new.example"))
        edit_contact(work, message.contact_id or 0, details)

    noted = told(message, kind)

    assert noted.effect is Effect.SUPPRESSED
    assert reason_of(ADA) is reason
    assert reason_of("ada@new.example") is reason
    assert now_of(message).state is MessageState.SENT


def test_an_unsubscribing_is_not_undone_by_lifting_a_bounce(app: Flask) -> None:
    message = asked_one()
    told(message, ReportKind.HARD, "1")

    told(message, ReportKind.UNSUBSCRIBE, "2")

    with factories.work() as work, pytest.raises(SuppressionStays):
        lift_suppression(work, ADA, contact_id=message.contact_id)
    assert reason_of(ADA) is SuppressionReason.UNSUBSCRIBED


def test_a_link_that_was_used_shows_that_its_email_had_left(app: Flask) -> None:
    message = asked_one(state=MessageState.UNCERTAIN)
    other = asked_one("bob@example.com", state=MessageState.UNCERTAIN)

    with factories.work() as work:
        resolve_uncertain(work, message.invitation_id or 0)
        resolve_uncertain(work, message.invitation_id or 0)

    assert now_of(message).state is MessageState.SENT
    assert now_of(message).sent_at == message.committed_at
    assert now_of(other).state is MessageState.UNCERTAIN
    assert events_of(message).count("message.resolved") == 1


def test_a_click_or_an_answer_resolves_and_a_bare_visit_does_not(
    app: Flask, client: PortalClient
) -> None:
    people = [asked_one(f"{name}@example.com", MessageState.UNCERTAIN) for name in "abc"]
    with factories.work() as work:
        looked, clicked, answered = (
            factories.survey_path(work, work.session.get_one(Contact, one.contact_id))
            for one in people
        )

    client.get(looked)
    client.get(f"{clicked}/9")
    nonce = nonce_in(client.get(answered))
    client.post(answered, data={"score": "9", "nonce": nonce, "comment": ""})

    states = [now_of(one).state for one in people]
    assert states == [MessageState.UNCERTAIN, MessageState.SENT, MessageState.SENT]


def test_one_report_that_is_told_fifty_times_is_one_row(app: Flask) -> None:
    message = asked_one()

    effects = [told(message, ReportKind.SOFT, "the same").effect for _ in range(50)]

    assert effects == [Effect.FAILED] + [Effect.KNOWN] * 49
    assert len(bounces()) == 1


def queued_again(message: Message) -> Message:
    """Queue a message once more, as a person has decided."""
    with factories.work() as work:
        assert send_again(work, message.id)
    return now_of(message)


def test_a_link_that_was_used_meanwhile_stops_a_second_sending(app: Flask) -> None:
    waits, claimed = asked(ADA, "bob@example.com", state=MessageState.UNCERTAIN)
    for message in (claimed, waits):
        queued_again(message)
        if message is claimed:
            (held,) = claim_some()

    with factories.work() as work:
        resolve_uncertain(work, waits.invitation_id or 0)
        resolve_uncertain(work, claimed.invitation_id or 0)

    for message in (waits, claimed):
        after = now_of(message)
        assert (after.state, after.sent_at) == (MessageState.SENT, message.committed_at)
        assert events_of(message)[-1] == "message.resolved"
    with factories.work() as work:
        assert pass_commit_point(work, [held]) == set()


def test_a_link_says_nothing_of_an_email_that_was_never_handed_over(app: Flask) -> None:
    message = asked_one(state=MessageState.QUEUED)

    with factories.work() as work:
        resolve_uncertain(work, message.invitation_id or 0)

    assert now_of(message).state is MessageState.QUEUED


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (ReportKind.DELIVERED, MessageState.SENT),
        (ReportKind.DELAYED, MessageState.SENT),
        (ReportKind.REPLY, MessageState.SENT),
        (ReportKind.SOFT, MessageState.QUEUED),
        (ReportKind.HARD, MessageState.CANCELLED),
    ],
)
def test_a_report_on_the_first_try_decides_whether_a_second_leaves(
    app: Flask, kind: ReportKind, state: MessageState
) -> None:
    message = asked_one(state=MessageState.UNCERTAIN)
    queued_again(message)

    told(message, kind)

    assert now_of(message).state is state


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (ReportKind.DELAYED, MessageState.QUEUED),
        (ReportKind.UNKNOWN, MessageState.QUEUED),
        (ReportKind.DELIVERED, MessageState.SENT),
    ],
)
def test_what_came_back_and_is_sent_again_is_stopped_only_by_its_arrival(
    app: Flask, kind: ReportKind, state: MessageState
) -> None:
    message = asked_one()
    told(message, ReportKind.SOFT, "1")
    queued_again(message)

    told(message, kind, "2")

    assert now_of(message).state is state


def test_a_failure_that_is_faster_than_the_mail_servers_answer_stands(app: Flask) -> None:
    message = asked_one(state=MessageState.QUEUED)
    claim = claim_one()
    with factories.work() as work:
        pass_commit_point(work, [claim])

    told(message, ReportKind.SOFT, reason="452 full")
    failed = now_of(message)
    answered = Outcome(kind=OutcomeKind.SENT, stage=Stage.DOT, reply="ok", code=250)
    with factories.work() as work:
        record_outcomes(work, [Finished(ticket=claim, outcome=answered)])

    assert (failed.state, failed.sent_at) == (MessageState.FAILED, failed.committed_at)
    after = now_of(message)
    assert (after.state, after.last_reply) == (MessageState.FAILED, "452 full")
    assert "message.sent" not in events_of(message)
