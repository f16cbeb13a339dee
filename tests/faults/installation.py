"""One installation under faults: a real database, a real mail server, and real processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from nps_portal import create_app
from nps_portal.batches.audience import Audience
from nps_portal.batches.commands import BatchPlan, schedule_batch
from nps_portal.batches.models import Batch, BatchState
from nps_portal.config import load_settings
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.schema import migrate
from nps_portal.outbox.models import UNFINISHED, Message
from tests.conftest import environment
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.portal import Portal, open_portal, wait_until
from tests.support.smtp_server import SinkServer

CONNECTIONS = 2


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What a test holds of one: `app` looks into the same database as the processes."""

    app: Flask
    portal: Portal
    sink: SinkServer

    def owner(self) -> PortalClient:
        """Return a browser in which the owner is signed in."""
        client = self.app.test_client()
        assert isinstance(client, PortalClient)
        client.sign_in(factories.OWNER, factories.PASSWORD)
        return client

    def wait_until_sent(self, wanted: int) -> None:
        """Wait until the mail server has accepted so many emails."""
        assert self.sink.wait_until(lambda: len(self.sink.accepted) >= wanted, 60), self.log

    def wait_until_settled(self, seconds: float = 60) -> None:
        """Wait until every Batch is planned and no message is under way."""
        wait_until(_all_settled, seconds, f"every message settled; {self.log}")

    @property
    def recipients(self) -> list[str]:
        """Whom the mail server has accepted an email for, in order."""
        return [one.recipient for one in self.sink.accepted]

    @property
    def log(self) -> str:
        """The last that the processes have said."""
        return self.portal.log.read_text()[-3000:] if self.portal.log.exists() else ""


@contextmanager
def open_installation(
    directory: Path, database_url: str, **settings: str
) -> Iterator[Installation]:
    """Give an installation with an owner, inside its application's context."""
    with SinkServer() as sink:
        wanted = {
            **environment(directory, database_url),
            "NPS_MAIL_SERVER": "127.0.0.1",
            "NPS_MAIL_PORT": str(sink.port),
            "NPS_MAIL_CONNECTIONS": str(CONNECTIONS),
            **settings,
        }
        app = create_app(load_settings(wanted))
        app.test_client_class = PortalClient
        with app.app_context(), open_portal(directory, wanted) as portal:
            with factories.work() as work:
                factories.make_business(work)
                factories.make_owner(work)
            try:
                yield Installation(app=app, portal=portal, sink=sink)
            finally:
                portal.stop_all()
                db.session.remove()
                db.engine.dispose()


def ask(people: int, name: str = "p") -> Batch:
    """Send to so many new people now: <name>0@example.org and so on."""
    return schedule(name, people=people, after=timedelta())


def schedule(name: str, *, people: int, after: timedelta) -> Batch:
    """Decide a send to so many new people, for some time from now."""
    with factories.work() as work:
        contacts = [
            factories.make_contact(work, f"{name}{number}@example.org") for number in range(people)
        ]
        plan = BatchPlan(
            survey_id=factories.make_survey(work).id,
            audience=Audience(contact_ids=tuple(one.id for one in contacts)),
            name=name,
            at=work.now + after,
        )
        return schedule_batch(work, plan)


def batch_states() -> dict[str, BatchState]:
    """Return where every Batch stands, by its name."""
    reading().rollback()
    return dict(reading().execute(sa.select(Batch.name, Batch.state)).all())


def people_by_state() -> dict[str, set[str]]:
    """Return who stands where."""
    reading().rollback()
    found: dict[str, set[str]] = {}
    for state, address in reading().execute(sa.select(Message.state, Message.recipient_email)):
        found.setdefault(state.value, set()).add(address)
    return found


def _all_settled() -> bool:
    reading().rollback()
    begins = Batch.state.in_([BatchState.SCHEDULED, BatchState.RUNNING])
    unplanned = sa.select(Batch.id).where(Batch.planned_at.is_(None), begins)
    unfinished = sa.select(Message.id).where(Message.state.in_(UNFINISHED))
    return not reading().scalars(unplanned.union_all(unfinished).limit(1)).all()


def new_sqlite(directory: Path) -> str:
    """Make an empty SQLite database where only that will do, and return its address."""
    database_url = f"sqlite:///{directory / 'nps.sqlite'}"
    app = create_app(load_settings(environment(directory, database_url)))
    with app.app_context():
        migrate()
        db.engine.dispose()
    return database_url
