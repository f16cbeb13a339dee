"""R19: yesterday's copy of the database is put back, or a database comes from elsewhere."""

import threading
from pathlib import Path

from flask import Flask

from nps_portal import create_app
from nps_portal.batches.audience import Audience
from nps_portal.batches.models import Reason
from nps_portal.batches.queries import dry_run
from nps_portal.config import load_settings
from nps_portal.delivery.fence import ID_FILE
from nps_portal.foundation.database import db, reading
from nps_portal.outbox.models import RelayStatus
from nps_portal.outbox.queries import outbox_health
from nps_portal.surveys.models import Survey
from nps_portal.worker.loop import run_until_idle
from tests.conftest import MakeDatabase, environment
from tests.delivery.queue import queue, states, use_server
from tests.faults.copies import Copy
from tests.faults.installation import ask, new_sqlite, open_installation, people_by_state
from tests.faults.turns import deliver
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock
from tests.support.portal import wait_until
from tests.support.smtp_record import Accepted
from tests.support.smtp_server import Delay, SinkServer

PEOPLE = 40
RECONCILIATION = "/messages/fence/reconciliation"


def relay_status() -> RelayStatus:
    reading().rollback()
    return outbox_health(reading()).status


def test_r19_a_restored_copy_sends_nothing_until_the_owner_decides_and_then_only_the_rest(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_installation(tmp_path, make_database(tmp_path, "restored")) as installation:
        installation.sink.fail_at("kept", Delay(0.05))
        ask(PEOPLE)
        for wanted in (10, 25):
            worker = installation.portal.start("worker")
            installation.wait_until_sent(wanted)
            installation.portal.stop(worker)
            if wanted == 10:
                copy = Copy(tmp_path)
        left = len(installation.recipients)

        copy.put_back()
        installation.portal.start("worker")
        ask(5, "new")
        wait_until(lambda: relay_status() is RelayStatus.FENCED, 30, "the fence")
        page = installation.owner().get("/messages").text
        while_fenced = len(installation.recipients)
        planned: set[str] = set().union(*people_by_state().values())
        installation.owner().post_form(RECONCILIATION)
        installation.wait_until_settled()

        recipients = installation.recipients
    assert left < PEOPLE
    assert while_fenced == left
    assert not any(one.startswith("new") for one in planned)
    assert "older than what has left" in page
    assert RECONCILIATION in page
    assert len(recipients) == len(set(recipients)) == PEOPLE + 5


def test_r19_a_send_that_the_copy_knows_nothing_of_reaches_nobody_twice(
    owner: PortalClient, app: Flask, clock: FixedClock, tmp_path: Path
) -> None:
    stopping = threading.Event()

    def stop_after_four(_: Accepted) -> None:
        if len(sink.accepted) == 4:
            stopping.set()

    with SinkServer(on_accepted=stop_after_four) as sink:
        use_server(sink.port)
        with factories.work() as work:
            contacts = [factories.make_contact(work) for _ in range(8)]
        run_until_idle(app)
        copy = Copy(tmp_path)
        with factories.work() as work:
            factories.make_batch(work, contacts)
        run_until_idle(app, stopping)

        copy.put_back()
        app.extensions.pop("nps_mail_manners")
        deliver(app)
        fenced, former = relay_status(), [one.recipient for one in sink.accepted]
        owner.post_form(RECONCILIATION)
        with factories.work() as work:
            factories.make_batch(work, contacts)
        excluded = dry_run(
            reading(),
            Audience(contact_ids=tuple(one.id for one in contacts)),
            reading().query(Survey).one(),
            clock.now(),
        )
        run_until_idle(app)

        recipients = [one.recipient for one in sink.accepted]
    assert fenced is RelayStatus.FENCED
    # The fourth and, on the other connection, perhaps one beside it.
    assert 4 <= len(former) < len(contacts)
    assert dict(excluded.not_asked) == {Reason.ASKED_TODAY: len(former)}
    assert sorted(recipients) == sorted(one.email for one in contacts)


def test_r19_a_database_in_the_place_of_another_installation_sends_nothing(
    make_database: MakeDatabase, tmp_path: Path, clock: FixedClock
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ID_FILE).write_text("another\n")

    assert moves_fenced(make_database(tmp_path), tmp_path, elsewhere, clock)


def test_r19_a_sqlite_database_moved_into_an_empty_place_sends_nothing(
    tmp_path: Path, clock: FixedClock
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    assert moves_fenced(new_sqlite(tmp_path), tmp_path, elsewhere, clock)


def moves_fenced(database_url: str, home: Path, elsewhere: Path, clock: FixedClock) -> bool:
    """Send from one place, go on from another, and tell whether the fence stopped it there."""
    with SinkServer() as sink:
        for place in (home, elsewhere):
            app = create_app(load_settings(environment(place, database_url)), clock)
            with app.app_context():
                use_server(sink.port)
                queue(f"{place.name}@example.org")
                deliver(app)
                status, where = relay_status(), states()
                db.session.remove()
                db.engine.dispose()
        recipients = [one.recipient for one in sink.accepted]
    assert recipients == [f"{home.name}@example.org"]
    assert where == ["sent", "queued"]
    return status is RelayStatus.FENCED
