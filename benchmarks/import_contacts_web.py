"""Importing through the browser: the upload, the worker's import, and how the pages answer then.

`nps-portal web` with one process and `nps-portal worker` run as they do in real life, with batches
of email that were sent before. While the file is uploaded and while it comes in, a page is asked
for every tenth of a second, each in turn: the list of contacts, the import's own page, and a
survey page, whose opening is kept in the database.
"""

import argparse
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.http_load import Load
from benchmarks.people import write_import, write_people
from benchmarks.smtp_sink import open_sink
from benchmarks.support import (
    WrongResult,
    free_port,
    option_parser,
    print_table,
    process_environment,
    run_apart,
    throwaway_directory,
    throwaway_portal,
)

EMAIL, PASSWORD = "owner@acme.example", "a long enough sentence"
INVITED = 200
SECONDS_BETWEEN = 0.1
LIST, PROGRESS, SURVEY = "list of contacts", "page of the import", "survey page"

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def main() -> None:
    """Measure as the options say and print the tables."""
    parser = option_parser("Import a CSV file of contacts through the web.", runs=1)
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the file")
    arguments = parser.parse_args()
    port = free_port()
    web = {
        "NPS_BIND": f"127.0.0.1:{port}",
        "NPS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "NPS_WEB_PROCESSES": "1",
        "NPS_MAIL_SERVER": "127.0.0.1",
        "NPS_MAIL_SECURITY": "none",
    }
    with (
        throwaway_directory() as directory,
        open_sink() as sink,
        throwaway_portal(arguments.database, **web) as environment,
    ):
        environment["NPS_MAIL_PORT"] = str(sink.port)
        path = directory / "contacts.csv"
        write_import(path, arguments.rows)
        surveys = _prepare(environment, directory)
        with _running(environment, "web") as server:
            _measure(arguments, f"http://127.0.0.1:{port}", environment, path, surveys, server)


def _prepare(environment: dict[str, str], directory: Path) -> list[str]:
    """Make an owner and deliver some invitations; return the paths of their survey pages."""
    people = directory / "people.csv"
    write_people(people, INVITED)
    run_apart("benchmarks.portal:bring_people", environment, people)
    run_apart("benchmarks.portal:plan_batch", environment)
    run_apart("benchmarks.portal:deliver", environment)
    run_apart("benchmarks.portal:add_owner", environment, EMAIL, PASSWORD)
    paths: list[str] = run_apart("benchmarks.portal:survey_paths", environment)
    return paths


def _measure(
    arguments: argparse.Namespace,
    url: str,
    environment: Mapping[str, str],
    path: Path,
    surveys: list[str],
    server: subprocess.Popen[bytes],
) -> None:
    with httpx.Client(base_url=url, timeout=900, follow_redirects=False) as browser:
        _sign_in(browser)
        waits = _Waits(browser, surveys)
        began = time.perf_counter()
        with waits.asking("uploading"):
            number = _upload(browser, path)
        uploaded = time.perf_counter() - began
        run_apart("benchmarks.portal:confirm_upload", environment, number)
        with _running(environment, "worker") as worker:
            began = time.perf_counter()
            with waits.asking("importing", number):
                while not _has_ended(browser, number):
                    time.sleep(0.5)
            imported = time.perf_counter() - began
            peaks = {"web": _peak_mb(server.pid), "worker": _peak_mb(worker.pid)}
    size_mb = path.stat().st_size / 1e6
    print(f"\n{arguments.rows:,} rows ({size_mb:.1f} MB) through the web")
    print(
        f"upload {uploaded:.1f} s, import {imported:.1f} s, {arguments.rows / imported:,.0f} rows/s"
    )
    print(", ".join(f"{name} at most {peak:.0f} MB" for name, peak in peaks.items()), "\n")
    waits.print()


class _Waits:
    """How long the pages took, by what was going on."""

    def __init__(self, browser: httpx.Client, surveys: list[str]) -> None:
        self._browser = browser
        self._surveys = surveys
        self._waits: dict[str, dict[str, list[float]]] = {}

    @contextmanager
    def asking(self, meanwhile: str, number: int | None = None) -> Iterator[None]:
        """Ask for the pages in turn, from another connection, until the end of the block."""
        stopping = threading.Event()
        asker = threading.Thread(target=self._ask, args=(meanwhile, number, stopping))
        asker.start()
        try:
            yield
        finally:
            stopping.set()
            asker.join()

    def _ask(self, meanwhile: str, number: int | None, stopping: threading.Event) -> None:
        waits = self._waits.setdefault(meanwhile, {})
        pages = {LIST: "/contacts", SURVEY: ""}
        if number is not None:
            pages[PROGRESS] = f"/contacts/imports/{number}/progress"
        turn = 0
        while not stopping.wait(SECONDS_BETWEEN):
            name = list(pages)[turn % len(pages)]
            address = pages[name] or self._surveys[turn % len(self._surveys)]
            began = time.perf_counter()
            answer = self._browser.get(address)
            waits.setdefault(name, []).append(1000 * (time.perf_counter() - began))
            if answer.status_code != 200:
                raise WrongResult(f"{address} answered {answer.status_code}.")
            turn += 1

    def print(self) -> None:
        """Print a table of the waits in milliseconds."""
        rows = []
        for meanwhile, pages in self._waits.items():
            for name, waits in pages.items():
                load = Load(statuses={}, seconds=1, cpu_seconds=0, latencies_ms=waits)
                figures = [f"{load.percentile_ms(percent):.0f}" for percent in (50, 95, 99, 100)]
                rows.append([f"{name}, while {meanwhile}", f"{len(waits)}", *figures])
        print_table(["page", "asked", "p50 ms", "p95 ms", "p99 ms", "max ms"], rows)


def _sign_in(browser: httpx.Client) -> None:
    deadline = time.monotonic() + 40
    while True:
        try:
            page = browser.get("/sign-in")
            break
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    form = {"csrf_token": _token(page.text), "email": EMAIL, "password": PASSWORD}
    if browser.post("/sign-in", data=form).status_code != 303:
        raise WrongResult("The owner could not sign in.")


def _upload(browser: httpx.Client, path: Path) -> int:
    form = {"csrf_token": _token(browser.get("/contacts/imports/new").text), "pasted": ""}
    with path.open("rb") as file:
        answer = browser.post(
            "/contacts/imports", data=form, files={"file": (path.name, file, "text/csv")}
        )
    if answer.status_code != 303:
        raise WrongResult(f"The upload was answered with {answer.status_code}.")
    return int(answer.headers["location"].rpartition("/")[2])


def _has_ended(browser: httpx.Client, number: int) -> bool:
    answer = browser.get(f"/contacts/imports/{number}/progress")
    return "HX-Refresh" in answer.headers


def _token(page: str) -> str:
    found = _TOKEN.search(page)
    if found is None:
        raise WrongResult("A page without a token.")
    return found[1]


@contextmanager
def _running(environment: Mapping[str, str], command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "nps_portal", command],
        env=process_environment(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _peak_mb(pid: int) -> float:
    """Return the most memory that any process of this one and its children has held, in MB."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    peaks = []
    for one in (str(pid), *children):
        lines = Path(f"/proc/{one}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


if __name__ == "__main__":
    main()
