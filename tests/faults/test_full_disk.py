"""R11: the disk is full; the machine must let us mount a small one of our own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.delivery import ledger
from nps_portal.foundation.database import db, reading
from nps_portal.outbox.models import Message, RelayStatus
from nps_portal.outbox.queries import outbox_health
from tests.conftest import MakeDatabase, environment
from tests.delivery.queue import queue, states, use_server
from tests.faults.customers import answers, customers
from tests.faults.installation import (
    CONNECTIONS,
    ask,
    new_sqlite,
    open_installation,
    people_by_state,
)
from tests.faults.turns import deliver
from tests.support.clock import FixedClock
from tests.support.portal import wait_until
from tests.support.smtp_server import Delay, SinkServer

COMMENT = "Nothing is as it was. " * 180


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a directory on a disk of four megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if shutil.which("mount") is None:
        pytest.skip("R11 NOT PROVEN HERE: there is no mount command for a small disk")
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"R11 NOT PROVEN HERE: no small disk can be mounted: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave not a byte free on a disk inside the block."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()


def test_r11_a_full_disk_loses_nothing_and_needs_no_restart(small_disk: Path) -> None:
    with open_installation(small_disk, new_sqlite(small_disk)) as installation:
        installation.sink.fail_at("kept", Delay(0.2))
        ask(40)
        installation.portal.start("run")
        installation.portal.wait_until_it_answers()
        installation.wait_until_sent(4)
        asked = [(one, one.open()) for one in customers(installation.portal.url)]

        with full(small_disk):
            taken: list[tuple[str, int, str]] = []
            for customer, page in asked:
                answer = customer.send(page, 3, COMMENT)
                if answer.status_code != 303:
                    break
                taken.append((customer.email, 3, COMMENT.strip()))
            wait_until(lambda: "not recorded yet" in installation.log, 20, "a worker that waits")
            stored = answers()
        wait_until(lambda: customer.send(page, 3, COMMENT).status_code == 303, 10, "an answer")
        installation.wait_until_settled()

        assert_refused_with_the_form_kept(answer)
        assert stored == sorted(taken)
        assert answers() == sorted([*taken, (customer.email, 3, COMMENT.strip())])
        assert "worker died" not in installation.portal.log.read_text()
        by_state = people_by_state()
        assert by_state.keys() <= {"sent", "uncertain"}
        assert len(by_state.get("uncertain", ())) <= CONNECTIONS
        assert len(installation.recipients) == len(set(installation.recipients))
        integrity = reading().execute(sa.text("PRAGMA integrity_check")).scalar()
    assert integrity == "ok"


def assert_refused_with_the_form_kept(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert COMMENT.strip() in answer.text
    assert 'name="nonce"' in answer.text


def test_r11_no_dot_is_said_while_the_sending_journal_cannot_be_written(
    make_database: MakeDatabase, tmp_path: Path, small_disk: Path, clock: FixedClock
) -> None:
    app = create_app(load_settings(environment(small_disk, make_database(tmp_path))), clock)
    with app.app_context(), SinkServer() as sink:
        use_server(sink.port)
        # 55 lines of 74 bytes leave 26 bytes of the block of 4096 that the journal has on the disk.
        queue(*[f"former{number}@example.org" for number in range(55)])
        deliver(app)

        with full(small_disk):
            queue(*[f"c{number}@example.org" for number in range(20)])
            deliver(app)
            waiting, accepted, health = states(), len(sink.accepted), outbox_health(reading())
        clock.advance(seconds=10)
        deliver(app)
        left = set(reading().scalars(sa.select(Message.public_id)))
        journalled = {line.public_id for line in ledger.all_lines()}
        db.session.remove()
        db.engine.dispose()

    assert (waiting[55:], accepted) == (["queued"] * 20, 55)
    assert health.status is RelayStatus.UNREACHABLE
    assert "journal cannot be written" in health.reason
    assert len(sink.accepted) == len({one.recipient for one in sink.accepted}) == 75
    assert journalled == left
