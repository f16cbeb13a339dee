"""What the faults share: a mail server, and an installation that sends through it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.delivery.queue import use_server
from tests.faults.faked_time import LIBRARY
from tests.support.smtp_server import SinkServer

# A real clock that leaps needs a library; the injected one of `test_clocks.py` runs anywhere.
collect_ignore = [] if LIBRARY else ["test_leaping_clocks.py"]


# What two databases do differently: claims, locks, restored rows. The other faults lie with mail
# servers, clocks and disks, and one turn on SQLite shows them.
OF_THE_DATABASE = ("killed_workers", "restored_database", "stopped_sends", "web_restarts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on PostgreSQL, the faults that the database has no part in."""
    if config.getoption("--database") == "sqlite":
        return
    here = Path(__file__).parent
    left_out = [
        item
        for item in items
        if item.path.parent == here
        and not item.path.stem.removeprefix("test_").startswith(OF_THE_DATABASE)
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


@pytest.fixture
def sink() -> Iterator[SinkServer]:
    """Give a mail server that works until it is told to fail."""
    with SinkServer() as server:
        yield server


@pytest.fixture
def sending(app: Flask, sink: SinkServer) -> Flask:
    """Give an application whose mail server is the sink."""
    use_server(sink.port)
    return app
