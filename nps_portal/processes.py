"""The processes of the portal: the web server, the worker, and both together under one roof."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from nps_portal import create_app
from nps_portal.config import WEB_THREADS, Settings
from nps_portal.foundation.database import db
from nps_portal.foundation.errors import PortalError
from nps_portal.worker.loop import run_worker

LARGEST_BACKLOG = 1024
PARENT_CHECK_SECONDS = 1.0
RESTART_AFTER_SECONDS = 1.0
STOP_WITHIN_SECONDS = 30.0
# After a SIGKILL the processes that were left behind need as long to notice and to end.
PORT_FREE_WITHIN_SECONDS = 3.0

# Which process has started the web server's own; only our processes read it.
WEB_PARENT = "PORTAL_WEB_PARENT"

log = structlog.get_logger(__name__)


class AddressTaken(PortalError):
    """Another program listens where the web server should."""


def serve_web(settings: Settings) -> None:
    """Answer web requests until a signal ends it.

    :raises AddressTaken: the port is in use.
    """
    _let_go_of_database()
    host, port = bind_address(settings)
    require_free(host, port)
    os.environ[WEB_PARENT] = str(os.getpid())
    Granian(
        "nps_portal.processes:serving_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=settings.web_processes,
        blocking_threads=WEB_THREADS,
        backlog=LARGEST_BACKLOG,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
    ).serve()


def serving_app() -> Flask:
    """Make the application in a process that the web server has started.

    A signal that arrives while the server starts its processes can end it and leave them; they
    would hold the port against the next start, so each watches for its parent itself.
    """
    end_with_parent(int(os.environ[WEB_PARENT]))
    return create_app()


def work(app: Flask) -> None:
    """Carry out the duties until a signal ends it."""
    _let_go_of_database()
    stopping = threading.Event()
    with _until_signal(stopping):
        run_worker(app, stopping)


def run_both(settings: Settings) -> int:
    """Run web server and worker as two processes until a signal, and return the exit code.

    A worker that died is started again: its claims run out by themselves and nothing is sent
    twice. A web server that died ends the whole, so that whoever supervises us sees it.
    """
    _let_go_of_database()
    require_free(*bind_address(settings))
    stopping = threading.Event()
    with _until_signal(stopping):
        web, worker = _start("web"), _start("worker")
        while not stopping.wait(0.2) and web.poll() is None:
            if worker.poll() is not None:
                log.error("worker died, starting another", exit_code=worker.returncode)
                stopping.wait(RESTART_AFTER_SECONDS)
                worker = _start("worker")
        for process in (web, worker):
            _stop(process)
    return 0 if stopping.is_set() else 1


def end_with_parent(parent_id: int) -> None:
    """Send ourselves SIGTERM when the process that started us is gone, even by SIGKILL."""

    def watch() -> None:
        while os.getppid() == parent_id:
            time.sleep(PARENT_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def bind_address(settings: Settings) -> tuple[str, int]:
    """Return the host and port that the web server listens on."""
    host, _, port = settings.bind.rpartition(":")
    return host.strip("[]"), int(port)


def require_free(host: str, port: int) -> None:
    """Make sure that nobody listens there; who is just ending gets a moment.

    :raises AddressTaken: somebody does, or the address is not this machine's.
    """
    deadline = time.monotonic() + PORT_FREE_WITHIN_SECONDS
    while (fault := _fault_of_binding(host, port)) is not None:
        if time.monotonic() > deadline:
            raise AddressTaken(
                f"NPS_BIND: {host}:{port} cannot be used ({fault.strerror}). Is the portal "
                "running already? Choose another port with NPS_BIND=127.0.0.1:8001."
            ) from fault
        time.sleep(0.1)


def _let_go_of_database() -> None:
    """End what was read on the way here.

    A reading that stays open keeps SQLite from bringing what was written since into its file: the
    log beside it grew for as long as the portal ran, and everything became slower.
    """
    db.session.remove()


def _fault_of_binding(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def _start(command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program, no words from outside
        [sys.executable, "-m", "nps_portal", command, "--parent", str(os.getpid())]
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _until_signal(stopping: threading.Event) -> Iterator[None]:
    """Set the event at SIGINT or SIGTERM instead of dying in the middle of something."""

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
