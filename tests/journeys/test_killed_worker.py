"""A worker killed in the middle of a batch, again and again: nobody twice, nobody lost."""

import random
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from tests.conftest import MakeDatabase
from tests.support.portal import open_portal, wait_until
from tests.support.smtp_server import SinkServer

PEOPLE = 300
KILLS = 4
CONNECTIONS = 2
SECRET = "only-for-tests-0123456789"


def test_a_killed_worker_mails_nobody_twice_and_loses_nobody(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    lines = ["Email;Name", *(f"p{number}@example.org;Person {number}" for number in range(PEOPLE))]
    (tmp_path / "people.csv").write_text("\n".join(lines), encoding="utf-8")
    database_url = make_database(tmp_path, "killed")
    chance = random.Random(5)

    with SinkServer() as sink:
        environment = {
            "NPS_INSTANCE_DIR": str(tmp_path),
            "NPS_SECRET_KEY": SECRET,
            "NPS_DATABASE_URL": database_url,
            "NPS_MAIL_SERVER": "127.0.0.1",
            "NPS_MAIL_PORT": str(sink.port),
            "NPS_MAIL_FROM": "feedback@acme.example",
            "NPS_MAIL_CONNECTIONS": str(CONNECTIONS),
            "NPS_BUSINESS_NAME": "Acme Supplies",
            "NPS_POSTAL_ADDRESS": "1 High Street, Anytown",
        }
        with open_portal(tmp_path, environment) as portal:
            portal.command("migrate")
            portal.command("import", "contacts", str(tmp_path / "people.csv"))
            portal.command("send", "default", "--all")
            for _ in range(KILLS):
                worker = portal.start("worker")
                wanted = len(sink.accepted) + chance.randint(5, 40)
                wait_until(partial(_has_accepted, sink, wanted), 60, "some emails")
                portal.kill(worker)
            portal.start("worker")
            wait_until(lambda: _all_settled(database_url), 120, "every message settled")
        recipients = [one.recipient for one in sink.accepted]

    states = _people_by_state(database_url)
    assert len(recipients) == len(set(recipients))
    assert set(states) <= {"sent", "uncertain"}
    assert len(states["sent"]) + len(states.get("uncertain", ())) == PEOPLE
    assert states["sent"] <= set(recipients)
    assert len(states.get("uncertain", ())) <= KILLS * CONNECTIONS


def _has_accepted(sink: SinkServer, wanted: int) -> bool:
    return len(sink.accepted) >= wanted


def _all_settled(database_url: str) -> bool:
    states = _people_by_state(database_url)
    return sum(map(len, states.values())) == PEOPLE and not states.keys() & {
        "queued",
        "claimed",
        "committing",
    }


def _people_by_state(database_url: str) -> dict[str, set[str]]:
    """Read the messages as an operator with a database console would."""
    engine = sa.create_engine(database_url)
    found: dict[str, set[str]] = {}
    with engine.connect() as connection:
        for state, address in connection.execute(
            sa.text("SELECT state, recipient_email FROM messages")
        ):
            found.setdefault(state, set()).add(address)
    engine.dispose()
    return found
