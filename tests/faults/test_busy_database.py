"""R12: somebody else holds the database's write lock for longer than anybody waits."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import sqlalchemy as sa

from nps_portal.foundation.database import BUSY_TIMEOUT_SECONDS, Base, db
from tests.conftest import MakeDatabase
from tests.faults.customers import answers, customers
from tests.faults.installation import ask, open_installation, people_by_state
from tests.support.smtp_server import Delay

PEOPLE = 30
# What a page may take beside the waiting, on a machine that has other things to do.
MARGIN_SECONDS = 5.0


@contextmanager
def write_lock() -> Iterator[None]:
    """Hold the write lock from outside the portal's processes."""
    if db.engine.dialect.name == "sqlite":
        connection = sqlite3.connect(db.engine.url.database or "", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
        connection.close()
        return
    with db.engine.connect() as locking:
        for table in sorted(Base.metadata.tables):
            locking.execute(sa.text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        yield
        locking.rollback()


def test_r12_a_locked_database_costs_patience_and_nothing_else(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_installation(tmp_path, make_database(tmp_path, "locked")) as installation:
        installation.sink.fail_at("kept", Delay(0.1))
        ask(PEOPLE)
        installation.portal.start("run")
        installation.portal.wait_until_it_answers()
        installation.wait_until_sent(3)
        first, second = customers(installation.portal.url)[:2]
        page = second.open()

        with write_lock(), ThreadPoolExecutor() as browsers:
            opening = browsers.submit(timed, first.open)
            signing_in = browsers.submit(
                timed, lambda: httpx.get(f"{installation.portal.url}/sign-in", timeout=60)
            )
            sending = browsers.submit(timed, lambda: second.send(page, 9, "Kept in the form."))
            waited = [one.result() for one in (opening, signing_in, sending)]
        again = second.send(waited[2][1], 9, "Kept in the form.")
        installation.wait_until_settled()

        log = installation.portal.log.read_text()
        assert [answer.status_code for _, answer in waited] == [200, 200, 503], log
        assert max(seconds for seconds, _ in waited) < BUSY_TIMEOUT_SECONDS + MARGIN_SECONDS
        assert waited[2][1].headers["Retry-After"]
        assert "Kept in the form." in waited[2][1].text
        assert again.status_code == 303
        assert answers() == [(second.email, 9, "Kept in the form.")]
        assert sorted(installation.recipients) == sorted(people_by_state()["sent"])
        assert len(installation.recipients) == PEOPLE


def timed(act: Callable[[], httpx.Response]) -> tuple[float, httpx.Response]:
    """Return how long a request takes, and its answer."""
    started = time.monotonic()
    answer = act()
    return time.monotonic() - started, answer
