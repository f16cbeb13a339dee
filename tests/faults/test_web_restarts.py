"""R17, R18: the web server is stopped or killed while people answer, and the power fails."""

import contextlib
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import sqlalchemy as sa

from nps_portal.foundation.database import reading
from nps_portal.responses.models import ResponseRevision
from nps_portal.worker.loop import run_until_idle
from tests.conftest import MakeDatabase
from tests.faults.customers import Customer, answers, customers
from tests.faults.installation import Installation, ask, new_sqlite, open_installation
from tests.support.portal import wait_until

PEOPLE = 200
AT_ONCE = 20
RETRY_SECONDS = 0.1


def kill_all(process: subprocess.Popen[bytes], installation: Installation) -> None:
    """End a process and all below it with SIGKILL, as a power cut would."""
    below = psutil.Process(process.pid).children(recursive=True)
    installation.portal.kill(process)
    for one in below:
        # They end with their parent by themselves, maybe just before.
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(below, 10)


def test_r17_every_acknowledged_answer_is_stored_once_through_restarts(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_installation(tmp_path, make_database(tmp_path, "restarts")) as installation:
        ask(PEOPLE)
        run_until_idle(installation.app)
        everybody = customers(installation.portal.url)
        web = installation.portal.start("web")
        installation.portal.wait_until_it_answers()

        tally = Tally()
        with ThreadPoolExecutor(AT_ONCE) as browsers:
            answered = [
                browsers.submit(answer_until_taken, one, number % 11, tally)
                for number, one in enumerate(everybody)
            ]
            wait_until(lambda: tally.taken >= PEOPLE // 4, 30, "the first answers")
            installation.portal.stop(web)
            web = installation.portal.start("web")
            wait_until(lambda: tally.taken >= PEOPLE // 2, 30, "answers after SIGTERM")
            kill_all(web, installation)
            installation.portal.start("web")
            for one in answered:
                one.result(60)

        wanted = [(one.email, number % 11, f"No. {number}") for number, one in enumerate(everybody)]
        assert answers() == sorted(wanted)
        assert tally.retries > 0
        revisions = sa.select(sa.func.count()).select_from(ResponseRevision)
        assert reading().scalar(revisions) == PEOPLE


class Tally:
    """How many answers were taken, and how many tries were in vain."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken = 0
        self.retries = 0

    def took(self) -> None:
        """Count an answer that was taken."""
        with self._lock:
            self.taken += 1

    def failed(self) -> None:
        """Count a try that was in vain."""
        with self._lock:
            self.retries += 1


def answer_until_taken(customer: Customer, score: int, tally: Tally) -> None:
    """Open the page and send the form, again and again until the portal has thanked."""
    comment = f"No. {customer.email[1:].partition('@')[0]}"
    while True:
        try:
            if customer.send(customer.open(), score, comment).status_code == 303:
                tally.took()
                return
        except httpx.TransportError:
            pass
        tally.failed()
        time.sleep(RETRY_SECONDS)


def test_r18_after_a_power_cut_the_last_acknowledged_answer_is_there(tmp_path: Path) -> None:
    with open_installation(tmp_path, new_sqlite(tmp_path)) as installation:
        ask(PEOPLE)
        run_until_idle(installation.app)
        everybody = customers(installation.portal.url)
        running = installation.portal.start("run")
        installation.portal.wait_until_it_answers()

        acknowledged: list[str] = []
        client = threading.Thread(target=answer_in_turn, args=(everybody, acknowledged))
        client.start()
        wait_until(lambda: len(acknowledged) >= 20, 30, "some answers")
        kill_all(running, installation)
        client.join()
        copy = tmp_path / "copy"
        copy.mkdir()
        for name in ("nps.sqlite", "nps.sqlite-wal"):
            shutil.copyfile(tmp_path / name, copy / name)

    with sqlite3.connect(copy / "nps.sqlite") as database:
        integrity = database.execute("PRAGMA integrity_check").fetchall()
        stored = {
            email
            for (email,) in database.execute(
                "SELECT email FROM responses JOIN contacts ON contacts.id = contact_id"
            )
        }
    assert integrity == [("ok",)]
    assert set(acknowledged) <= stored
    assert len(stored) <= len(acknowledged) + 1


def answer_in_turn(everybody: Sequence[Customer], acknowledged: list[str]) -> None:
    """Answer one after the other until the portal is gone."""
    for customer in everybody:
        try:
            taken = customer.send(customer.open(), 10).status_code == 303
        except httpx.TransportError:
            return
        if taken:
            acknowledged.append(customer.email)
