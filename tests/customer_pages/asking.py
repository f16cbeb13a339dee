"""Customers who were asked: invitations, links, and what a browser sends back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from werkzeug.test import TestResponse

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import db
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.responses.models import Response, ResponseRevision
from nps_portal.visits.models import Visit
from nps_portal.worker.loop import run_until_idle
from tests.support import factories
from tests.support.clock import FixedClock


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One Contact who has got the survey by email, with the paths of its two links."""

    contact_id: int
    invitation_id: int
    public_id: str
    path: str
    unsubscribe_path: str


def ask(app: Flask, name: str = "Marta Lindqvist", company: str = "") -> Asked:
    """Make a Contact and let the email leave."""
    with factories.work() as work:
        factories.make_business(work)
        contact = factories.make_contact(work, name=name, company=company)
        factories.make_batch(work, [contact])
    run_until_idle(app)
    return asked(contact)


def ask_again(app: Flask, contact_id: int) -> Asked:
    """Let another email leave to a Contact; the clock must stand late enough."""
    with factories.work() as work:
        contact = work.session.get_one(Contact, contact_id)
        factories.make_batch(work, [contact])
    run_until_idle(app)
    return asked(contact)


def asked(contact: Contact) -> Asked:
    """Return the last Invitation of a Contact."""
    with factories.work() as work:
        row = work.session.execute(
            sa.select(Invitation.id, Invitation.public_id)
            .where(Invitation.contact_id == contact.id)
            .order_by(Invitation.id.desc())
        ).first()
    assert row is not None, f"{contact.email} was never invited"
    return Asked(
        contact_id=contact.id,
        invitation_id=row.id,
        public_id=row.public_id,
        path=f"/s/{make_token(Purpose.SURVEY, row.public_id)}",
        unsubscribe_path=f"/u/{make_token(Purpose.UNSUBSCRIBE, row.public_id)}",
    )


def nonce_in(page: TestResponse) -> str:
    """Return the proof of origin that a form carries."""
    found = re.search(r'name="nonce" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def take_time(seconds: float = 20) -> None:
    """Let the time pass that a person takes; who sends at once is held for a machine."""
    clock = current_clock()
    assert isinstance(clock, FixedClock), "only a test's clock can be moved"
    clock.advance(seconds=seconds)


def answer(client: FlaskClient, path: str, score: int | str, comment: str = "") -> TestResponse:
    """Open the form some time after the email and send it, as a person does."""
    take_time()
    nonce = nonce_in(client.get(path))
    take_time()
    return client.post(path, data={"nonce": nonce, "score": str(score), "comment": comment})


def thanked(client: FlaskClient, path: str, score: int, comment: str = "") -> TestResponse:
    """Answer, and open the page that one is led to."""
    return client.get(answer(client, path, score, comment).headers["Location"])


def change_survey(**columns: Any) -> None:
    """Set how the ready-made Survey looks and what it offers."""
    with factories.work() as work:
        survey = factories.make_survey(work)
        for name, value in columns.items():
            setattr(survey, name, value)
        survey.version += 1


def speak(contact_id: int, language: str) -> None:
    """Let a Contact speak a language."""
    with factories.work() as work:
        work.session.get_one(Contact, contact_id).language = language


def chosen_in(page: TestResponse) -> list[int]:
    """Return the scores that a form has checked."""
    found = re.findall(r'value="(\d+)"[^>]*checked', page.text)
    return [int(score) for score in found]


def responses() -> list[Response]:
    """Return all responses, oldest first."""
    with factories.work() as work:
        return list(work.session.scalars(sa.select(Response).order_by(Response.id)))


def revisions() -> list[ResponseRevision]:
    """Return all revisions, oldest first."""
    with factories.work() as work:
        return list(work.session.scalars(sa.select(ResponseRevision).order_by(ResponseRevision.id)))


def visits() -> list[Visit]:
    """Return all visits, oldest first."""
    with factories.work() as work:
        return list(work.session.scalars(sa.select(Visit).order_by(Visit.id)))


@contextmanager
def busy_database() -> Iterator[None]:
    """Let somebody else hold the tables, and let writers give up soon instead of in 10 s."""
    is_sqlite = db.engine.dialect.name == "sqlite"

    def hurry(connection: DBAPIConnection, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 50" if is_sqlite else "SET lock_timeout = 50")
        cursor.close()

    other = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    event.listen(db.engine, "checkout", hurry)
    try:
        with other.connect() as blocker:
            tables = "visits, responses, suppressions, users, sessions"
            lock = f"LOCK TABLE {tables} IN EXCLUSIVE MODE"
            blocker.exec_driver_sql("BEGIN IMMEDIATE" if is_sqlite else lock)
            yield
            blocker.rollback()
    finally:
        event.remove(db.engine, "checkout", hurry)
        other.dispose()
        # The hurried connections go, so that what follows waits as long as it should.
        db.session.remove()
        db.engine.dispose()
