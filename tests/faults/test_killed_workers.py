"""R1, R15, R16: workers that are killed, and workers side by side: nobody twice, nobody lost."""

import random
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from nps_portal.foundation.database import reading
from nps_portal.journal.models import Event
from nps_portal.outbox.models import Message
from tests.conftest import MakeDatabase
from tests.faults.installation import (
    Installation,
    ask,
    open_installation,
    people_by_state,
    schedule,
)
from tests.support.smtp_server import Delay

PEOPLE = 400
KILLS = 4
# PostgreSQL is there for several workers; SQLite's usual installation has one.
WORKERS = {"sqlite": 1, "postgresql": 4}


@pytest.mark.parametrize("connections", [1, 4])
def test_r1_killed_workers_mail_nobody_twice_and_lose_nobody(
    make_database: MakeDatabase, tmp_path: Path, connections: int
) -> None:
    database_url = make_database(tmp_path, "kills")
    workers = WORKERS[database_url.partition("+")[0].partition(":")[0]]
    chance = random.Random(connections)

    with open_installation(
        tmp_path, database_url, NPS_MAIL_CONNECTIONS=str(connections)
    ) as installation:
        installation.sink.fail_at("kept", Delay(0.005 * connections))
        ask(PEOPLE)
        running = [installation.portal.start("worker") for _ in range(workers)]
        for _ in range(KILLS):
            installation.wait_until_sent(
                len(installation.recipients) + chance.randint(1, PEOPLE // KILLS // 2)
            )
            time.sleep(chance.uniform(0, 0.05))
            installation.portal.kill(running.pop(chance.randrange(workers)))
            running.append(installation.portal.start("worker"))
        installation.wait_until_settled()

        states = people_by_state()
        listed = installation.owner().get("/messages?state=uncertain").text
        assert_each_once(installation, states)

    uncertain = states.get("uncertain", set())
    assert len(states["sent"] | uncertain) == PEOPLE
    assert len(uncertain) <= KILLS * connections
    assert all(address in listed for address in uncertain)


def test_r15_two_workers_then_four_mail_nobody_twice(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_installation(tmp_path, make_database(tmp_path, "side_by_side")) as installation:
        installation.sink.fail_at("kept", Delay(0.01))
        for name in ("two", "four"):
            for _ in range(2):
                installation.portal.start("worker")
            ask(150, name)
            installation.wait_until_settled()

        assert_each_once(installation, people_by_state())
        assert len(installation.recipients) == 300
        owners = reading().scalars(sa.select(Message.owner)).all()

    assert len(set(owners)) >= 2


def test_r16_two_schedulers_start_and_plan_each_send_once(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_installation(tmp_path, make_database(tmp_path, "schedulers")) as installation:
        for _ in range(2):
            installation.portal.start("worker")
        names = [f"send{number}-" for number in range(8)]
        for number, name in enumerate(names):
            schedule(name, people=10, after=timedelta(seconds=number * 0.5))
        installation.wait_until_settled()

        assert sorted(installation.recipients) == sorted(
            f"{name}{number}@example.org" for name in names for number in range(10)
        )
        kinds = Counter(reading().scalars(sa.select(Event.kind)))

    assert (kinds["batch.started"], kinds["batch.planned"]) == (len(names), len(names))


def assert_each_once(installation: Installation, states: dict[str, set[str]]) -> None:
    """Check that everybody was mailed once, and that nobody is in doubt but the uncertain."""
    recipients = installation.recipients
    assert len(recipients) == len(set(recipients))
    assert states.keys() <= {"sent", "uncertain"}
    assert states["sent"] <= set(recipients)
    assert set(recipients) <= states["sent"] | states.get("uncertain", set())
