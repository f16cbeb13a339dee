"""The survey page under load: the real server beside a bare Flask page on the same server.

A second peer stores one row an answer, each with a commit of its own: what an answer costs at least
where every request waits for the disk by itself.

Each answer goes to an invitation of its own, with the nonce that its page was served with, later
than a machine is taken for one; at the end there must be one response for each that counts. No
worker runs.
"""

import argparse
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks.http_load import Load
from benchmarks.people import write_people
from benchmarks.smtp_sink import open_sink
from benchmarks.support import (
    SECRET,
    WrongResult,
    free_port,
    heading,
    option_parser,
    print_table,
    process_environment,
    run_apart,
    throwaway_directory,
    throwaway_portal,
)

if TYPE_CHECKING:
    from benchmarks.portal import Stored

START_WITHIN_SECONDS = 40.0
STOP_WITHIN_SECONDS = 40.0
# Who answers sooner than two seconds after the page, or ten after the email, waits for a look.
AGE_OF_A_PAGE = 2.5
AGE_OF_AN_EMAIL = 11.0
BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.5\r\n"
)
COMPRESSED = "Accept-Encoding: gzip, deflate, br, zstd\r\n"
COMMENT = "Quick to answer the phone, and the van came on the day that was promised."

OURS_GET, OURS_POST = "GET /s/<token>/9", "POST /s/<token>"
BARE_GET, BARE_POST = "bare Flask page, GET", "bare Flask page, POST"
ROW_POST = "one durable insert a POST"
PEERS = {OURS_GET: BARE_GET, OURS_POST: BARE_POST, ROW_POST: BARE_POST}

_NONCE = re.compile(rb'name="nonce" value="([^"]+)"')

Results = Mapping[str, Load]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server, and the survey paths that it answers."""

    port: int
    paths: Sequence[str]
    connections: int

    def get(self, count: int) -> Load:
        """Open so many pages, each invitation's in turn."""
        requests = [
            _get(self.paths[number % len(self.paths)], COMPRESSED) for number in range(count)
        ]
        return self._send(requests, status=200)

    def post(self, nonces: Sequence[str]) -> Load:
        """Answer each invitation once."""
        pairs = zip(self.paths, nonces, strict=True)
        return self._send([_post(path, nonce) for path, nonce in pairs], status=303)

    def nonces(self) -> list[str]:
        """Open each page once and return the nonce of its form."""
        requests = [_get(path, "") for path in self.paths]
        pages = run_apart("benchmarks.http_load:fetch", self.port, requests, self.connections)
        found = [_NONCE.search(page) for page in pages]
        return [nonce[1].decode() for nonce in found if nonce is not None]

    def _send(self, requests: list[bytes], status: int) -> Load:
        load: Load = run_apart("benchmarks.http_load:send", self.port, requests, self.connections)
        if load.statuses != {status: len(requests)}:
            raise WrongResult(f"Not {len(requests)} answers of {status}, but {load.statuses}.")
        return load


def main() -> None:
    """Measure as the options say and print the table."""
    arguments = _arguments()
    rounds = []
    for number in range(arguments.runs):
        results = _ours(arguments) | _bare(arguments)
        rounds.append(results)
        rates = (f"{name} {load.rate:,.0f}/s" for name, load in results.items())
        print(f"run {number + 1}: {', '.join(rates)}", flush=True)
    title = (
        f"{arguments.gets:,} pages and {arguments.invitations:,} answers over "
        f"{arguments.connections} connections, {arguments.web_processes} web process(es)"
    )
    print(heading(title, arguments.runs))
    print(f"Every round stored and counted {arguments.invitations:,} answers, one an invitation.\n")
    _print(rounds)


def _arguments() -> argparse.Namespace:
    parser = option_parser("Load the survey page with readers and with answers.")
    parser.add_argument("--invitations", type=int, default=1000, help="answers, one each")
    parser.add_argument("--gets", type=int, default=4000, help="pages to open")
    parser.add_argument("--connections", type=int, default=16, help="connections kept alive")
    parser.add_argument("--web-processes", type=int, default=1, help="processes of each server")
    return parser.parse_args()


def _ours(arguments: argparse.Namespace) -> dict[str, Load]:
    port = free_port()
    web = {
        "NPS_BIND": f"127.0.0.1:{port}",
        "NPS_WEB_PROCESSES": str(arguments.web_processes),
        "NPS_MAIL_SERVER": "127.0.0.1",
        "NPS_MAIL_SECURITY": "none",
    }
    with open_sink() as sink, throwaway_portal(arguments.database, **web) as environment:
        environment["NPS_MAIL_PORT"] = str(sink.port)
        _invite(environment, arguments.invitations)
        answerable_at = time.monotonic() + AGE_OF_AN_EMAIL
        paths = run_apart("benchmarks.portal:survey_paths", environment)
        with serve(["nps_portal", "web"], port, environment):
            target = Target(port=port, paths=paths, connections=arguments.connections)
            nonces = target.nonces()
            answerable_at = max(answerable_at, time.monotonic() + AGE_OF_A_PAGE)
            opened = target.get(arguments.gets)
            time.sleep(max(answerable_at - time.monotonic(), 0))
            results = {OURS_GET: opened, OURS_POST: target.post(nonces)}
        stored = run_apart("benchmarks.portal:stored", environment)
    _check(stored, arguments)
    return results


def _check(stored: "Stored", arguments: argparse.Namespace) -> None:
    """Refuse figures of a portal that did not keep every visit and count every answer."""
    answers = arguments.invitations
    if (stored.responses, stored.counted) != (answers, answers):
        raise WrongResult(
            f"{stored.responses} responses, of which {stored.counted} count, for {answers} answers."
        )
    visits = 2 * arguments.invitations + arguments.gets
    if stored.visits != visits:
        raise WrongResult(f"{stored.visits} visits were kept of {visits}.")


def _invite(environment: dict[str, str], count: int) -> None:
    """Invite so many contacts and deliver their emails, so that the pages are as in real life."""
    path = Path(environment["NPS_INSTANCE_DIR"]) / "people.csv"
    write_people(path, count)
    run_apart("benchmarks.portal:bring_people", environment, path)
    run_apart("benchmarks.portal:plan_batch", environment)
    run_apart("benchmarks.portal:deliver", environment)


def _bare(arguments: argparse.Namespace) -> dict[str, Load]:
    port = free_port()
    words = ["benchmarks.bare_page", "--port", str(port)]
    words += ["--processes", str(arguments.web_processes)]
    tokens = [f"{number:012}.{SECRET}" for number in range(arguments.invitations)]
    with throwaway_directory() as directory:
        words += ["--rows", str(directory / "rows.sqlite")]
        with serve(words, port, {}):
            bare, row = (
                Target(
                    port=port,
                    paths=[f"{path}/{token}" for token in tokens],
                    connections=arguments.connections,
                )
                for path in ("/s", "/row")
            )
            # Opened once before, as ours was for its nonces.
            bare.get(arguments.invitations)
            nonces = [SECRET * 2] * arguments.invitations
            return {
                BARE_GET: bare.get(arguments.gets),
                BARE_POST: bare.post(nonces),
                ROW_POST: row.post(nonces),
            }


@contextmanager
def serve(words: list[str], port: int, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a module's server until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        env=process_environment(environment),
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise WrongResult("The server did not start.")


def _get(path: str, encoding: str) -> bytes:
    return f"GET {path}/9 HTTP/1.1\r\nHost: 127.0.0.1\r\n{BROWSER}{encoding}\r\n".encode()


def _post(path: str, nonce: str) -> bytes:
    form = urlencode({"score": "9", "comment": COMMENT, "nonce": nonce})
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{BROWSER}{COMPRESSED}"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n"
    )
    return (head + form).encode()


def _print(rounds: Sequence[Results]) -> None:
    figures: dict[str, Callable[[Load], float]] = {
        "requests/s": lambda load: load.rate,
        "p50 ms": lambda load: load.percentile_ms(50),
        "p99 ms": lambda load: load.percentile_ms(99),
    }
    forms = ("{:,.0f}", "{:.1f}", "{:.1f}")
    rows = []
    for name in rounds[0]:
        cells = [
            form.format(median(figure(results[name]) for results in rounds))
            for form, figure in zip(forms, figures.values(), strict=True)
        ]
        rows.append([name, *cells, _share_of_bare(rounds, name)])
    print_table(["what", *figures, "of the bare page"], rows)


def _share_of_bare(rounds: Sequence[Results], name: str) -> str:
    peer = PEERS.get(name)
    if peer is None:
        return ""
    return f"{median(one[name].rate / one[peer].rate for one in rounds):.2f}"


if __name__ == "__main__":
    main()
