"""A worker that is killed in the middle: nothing is lost, nothing is done twice."""

import io
import os
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.work import COMMAND_LINE, WORKER
from nps_portal.imports.commands import choice_of, confirm_import
from nps_portal.imports.models import Import, ImportState
from nps_portal.imports.running import run_import
from nps_portal.imports.taking_in import take_in
from nps_portal.imports.undo_commands import start_undo
from nps_portal.journal.models import Event
from tests.support import factories

ROWS = 12_000
# Says so after each piece, and waits for nobody.
WORKING = """
import sys, threading
from nps_portal import create_app
from nps_portal.foundation.work import WORKER
from nps_portal.imports.running import run_import
with create_app().app_context():
    run_import(int(sys.argv[1]), WORKER, threading.Event(), lambda _: print("piece", flush=True))
"""


@pytest.fixture
def import_id(app: Flask) -> int:
    """Give an import that is confirmed and not begun."""
    rows = "".join(f"c{n}@shop{n % 50}.example,Person {n},Shop {n % 50}\n" for n in range(ROWS))
    number = take_in(COMMAND_LINE, io.BytesIO(f"Email,Name,Company\n{rows}".encode()), "x.csv")
    with factories.work() as work:
        confirm_import(work, number, choice_of(work.session.get_one(Import, number)))
    reading().rollback()
    return number


def work_and_be_killed(app: Flask, import_id: int, pieces: int) -> None:
    db.session.remove()
    environment = os.environ | {
        "NPS_INSTANCE_DIR": app.instance_path,
        "NPS_DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "NPS_SECRET_KEY": str(app.secret_key),
        "NPS_PUBLIC_URL": "http://localhost",
    }
    with subprocess.Popen(
        [sys.executable, "-c", WORKING, str(import_id)], env=environment, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout is not None
        for _ in range(pieces):
            assert worker.stdout.readline() == b"piece\n"
        worker.kill()


def found(import_id: int) -> Import:
    reading().rollback()
    return reading().get_one(Import, import_id, populate_existing=True)


def count(what: sa.Select[int]) -> int:
    reading().rollback()
    return reading().scalar(what) or 0


PEOPLE = sa.select(sa.func.count(Contact.id))
IMPORTED = sa.select(sa.func.count()).where(Event.kind == "contact.imported")


def test_an_import_that_was_killed_goes_on_and_repeats_nothing(app: Flask, import_id: int) -> None:
    work_and_be_killed(app, import_id, pieces=2)
    halfway = found(import_id).rows_done

    run_import(import_id, WORKER, threading.Event())

    assert 0 < halfway < ROWS
    done = found(import_id)
    assert (done.state, done.added, done.rows_done) == (ImportState.FINISHED, ROWS, ROWS)
    assert count(PEOPLE) == count(IMPORTED) == ROWS


def test_an_undo_that_was_killed_goes_on_and_leaves_nobody(app: Flask, import_id: int) -> None:
    run_import(import_id, WORKER, threading.Event())
    with factories.work() as work:
        start_undo(work, import_id)

    work_and_be_killed(app, import_id, pieces=2)
    halfway = found(import_id).taken_back
    run_import(import_id, WORKER, threading.Event())

    assert 0 < halfway < ROWS
    done = found(import_id)
    assert (done.state, done.taken_back, done.left_alone) == (ImportState.UNDONE, ROWS, 0)
    assert count(PEOPLE) == count(IMPORTED) == 0
