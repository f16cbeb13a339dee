"""What all tests share: a database of the asked kind, an application, and clients.

The schema is made once: SQLite tests get a copy of a migrated file, PostgreSQL tests a database
made from a migrated template. The application is made once as well, and furnished for each test.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from flask import Flask
from hypothesis import settings

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.foundation.database import db
from nps_portal.foundation.schema import migrate
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock
from tests.support.postgres import start_postgres
from tests.support.scratch import scratch_directory
from tests.support.standing import furnished

SECRET = "only-for-tests-0123456789"

# How long an example takes says more of what else runs here than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class MakeDatabase(Protocol):
    """Makes a migrated, empty database and returns its address.

    One with the same purpose as before replaces it, so a server that outlives a test needs a
    purpose of its own.
    """

    def __call__(self, directory: Path, purpose: str = "test") -> str:
        """Make it; a SQLite file is made in the directory."""
        ...


def pytest_configure() -> None:
    """Let `tmp_path` lie in memory, unless the one who calls pytest has said where."""
    scratch = scratch_directory()
    if scratch is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the database."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what drives a browser, and leave out, on PostgreSQL, what touches no database.

    That ran on SQLite's turn already.
    """
    for item in items:
        if item.path.stem.endswith("_browser"):
            item.add_marker(pytest.mark.browser)
    if config.getoption("--database") == "sqlite":
        return
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        has_one = "make_database" in getattr(item, "fixturenames", ())
        (kept if has_one else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def environment(instance: Path, database_url: str) -> dict[str, str]:
    """Return the settings of a test's portal."""
    return {
        "NPS_INSTANCE_DIR": str(instance),
        "NPS_SECRET_KEY": SECRET,
        "NPS_DATABASE_URL": database_url,
        "NPS_PUBLIC_URL": "http://localhost",
    }


def _migrate(database_url: str, instance: Path) -> None:
    app = create_app(load_settings(environment(instance, database_url)))
    with app.app_context():
        migrate()
        db.engine.dispose()


@pytest.fixture(scope="session")
def make_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeDatabase]:
    """Give the function that makes databases of the asked kind."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    instance = tmp_path_factory.mktemp("migrating")
    if request.config.getoption("--database") == "sqlite":
        template = instance / "template.sqlite"
        _migrate(f"sqlite:///{template}", instance)

        def copy(directory: Path, purpose: str = "test") -> str:
            shutil.copyfile(template, directory / "nps.sqlite")
            return f"sqlite:///{directory / 'nps.sqlite'}"

        yield copy
        return
    server = start_postgres(shared / "postgres")
    try:
        server.create_template("nps_template", lambda url: _migrate(url, instance))
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")

        def create(directory: Path, purpose: str = "test") -> str:
            return server.create_database(f"nps_{worker}_{purpose}", template="nps_template")

        yield create
    finally:
        server.stop()


@pytest.fixture
def clock() -> FixedClock:
    """Give the clock that the application reads."""
    return FixedClock()


@pytest.fixture(scope="session")
def standing_app(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Give the application that `app` furnishes for each test."""
    instance = tmp_path_factory.mktemp("standing")
    made = create_app(load_settings(environment(instance, make_database(instance))))
    made.test_client_class = PortalClient
    with made.app_context():
        # The dialect, which the engines of all tests share, learns from its first connection.
        db.engine.connect().close()
        db.engine.dispose()
    return made


@pytest.fixture
def app(
    standing_app: Flask, make_database: MakeDatabase, tmp_path: Path, clock: FixedClock
) -> Iterator[Flask]:
    """Give an application with an empty database, inside its context."""
    instance = tmp_path / "instance"
    instance.mkdir()
    settings = load_settings(environment(instance, make_database(instance)))
    with furnished(standing_app, settings, clock) as made, made.app_context():
        yield made
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> PortalClient:
    """Give a browser that is not signed in."""
    client = app.test_client()
    assert isinstance(client, PortalClient)
    return client


@pytest.fixture
def owner(app: Flask, client: PortalClient) -> PortalClient:
    """Give a browser in which the owner of a ready business is signed in."""
    with factories.work() as work:
        factories.make_business(work)
        factories.make_owner(work)
        factories.make_survey(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)
    return client
