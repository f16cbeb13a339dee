"""R2 to R7: what a mail server's answers make of messages in the queue."""

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import Suppression, SuppressionReason
from nps_portal.foundation.database import reading
from nps_portal.outbox.commands import hold_content
from nps_portal.outbox.models import Bounce, ContentState, EmailContent, RelayStatus
from nps_portal.outbox.queries import outbox_health
from nps_portal.outbox.settling import MOST_BLOCKS
from nps_portal.reports.models import ReportKind
from tests.delivery.queue import all_messages, queue, states, the_message
from tests.faults.turns import deliver
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock
from tests.support.smtp_faults import Stage
from tests.support.smtp_server import HangUp, Say, SinkServer

ZOE = "zoe@example.org"
NEXT = "next@example.org"


def suppressions() -> dict[str, SuppressionReason]:
    reading().rollback()
    return {row.email_key: row.reason for row in reading().scalars(sa.select(Suppression))}


def test_r2_a_server_that_hangs_up_after_its_250_has_accepted(
    sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    queue(ZOE, NEXT)
    sink.fail_at("kept", HangUp("250 2.0.0 Kept"))

    deliver(sending)
    clock.advance(days=1)
    deliver(sending)

    assert states() == ["sent", "sent"]
    assert [one.recipient for one in sink.accepted] == [ZOE, NEXT]
    assert {one.attempts for one in all_messages()} == {1}


def test_r2_a_refusal_to_say_goodbye_changes_nothing(sending: Flask, sink: SinkServer) -> None:
    queue(ZOE)
    sink.fail_at("quit", Say("500 5.5.1 What?"))

    deliver(sending)

    assert states() == ["sent"]
    assert outbox_health(reading()).status is RelayStatus.WORKING


def test_r3_no_reply_after_the_dot_is_uncertain_until_the_owner_decides(
    owner: PortalClient, sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    queue(ZOE)
    sink.fail_at("kept", HangUp(), times=1)

    deliver(sending)
    clock.advance(days=1)
    deliver(sending)
    uncertain, accepted = states(), len(sink.accepted)
    owner.sign_in(factories.OWNER, factories.PASSWORD)
    listed = owner.get("/messages?state=uncertain").text
    owner.post_form(f"/messages/{the_message().id}/another-try")
    deliver(sending)

    assert (uncertain, accepted) == (["uncertain"], 1)
    assert ZOE in listed
    assert states() == ["sent"]
    first, second = sink.accepted
    assert first.message["Message-ID"] == second.message["Message-ID"]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
def test_r4_a_421_puts_one_message_off_and_hangs_up(
    sending: Flask, sink: SinkServer, clock: FixedClock, stage: Stage
) -> None:
    queue(ZOE)
    sink.fail_at(stage, Say("421 4.3.2 Shutting down"), times=1)

    deliver(sending)
    put_off, connections = the_message(), sink.connection_count
    deliver(sending)
    too_early = len(sink.accepted)
    clock.at = put_off.due_at
    deliver(sending)

    assert (put_off.state.value, put_off.attempts, too_early) == ("queued", 1, 0)
    assert put_off.due_at > put_off.created_at
    assert (connections, sink.connection_count) == (1, 2)
    assert (states(), len(sink.accepted)) == (["sent"], 1)


def test_r4_a_421_in_the_banner_is_nobodys_attempt(
    sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    queue(ZOE)
    sink.fail_at("banner", Say("421 4.3.2 Come back later"), times=1)

    deliver(sending)
    unreachable, waiting = outbox_health(reading()).status, the_message()
    clock.advance(seconds=10)
    deliver(sending)

    assert unreachable is RelayStatus.UNREACHABLE
    assert (waiting.state.value, waiting.attempts) == ("queued", 0)
    assert (states(), len(sink.accepted)) == (["sent"], 1)


def test_r5_a_greylisted_message_leaves_once_five_minutes_later(
    sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    queue(ZOE)
    sink.fail_at("rcpt", Say("451 4.7.1 Greylisted"), times=1)

    deliver(sending)
    clock.advance(minutes=5 * 0.8, seconds=-1)
    too_early = deliver(sending)
    clock.advance(minutes=5 * 0.4, seconds=1)
    later = deliver(sending)

    assert (too_early, later) == (0, 1)
    assert (states(), the_message().attempts) == (["sent"], 2)
    assert len(sink.accepted) == 1


def test_r6_a_full_mailbox_is_suppressed_after_the_third_message(
    sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    sink.fail_at("rcpt", Say("552 5.2.2 Mailbox full"), recipient=ZOE)

    suppressed = []
    for _ in range(3):
        queue(ZOE, NEXT)
        deliver(sending)
        suppressed.append(suppressions())
        clock.advance(days=9)

    assert suppressed == [{}, {}, {ZOE: SuppressionReason.HARD_BOUNCE}]
    assert states() == ["failed", "sent"] * 3
    reading().rollback()
    kinds = reading().scalars(sa.select(Bounce.kind)).all()
    assert kinds == [ReportKind.SOFT] * 3


@pytest.mark.parametrize("reply", ["550 5.1.1 No such user", "550 No such user"])
def test_r7_an_address_that_does_not_exist_is_suppressed(
    sending: Flask, sink: SinkServer, reply: str
) -> None:
    queue("gone@example.org", ZOE)
    sink.fail_at("rcpt", Say(reply), recipient="gone@example.org")
    again = queue("gone@example.org")
    with factories.work() as work:
        hold_content(work, again.id)

    deliver(sending)

    assert states() == ["failed", "sent", "cancelled"]
    assert suppressions() == {"gone@example.org": SuppressionReason.HARD_BOUNCE}


@pytest.mark.parametrize(
    ("stage", "reply", "reason"),
    [
        ("rcpt", "550 5.7.1 Blocked", "the mail server blocks our email"),
        ("dot", "550 5.7.1 Spam", "the mail server blocks our email"),
        ("rcpt", "552 5.2.2 Mailbox full", "the mail server refused the message"),
        ("dot", "550 5.1.1 Said too late", "the mail server refused the message"),
    ],
)
def test_r7_other_refusals_end_the_message_and_suppress_nobody(
    sending: Flask, sink: SinkServer, stage: Stage, reply: str, reason: str
) -> None:
    queue(ZOE, NEXT)
    sink.fail_at(stage, Say(reply), recipient=ZOE)

    deliver(sending)

    assert states() == ["failed", "sent"]
    assert all_messages()[0].reason == reason
    assert suppressions() == {}


def test_r7_a_server_that_blocks_us_stops_the_send_with_the_reason(
    sending: Flask, sink: SinkServer
) -> None:
    content = queue(*[f"c{number}@example.org" for number in range(30)])
    sink.fail_at("dot", Say("554 5.7.1 Listed"), times=MOST_BLOCKS)

    deliver(sending)
    after_it = deliver(sending)

    assert states().count("failed") == MOST_BLOCKS
    assert after_it == 0
    with factories.work() as work:
        held = work.session.get_one(EmailContent, content.id)
        assert work.session.scalars(sa.select(Suppression)).all() == []
    assert held.state is ContentState.HELD
    assert "The mail server blocks our mail; 6 were refused." in held.held_reason
