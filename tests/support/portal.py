"""A portal as an owner runs it: real processes on a free port, ended by their ids."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

# A limit and no wait: two cores that do much else may take a minute to start a portal.
START_WITHIN_SECONDS = 120.0
STOP_WITHIN_SECONDS = 40.0


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again and again until the condition holds.

    :raises AssertionError: it did not within the time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Portal:
    """One installation and its processes."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "portal.log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NPS_")},
            "NPS_BIND": f"127.0.0.1:{self.port}",
            "NPS_PUBLIC_URL": self.url,
            **environment,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def command(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run one `nps-portal` command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "nps_portal", *words],
            env=self._environment,
            cwd=self.directory,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(
        self, command: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a command that runs until it is stopped; its environment may have more in it."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "nps_portal", command],
                env={**self._environment, **(environment or {})},
                cwd=self.directory,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._processes.append(process)
        return process

    @property
    def running(self) -> list[subprocess.Popen[bytes]]:
        """Return the processes that were started and not stopped."""
        return list(self._processes)

    def wait_until_it_answers(self) -> None:
        """Wait until the web server answers."""
        wait_until(
            self._answers, START_WITHIN_SECONDS, f"an answer; {self.log.read_text()[-2000:]}"
        )

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """Ask a process to stop, and return its exit code."""
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_WITHIN_SECONDS)
        self._processes.remove(process)
        return code

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process with SIGKILL, as a power cut would."""
        process.kill()
        process.wait(STOP_WITHIN_SECONDS)
        self._processes.remove(process)

    def stop_all(self) -> None:
        """End whatever still runs."""
        for process in list(self._processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop(process)
                continue
            self.kill(process)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextlib.contextmanager
def open_portal(directory: Path, environment: Mapping[str, str]) -> Iterator[Portal]:
    """Give a portal whose processes end with the block."""
    portal = Portal(directory, environment)
    try:
        yield portal
    finally:
        portal.stop_all()
