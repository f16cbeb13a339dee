"""The database under many requests at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from flask import Flask

from nps_portal.config import WEB_THREADS
from nps_portal.foundation import heartbeats
from nps_portal.foundation.database import TURN_SECONDS, db, engine_options, reading
from nps_portal.foundation.work import WORKER, unit_of_work

LONGEST_WAIT_SECONDS = 10.0


def test_every_thread_can_read_and_write_at_once(app: Flask) -> None:
    all_have_read = threading.Barrier(WEB_THREADS, timeout=LONGEST_WAIT_SECONDS)

    def read_then_write(number: int) -> None:
        with app.app_context():
            reading().execute(sa.text("SELECT 1"))
            all_have_read.wait()
            with unit_of_work(WORKER) as work:
                heartbeats.beat(work, f"thread {number}")

    with ThreadPoolExecutor(WEB_THREADS) as threads:
        list(threads.map(read_then_write, range(WEB_THREADS)))

    table = heartbeats.Heartbeat.__table__
    assert db.session.scalar(sa.select(sa.func.count()).select_from(table)) == WEB_THREADS


def test_postgresql_waits_for_a_lock_no_longer_than_sqlite() -> None:
    ours = engine_options("postgresql+psycopg://u@localhost/nps", threads=4)
    theirs = engine_options("postgresql+psycopg://u@localhost/nps?options=-c%20x=1", threads=4)

    assert ours["connect_args"] == {"options": "-c lock_timeout=10s"}
    assert theirs["connect_args"] == {}


def test_a_writer_gets_its_turn_beside_one_who_hardly_lets_go(app: Flask) -> None:
    stopping, has_begun = threading.Event(), threading.Event()
    turns: list[int] = []

    def write_for_long() -> None:
        with app.app_context():
            other = db.engine.raw_connection()
            while not stopping.is_set():
                other.execute("BEGIN IMMEDIATE" if is_sqlite else "BEGIN")
                turns.append(1)
                has_begun.set()
                stopping.wait(0.03)
                other.execute("ROLLBACK")
                stopping.wait(TURN_SECONDS)
            other.close()

    is_sqlite = db.engine.dialect.name == "sqlite"
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write_for_long)
        for number in range(10):
            has_begun.clear()
            has_begun.wait(LONGEST_WAIT_SECONDS)
            with unit_of_work(WORKER) as work:
                heartbeats.beat(work, f"turn {number}")
        stopping.set()
        writing.result()

    # Each waits for one turn, and for another one when the machine is busy.
    assert len(turns) < 40
