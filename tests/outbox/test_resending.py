"""Sending again, one by one and all of one reason."""

import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.journal.models import Event
from nps_portal.outbox.commands import cancel_content
from nps_portal.outbox.models import JournalledSend, Message, MessageKind, MessageState
from nps_portal.outbox.resending import send_again, send_all_again
from tests.delivery.queue import all_messages, queue, states, the_message
from tests.support import factories
from tests.support.clock import FixedClock

PUT_OFF = "the mail server put it off for two days"


def end_all(state: MessageState = MessageState.FAILED, reason: str = PUT_OFF) -> None:
    with factories.work() as work:
        work.session.execute(
            sa.update(Message)
            .where(Message.state == MessageState.QUEUED)
            .values(state=state, reason=reason, attempts=12)
        )


def resend(state: MessageState = MessageState.FAILED, reason: str = PUT_OFF) -> int:
    with factories.work() as work:
        return send_all_again(work, state=state, reason=reason)


def test_a_message_sent_again_keeps_its_id_and_its_count(app: Flask) -> None:
    queue("a@example.org")
    end_all()
    ended = the_message()

    with factories.work() as work:
        queued = send_again(work, ended.id)
    again = the_message()

    assert queued
    assert again.state is MessageState.QUEUED
    assert (again.public_id, again.attempts, again.former_attempts) == (ended.public_id, 0, 12)


def test_attempts_add_up_over_several_times(app: Flask) -> None:
    queue("a@example.org")
    for _ in range(3):
        end_all()
        resend()

    assert the_message().former_attempts == 36


def test_all_of_one_reason_are_queued_and_no_others(app: Flask) -> None:
    queue("a@example.org", "b@example.org")
    end_all()
    queue("c@example.org")
    end_all(reason="the mail server refused the message")
    queue("d@example.org")
    end_all(MessageState.UNCERTAIN)

    count = resend()

    assert count == 2
    assert states() == ["queued", "queued", "failed", "uncertain"]


def test_all_of_one_reason_can_be_those_of_one_send(app: Flask) -> None:
    queue("a@example.org")
    mine = queue("b@example.org")
    end_all()

    with factories.work() as work:
        count = send_all_again(work, state=MessageState.FAILED, reason=PUT_OFF, content_id=mine.id)

    assert count == 1
    assert states() == ["failed", "queued"]


def test_who_must_not_be_mailed_is_passed_over(app: Flask) -> None:
    queue("suppressed@example.org")
    queue("removed@example.org")
    cancelled = queue("cancelled@example.org")
    queue("fine@example.org")
    end_all()
    with factories.work() as work:
        suppress(
            work,
            "suppressed@example.org",
            SuppressionReason.UNSUBSCRIBED,
            source="test",
            contact_id=None,
        )
        gone = factories.make_contact(work, "removed@example.org")
        work.session.execute(
            sa.update(Message)
            .where(Message.email_key == "removed@example.org")
            .values(contact_id=gone.id)
        )
        remove_contact(work, gone.id)
        cancel_content(work, cancelled.id, "the send was cancelled")

    assert resend() == 1
    assert states() == ["failed", "failed", "failed", "queued"]
    with factories.work() as work:
        ids = work.session.scalars(
            sa.select(Message.id).where(Message.state == MessageState.FAILED)
        )
        one_by_one = [send_again(work, message_id) for message_id in ids.all()]
    assert one_by_one == [False, False, False]


def test_a_password_is_sent_again_even_to_who_has_unsubscribed(app: Flask) -> None:
    queue("a@example.org", kind=MessageKind.PASSWORD)
    end_all()
    with factories.work() as work:
        suppress(
            work, "a@example.org", SuppressionReason.UNSUBSCRIBED, source="test", contact_id=None
        )

    assert resend() == 1


def test_a_second_press_queues_nothing(app: Flask) -> None:
    queue("a@example.org", "b@example.org")
    end_all()

    assert [resend(), resend()] == [2, 0]


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.CANCELLED, MessageState.CLAIMED])
def test_nothing_else_is_queued(app: Flask, state: MessageState) -> None:
    queue("a@example.org")
    end_all(state)

    assert resend(state) == 0
    assert states() == [state.value]


def test_the_journal_tells_it_of_everybody(app: Flask) -> None:
    with factories.work() as work:
        people = [factories.make_contact(work) for _ in range(3)]
    for person in people:
        queue(person.email_key)
        with factories.work() as work:
            work.session.execute(
                sa.update(Message)
                .where(Message.email_key == person.email_key)
                .values(contact_id=person.id)
            )
    end_all()

    resend()

    with factories.work() as work:
        told = work.session.scalars(
            sa.select(Event.contact_id).where(Event.kind == "message.requeued")
        ).all()
    assert sorted(one for one in told if one) == [person.id for person in people]


def test_two_presses_at_once_queue_each_message_once(app: Flask) -> None:
    queue(*[f"c{number}@example.org" for number in range(200)])
    end_all()
    counts: list[int] = []
    both = threading.Barrier(2)

    def press() -> None:
        with app.app_context():
            both.wait()
            counts.append(resend())

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [0, 200]
    assert {message.former_attempts for message in all_messages()} == {12}


def send_to(person: Contact, state: MessageState, reason: str = PUT_OFF) -> Message:
    """Send a person an email, whatever the cadence, and let it end in this way now."""
    content = queue(person.email_key)
    with factories.work() as work:
        left = state in (MessageState.SENT, MessageState.UNCERTAIN)
        return work.session.scalars(
            sa.update(Message)
            .where(Message.content_id == content.id)
            .values(
                contact_id=person.id,
                state=state,
                reason=reason,
                committed_at=work.now if left else None,
                sent_at=work.now if state is MessageState.SENT else None,
            )
            .returning(Message)
        ).one()


def a_person() -> Contact:
    with factories.work() as work:
        return factories.make_contact(work)


def try_again(message: Message) -> bool:
    with factories.work() as work:
        return send_again(work, message.id)


@pytest.mark.parametrize(
    "since",
    [
        MessageState.SENT,
        MessageState.UNCERTAIN,
        MessageState.QUEUED,
        MessageState.CLAIMED,
        MessageState.COMMITTING,
    ],
)
def test_who_was_asked_since_by_another_send_is_passed_over(
    app: Flask, clock: FixedClock, since: MessageState
) -> None:
    person, other = a_person(), a_person()
    failed = send_to(person, MessageState.FAILED)
    send_to(other, MessageState.FAILED)
    clock.advance(days=1)
    send_to(person, since, reason="")

    one_by_one, all_at_once = try_again(failed), resend()

    assert (one_by_one, all_at_once) == (False, 1)
    assert states() == ["failed", "queued", since.value]


def test_who_was_asked_before_or_never_got_the_later_one_can_be_asked_again(
    app: Flask, clock: FixedClock
) -> None:
    person = a_person()
    send_to(person, MessageState.SENT)
    clock.advance(days=100)
    failed = send_to(person, MessageState.FAILED)
    clock.advance(days=1)
    send_to(person, MessageState.CANCELLED)

    assert try_again(failed)


def test_of_two_that_failed_for_a_person_only_the_newer_is_sent_again(
    app: Flask, clock: FixedClock
) -> None:
    person = a_person()
    send_to(person, MessageState.FAILED)
    clock.advance(days=1)
    send_to(person, MessageState.FAILED)

    assert resend() == 1
    assert states() == ["failed", "queued"]


def test_a_failed_one_is_free_again_when_the_newer_ones_send_is_cancelled(
    app: Flask, clock: FixedClock
) -> None:
    person = a_person()
    older = send_to(person, MessageState.FAILED)
    clock.advance(days=1)
    newer = send_to(person, MessageState.FAILED)
    with factories.work() as work:
        cancel_content(work, newer.content_id, "the send was cancelled")

    assert try_again(older)


def test_while_the_older_waits_again_the_newer_must_not(app: Flask, clock: FixedClock) -> None:
    person = a_person()
    older = send_to(person, MessageState.QUEUED)
    clock.advance(days=1)
    newer = send_to(person, MessageState.FAILED)

    assert not try_again(newer)
    assert try_again(older) is False
    assert states() == ["queued", "failed"]


def test_what_only_the_sending_journal_knows_counts_as_asking(
    app: Flask, clock: FixedClock
) -> None:
    person = a_person()
    failed = send_to(person, MessageState.FAILED)
    clock.advance(days=1)
    with factories.work() as work:
        work.session.add(
            JournalledSend(public_id="AAAAAAAAAAAA", contact_id=person.id, sent_at=work.now)
        )

    assert not try_again(failed)


def test_a_password_is_sent_again_to_who_was_asked_since(app: Flask, clock: FixedClock) -> None:
    person = a_person()
    queue(person.email_key, kind=MessageKind.PASSWORD)
    with factories.work() as work:
        work.session.execute(
            sa.update(Message).values(contact_id=person.id, state=MessageState.FAILED)
        )
    password = the_message()
    clock.advance(days=1)
    send_to(person, MessageState.SENT)

    assert try_again(password)
