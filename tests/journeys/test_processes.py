"""The processes of `nps-portal run`: they start, stop, are killed, and leave nothing behind."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import MakeDatabase
from tests.support.portal import Portal, open_portal, wait_until

SECRET = "only-for-tests-0123456789"


@pytest.fixture
def portal(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Portal]:
    """Give a portal that has not been started."""
    environment = {
        "NPS_INSTANCE_DIR": str(tmp_path),
        "NPS_SECRET_KEY": SECRET,
        "NPS_DATABASE_URL": make_database(tmp_path, "processes"),
    }
    with open_portal(tmp_path, environment) as opened:
        yield opened


@pytest.fixture
def running(portal: Portal) -> subprocess.Popen[bytes]:
    """Give the supervisor of a portal that answers."""
    process = portal.start("run")
    portal.wait_until_it_answers()
    wait_until(
        lambda: len(children(process.pid, "web")) == len(children(process.pid, "worker")) == 1,
        20,
        "web server and worker",
    )
    return process


def family(process_id: int) -> list[psutil.Process]:
    """Return the processes below one."""
    return list(psutil.Process(process_id).children(recursive=True))


def children(process_id: int, command: str) -> list[psutil.Process]:
    """Return the children that run a command now; one just forked does not yet."""
    found = []
    for process in psutil.Process(process_id).children():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if command in process.cmdline():
                found.append(process)
    return found


def port_is_free(portal: Portal) -> bool:
    """Tell whether nobody listens on the portal's port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", portal.port)) != 0


def all_gone(processes: list[psutil.Process]) -> bool:
    """Tell whether none of these runs any more."""
    return not any(map(runs, processes))


def runs(process: psutil.Process) -> bool:
    """Tell whether a process runs; it may end between one look and the next."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_asked_to_stop_it_ends_well_and_leaves_nothing(
    portal: Portal, running: subprocess.Popen[bytes]
) -> None:
    below = family(running.pid)

    code = portal.stop(running)

    assert code == 0
    assert all_gone(below)
    assert port_is_free(portal)


def test_a_worker_that_was_killed_is_started_again(
    portal: Portal, running: subprocess.Popen[bytes]
) -> None:
    (former,) = children(running.pid, "worker")

    former.kill()

    wait_until(lambda: bool(set(children(running.pid, "worker")) - {former}), 30, "another worker")
    assert running.poll() is None


@pytest.mark.parametrize("killed", ["run", "web"])
def test_a_kill_from_outside_leaves_no_process_on_the_port(
    portal: Portal, running: subprocess.Popen[bytes], killed: str
) -> None:
    below = family(running.pid)

    (web,) = children(running.pid, "web")

    (running if killed == "run" else web).kill()

    wait_until(lambda: all_gone(below), 30, "the end of every process")
    assert port_is_free(portal)


def test_a_second_start_on_the_same_port_says_so(
    portal: Portal, running: subprocess.Popen[bytes]
) -> None:
    second = portal.command("run")

    assert second.returncode == 1
    assert f"NPS_BIND: 127.0.0.1:{portal.port} cannot be used" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NPS_MAIL_PORT", "smtp"),
        ("NPS_TIME_ZONE", "Europe/Vienn"),
        ("NPS_PUBLIC_URL", "ftp://acme.example"),
        ("NPS_DATABASE_URL", "mysql://root@localhost/nps"),
        ("NPS_BIND", "8000"),
        ("NPS_SECRET_KEY", "short"),
        ("NPS_MAIL_PASSWORD_FILE", "/nowhere/at/all"),
        ("NPS_LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(
    tmp_path: Path, variable: str, value: str
) -> None:
    with open_portal(tmp_path, {"NPS_INSTANCE_DIR": str(tmp_path), variable: value}) as portal:
        started = portal.command("run")

    assert started.returncode == 2
    assert variable in started.stderr
    assert "Traceback" not in started.stderr
