"""The restore fence: a database older than what has left sends nothing before the owner decides."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.portal_settings import process_settings
from nps_portal.batches.eligibility import may_be_asked
from nps_portal.batches.models import Reason
from nps_portal.delivery import ledger
from nps_portal.delivery.fence import ID_FILE, check_fence, lift, reconcile
from nps_portal.delivery.turns import deliver_due_messages
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.outbox.models import (
    Installation,
    JournalledSend,
    Message,
    MessageState,
    RelayStatus,
)
from nps_portal.outbox.queries import outbox_health
from nps_portal.surveys.commands import ensure_default_survey
from tests.delivery.queue import queue, states, the_message
from tests.support import factories
from tests.support.clock import FixedClock
from tests.support.smtp_server import SinkServer


def fits() -> bool:
    with unit_of_work(WORKER) as work:
        return check_fence(work)


def status() -> RelayStatus:
    reading().rollback()
    return outbox_health(reading()).status


def instance() -> Path:
    return process_settings().instance_dir


def forget_that_it_left() -> None:
    """Put the only message back to where an older copy of the database would have it."""
    with factories.work() as work:
        work.session.execute(
            sa.update(Message).values(
                state=MessageState.QUEUED, committed_at=None, sent_at=None, owner=None
            )
        )


@pytest.fixture
def sent(sending: Flask, sink: SinkServer) -> Flask:
    """Give an application that has sent one email."""
    queue("zoe@example.org")
    assert deliver_due_messages(sending, threading.Event()) == 1
    return sending


def test_a_line_stands_in_the_journal_for_what_has_left(sent: Flask) -> None:
    (line,) = ledger.last_lines()

    message = the_message()
    assert (line.public_id, line.at) == (message.public_id, message.committed_at)
    assert line.address_digest == ledger.address_digest("zoe@example.org")
    (file,) = instance().glob("sent-*.log")
    assert "zoe" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_a_database_that_knows_what_has_left_is_let_through(sent: Flask) -> None:
    assert fits()


def test_a_restored_database_sends_nothing_and_says_why(sent: Flask, sink: SinkServer) -> None:
    forget_that_it_left()

    tried = deliver_due_messages(sent, threading.Event())

    assert (tried, states()) == (0, ["queued"])
    assert status() is RelayStatus.FENCED
    assert "older than what has left" in outbox_health(reading()).reason
    assert len(sink.accepted) == 1


def test_marking_what_the_journal_knows_lets_the_rest_go_on(sent: Flask, sink: SinkServer) -> None:
    forget_that_it_left()
    queue("adam@example.org")
    assert not fits()

    with factories.work() as work:
        changed = reconcile(work)
    deliver_due_messages(sent, threading.Event())

    assert changed == 1
    assert states() == ["sent", "sent"]
    assert [one.recipient for one in sink.accepted] == ["zoe@example.org", "adam@example.org"]
    assert fits()


def test_a_person_asked_by_a_forgotten_message_counts_as_asked(sent: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, email="zoe@example.org")
        survey = ensure_default_survey(work)
        work.session.execute(sa.delete(Message))
    assert not fits()

    with factories.work() as work:
        reconcile(work)
        (decision,) = may_be_asked(work.session, [contact.id], survey, work.now)

    assert decision.reason is Reason.ASKED_TODAY


def test_the_owner_may_go_on_with_the_database_as_it_is(sent: Flask, sink: SinkServer) -> None:
    forget_that_it_left()
    assert not fits()

    with factories.work() as work:
        lift(work)
    deliver_due_messages(sent, threading.Event())

    assert states() == ["sent"]
    assert len(sink.accepted) == 2


def test_the_same_copy_restored_twice_is_fenced_twice(sent: Flask) -> None:
    forget_that_it_left()
    with factories.work() as work:
        lift(work)
        work.session.execute(sa.delete(JournalledSend))

    assert not fits()


def test_a_database_of_another_installation_is_fenced(sent: Flask) -> None:
    (instance() / ID_FILE).write_text("another\n")

    assert not fits()
    assert "another installation" in outbox_health(reading()).reason


def test_a_new_database_in_a_directory_that_has_sent_is_fenced(sent: Flask) -> None:
    with factories.work() as work:
        work.session.execute(sa.delete(Message))
        work.session.execute(sa.delete(Installation))

    assert not fits()


def test_a_line_that_a_crash_has_cut_off_says_nothing(sent: Flask) -> None:
    (file,) = instance().glob("sent-*.log")
    with file.open("a") as journal:
        journal.write("2026-11-20T08:00")

    (line,) = ledger.last_lines()

    assert line.public_id == the_message().public_id
    assert fits()


def test_no_dot_is_said_when_the_journal_cannot_be_written(
    sending: Flask, sink: SinkServer, clock: FixedClock
) -> None:
    (instance() / f"sent-{clock.now():%Y%m}.log").mkdir()
    queue("zoe@example.org")

    deliver_due_messages(sending, threading.Event())

    assert sink.accepted == []
    assert states() == ["queued"]
    assert status() is RelayStatus.UNREACHABLE
    assert "journal cannot be written" in outbox_health(reading()).reason
