"""From the queue to a real mail server, through everything that servers do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection

from nps_portal import create_app
from nps_portal.accounts.portal_settings import change_settings, process_settings
from nps_portal.contacts.models import Suppression, SuppressionReason
from nps_portal.delivery.turns import deliver_due_messages
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished
from nps_portal.outbox.claims import pass_commit_point, recover_leases
from nps_portal.outbox.commands import hold_content, open_content
from nps_portal.outbox.models import ContentState, EmailContent, Message, RelayStatus
from nps_portal.outbox.queries import OutboxHealth, outbox_health
from nps_portal.outbox.settling import BACKOFF, MOST_ATTEMPTS
from tests.delivery.queue import all_messages, claim_some, queue, states, the_message, use_server
from tests.support import factories
from tests.support.clock import FixedClock
from tests.support.smtp_record import Accepted
from tests.support.smtp_server import Say, SinkServer


def deliver(app: Flask) -> int:
    """Let a worker deliver what is due, once."""
    return deliver_due_messages(app, threading.Event())


def health() -> OutboxHealth:
    reading().rollback()
    return outbox_health(reading())


def suppressions() -> dict[str, SuppressionReason]:
    with factories.work() as work:
        rows = work.session.scalars(sa.select(Suppression))
        return {row.email_key: row.reason for row in rows}


def test_due_messages_leave_once_each(sending: Flask, sink: SinkServer) -> None:
    emails = [f"c{number}@example.org" for number in range(45)]
    queue(*emails)

    tried = [deliver(sending), deliver(sending)]

    assert tried == [45, 0]
    assert sorted(one.recipient for one in sink.accepted) == sorted(emails)
    assert set(states()) == {"sent"}


def test_the_email_carries_what_its_message_says(sending: Flask, sink: SinkServer) -> None:
    queue("zoe@example.org")

    deliver(sending)

    (accepted,) = sink.accepted
    message = the_message()
    assert accepted.sender == "feedback@acme.example"
    assert accepted.message["Message-ID"] == f"<o-{message.public_id}@acme.example>"
    assert accepted.message["List-Unsubscribe"] == "<http://localhost/u/x>"
    assert f"ENVID=o-{message.public_id}" in accepted.mail_options
    assert message.last_reply == "2.0.0 Kept"


def test_the_waits_grow_and_a_message_is_given_up_after_two_days(
    sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    queue("zoe@example.org")
    sink.fail_at("dot", Say("451 4.3.0 Busy"))
    begun = clock.now()

    waits = []
    while states() == ["queued"]:
        clock.at = max(clock.at, the_message().due_at)
        before = clock.now()
        deliver(sending)
        waits.append((the_message().due_at - before).total_seconds() / 60)

    assert len(waits) == MOST_ATTEMPTS
    for wait, minutes in zip(waits[:7], (5, 15, 30, 60, 120, 240, 480), strict=True):
        assert 0.8 * minutes <= wait <= 1.2 * minutes
    assert 0.8 * 47.8 <= (clock.now() - begun).total_seconds() / 3600 <= 1.2 * 47.9
    assert len(BACKOFF) == 7
    assert (states(), the_message().last_reply) == (["failed"], "4.3.0 Busy")
    assert suppressions() == {}


def test_a_send_that_was_paused_for_days_is_not_given_up_for_that(
    sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    queue("zoe@example.org")
    clock.advance(days=9)
    sink.fail_at("rcpt", Say("451 4.7.1 Greylisted"), times=1)

    deliver(sending)

    assert states() == ["queued"]


def test_a_server_that_is_down_leaves_everything_queued_and_says_so(
    app: Flask, clock: FixedClock
) -> None:
    with SinkServer() as gone:
        use_server(gone.port)
    queue("a@example.org", "b@example.org")

    deliver(app)
    tried_again_at_once = deliver(app)

    now = health()
    assert states() == ["queued", "queued"]
    assert {one.attempts for one in all_messages()} == {0}
    assert (now.status, now.waiting, tried_again_at_once) == (RelayStatus.UNREACHABLE, 2, 0)
    assert now.since == clock.now()
    assert now.next_try_at is not None
    assert (now.next_try_at - clock.now()).total_seconds() == 10
    assert now.reason


def test_a_server_that_comes_back_is_used_at_the_next_try(app: Flask, clock: FixedClock) -> None:
    with SinkServer() as gone:
        use_server(gone.port)
    queue("a@example.org")
    deliver(app)

    with SinkServer() as back:
        use_server(back.port)
        deliver(app)
        too_early = states()
        clock.advance(seconds=10)
        deliver(app)

    assert (too_early, states()) == (["queued"], ["sent"])
    assert (health().status, health().reason) == (RelayStatus.WORKING, "")


def test_a_refused_sender_stops_everything_and_loses_nothing(
    sending: Flask, sink: SinkServer
) -> None:
    queue("a@example.org", "b@example.org")
    sink.fail_at("mail", Say("553 5.7.1 Not your address"))

    deliver(sending)

    assert states() == ["queued", "queued"]
    assert "Not your address" in health().reason


def test_a_worker_that_is_to_stop_leaves_the_rest_in_the_queue(
    sending: Flask, sink: SinkServer
) -> None:
    queue(*[f"c{number}@example.org" for number in range(5)])
    stopping = threading.Event()
    stopping.set()

    deliver_due_messages(sending, stopping)

    assert states() == ["queued"] * 5
    assert sink.accepted == []


def test_r22_a_send_paused_in_the_middle_stops_at_the_commit_point(app: Flask) -> None:
    content_ids: list[int] = []

    def pause_at_the_second(accepted: Accepted) -> None:
        with app.app_context(), factories.work() as work:
            if accepted.recipient == "c1@example.org":
                hold_content(work, content_ids[0])

    with SinkServer(on_accepted=pause_at_the_second) as sink:
        use_server(sink.port)
        content_ids.append(queue(*[f"c{number}@example.org" for number in range(5)]).id)

        deliver(app)

        assert len(sink.accepted) == 2
        assert states() == ["sent", "sent", "queued", "queued", "queued"]


def test_a_text_that_cannot_be_an_email_fails_alone(sending: Flask, sink: SinkServer) -> None:
    queue("zoe@example.org", "next@example.org")
    with factories.work() as work:
        broken = sa.update(Message).where(Message.email_key == "zoe@example.org")
        work.session.execute(broken.values(recipient_email="zoe@example.org\r\nRCPT TO:<evil>"))

    deliver(sending)

    assert states() == ["failed", "sent"]
    assert [one.recipient for one in sink.accepted] == ["next@example.org"]


def test_a_database_that_is_busy_after_the_250_is_asked_again(app: Flask) -> None:
    _give_up_waiting_soon()
    with _holding_the_database() as held, SinkServer(on_accepted=held.begin) as sink:
        use_server(sink.port)
        queue("zoe@example.org")

        deliver(app)

        assert held.refused
        assert len(sink.accepted) == 1
    assert states() == ["sent"]
    with unit_of_work(WORKER) as work:
        assert recover_leases(work) == 0


class Holder:
    """Holds the write lock from the mail server's acceptance until a writer was refused."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.refused = False

    def begin(self, _accepted: Accepted) -> None:
        if self._connection.dialect.name == "sqlite":
            self._connection.exec_driver_sql("UPDATE messages SET attempts = attempts")
        else:
            self._connection.exec_driver_sql("LOCK TABLE messages IN EXCLUSIVE MODE")

    def end(self, _context: object) -> None:
        self.refused = True
        self._connection.rollback()


@contextmanager
def _holding_the_database() -> Iterator[Holder]:
    engine = db.engine
    with engine.connect() as connection:
        holder = Holder(connection)
        event.listen(engine, "handle_error", holder.end)
        try:
            yield holder
        finally:
            event.remove(engine, "handle_error", holder.end)


def _give_up_waiting_soon() -> None:
    """Let this test's writers wait 50 ms for the database, not ten seconds."""
    engine = db.engine
    sqlite = engine.dialect.name == "sqlite"
    patience = "PRAGMA busy_timeout=50" if sqlite else "SET lock_timeout='50ms'"

    def be_impatient(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # a driver's connection
        cursor.execute(patience)
        cursor.close()
        if not sqlite:
            connection.commit()  # type: ignore[attr-defined]  # a driver's connection

    event.listen(engine, "connect", be_impatient)
    engine.dispose()


def test_a_slow_server_gets_every_message_before_its_lease_is_over(
    app: Flask, clock: FixedClock
) -> None:
    # Without PIPELINING: a message waits on its lane for no other's verdict.
    with SinkServer(extensions=(), on_accepted=lambda _: clock.advance(seconds=50)) as sink:
        use_server(sink.port)
        queue(*[f"c{number}@example.org" for number in range(7)])

        deliver(app)

        assert states() == ["sent"] * 7
        assert len(sink.accepted) == 7
        assert sink.unfinished == []


@pytest.mark.parametrize(
    "reply", ["550 relay not permitted", "550 5.7.1 Relaying denied", "550 Authentication required"]
)
def test_a_server_that_refuses_us_silences_nobody_and_stops_the_send(
    sending: Flask, sink: SinkServer, reply: str
) -> None:
    content = queue(*[f"c{number}@example.org" for number in range(12)])
    sink.fail_at("rcpt", Say(reply))

    deliver(sending)

    assert suppressions() == {}
    assert states().count("failed") < 12
    with factories.work() as work:
        assert work.session.get_one(EmailContent, content.id).state is ContentState.HELD


def test_a_list_of_which_half_does_not_exist_is_stopped(sending: Flask, sink: SinkServer) -> None:
    content = queue(*[f"c{number}@example.org" for number in range(250)])
    sink.fail_at("rcpt", Say("550 5.1.1 No such user"))

    deliver(sending)

    with factories.work() as work:
        held = work.session.get_one(EmailContent, content.id)
    assert held.state is ContentState.HELD
    assert "of the last addresses do not exist" in held.held_reason
    assert states().count("failed") < 250


def test_our_own_limit_fails_nobody_and_stops_the_send(sending: Flask, sink: SinkServer) -> None:
    content = queue(*[f"c{number}@example.org" for number in range(12)])
    sink.fail_at("rcpt", Say("550 5.4.5 Daily user sending limit exceeded"))

    deliver(sending)

    assert states() == ["queued"] * 12
    with factories.work() as work:
        held = work.session.get_one(EmailContent, content.id)
    assert "sent too much for now" in held.held_reason


def test_a_resumed_send_is_not_held_again_by_what_was_refused_before(
    sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    content = queue(*[f"c{number}@example.org" for number in range(20)])
    sink.fail_at("dot", Say("554 5.7.1 Listed"), times=7)
    deliver(sending)
    clock.advance(minutes=1)

    with factories.work() as work:
        open_content(work, content.id)
    deliver(sending)

    assert "queued" not in states()
    assert len(sink.accepted) == 13


def test_a_send_that_is_stopped_while_its_content_is_on_the_way_leaves_the_others_certain(
    app: Flask,
) -> None:
    with SinkServer(on_accepted=lambda _: hold_everything(app)) as sink:
        use_server(sink.port)
        queue(*[f"c{number}@example.org" for number in range(40)], text="x" * 4_000_000)

        deliver(app)

        assert "uncertain" not in states()
        assert states().count("sent") == len(sink.accepted)


def hold_everything(app: Flask) -> None:
    with app.app_context(), factories.work() as work:
        work.session.execute(sa.update(EmailContent).values(state=ContentState.HELD))


def test_r10_a_refused_sign_in_is_tried_once_however_much_waits(app: Flask) -> None:
    with SinkServer(credentials=("jo", "right")) as sink:
        use_server(sink.port)
        with factories.work() as work:
            change_settings(work, {"mail_username": "jo", "mail_password": "wrong"})
        queue(*[f"c{number}@example.org" for number in range(60)])

        deliver(app)

        assert len([one for one in sink.commands if one.text.startswith("AUTH")]) == 1


def test_what_the_database_would_not_take_is_settled_in_the_next_turn(
    sending: Flask, sink: SinkServer
) -> None:
    queue("zoe@example.org")
    (claimed,) = claim_some()
    with unit_of_work(WORKER) as work:
        pass_commit_point(work, [claimed])
    outcome = Outcome(kind=OutcomeKind.SENT, stage=Stage.DOT, code=250, reply="2.0.0 Kept")
    sending.extensions["nps_mail_unsettled"] = [Finished(ticket=claimed, outcome=outcome)]

    deliver(sending)

    assert states() == ["sent"]
    assert sending.extensions["nps_mail_unsettled"] == []


def test_the_rate_counts_what_the_server_refuses(app: Flask, sink: SinkServer) -> None:
    use_server(sink.port)
    limited = create_app(process_settings().model_copy(update={"mail_rate_per_minute": 10}))
    queue(*[f"c{number}@example.org" for number in range(60)])
    sink.fail_at("rcpt", Say("451 4.3.0 Too fast"))

    deliver(limited)
    with limited.app_context():
        db.session.remove()
        db.engine.dispose()

    assert len([one for one in sink.commands if one.text.startswith("RCPT")]) == 10
