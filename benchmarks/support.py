"""What the benchmarks share: contestants in processes of their own, throw-away databases, tables.

Only the standard library is imported here, because every contestant's process imports this module
and a peer must not carry the portal's memory.
"""

import argparse
import importlib
import multiprocessing
import os
import platform
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

# A contestant that hangs must not hold a shared machine; SIGALRM ends its process.
LIMIT_SECONDS = 900

SECRET = "only-for-benchmarks-0123456789"
SQLITE = "sqlite"


class WrongResult(RuntimeError):
    """A contestant did not do the work, so its time means nothing."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a contestant needed for its work; the peak is that of its whole process."""

    count: int
    seconds: float
    cpu_seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        """Return how many were done in a second."""
        return self.count / self.seconds

    @property
    def cpu_per_1000(self) -> float:
        """Return the seconds of processor time for a thousand."""
        return 1000 * self.cpu_seconds / self.count


Rounds = Sequence[Mapping[str, Measured]]


def measure(work: Callable[[], int]) -> Measured:
    """Do the work, which returns how many were done, and measure it."""
    began, cpu_began = time.perf_counter(), time.process_time()
    count = work()
    return Measured(
        count=count,
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - cpu_began,
        peak_mb=peak_mb(),
    )


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would also count what the parent held when it started this process.
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def run_apart(entry: str, *arguments: Any) -> Any:
    """Call `package.module:function` in a fresh process and return its result.

    It is named by text so that only its own process imports it and what it needs.
    """
    with ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.alarm,
        initargs=(LIMIT_SECONDS,),
    ) as pool:
        return pool.submit(_call, entry, arguments).result()


def _call(entry: str, arguments: tuple[Any, ...]) -> Any:
    module, _, name = entry.partition(":")
    return getattr(importlib.import_module(module), name)(*arguments)


@contextmanager
def throwaway_directory() -> Iterator[Path]:
    """Give a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="nps-benchmark-") as directory:
        yield Path(directory)


@contextmanager
def throwaway_database(choice: str, directory: Path) -> Iterator[str]:
    """Give the address of an empty database: a SQLite file, or one made on the chosen server."""
    if choice == SQLITE:
        yield f"sqlite:///{directory / 'benchmark.sqlite'}"
        return
    url = run_apart("benchmarks.databases:create_database", choice)
    try:
        yield url
    finally:
        run_apart("benchmarks.databases:drop_database", choice, url)


@contextmanager
def throwaway_portal(choice: str, **settings: str) -> Iterator[dict[str, str]]:
    """Give the environment of a portal with a migrated, empty database; settings as NPS_NAME."""
    with throwaway_directory() as directory, throwaway_database(choice, directory) as url:
        environment = {
            "NPS_INSTANCE_DIR": str(directory),
            "NPS_SECRET_KEY": SECRET,
            "NPS_DATABASE_URL": url,
            "NPS_PUBLIC_URL": "https://feedback.acme.example",
            **settings,
        }
        subprocess.run(
            [sys.executable, "-m", "nps_portal", "migrate"],
            env=process_environment(environment),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        yield environment


def process_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with these settings of the portal and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("NPS_")}
    return {**others, **environment}


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def option_parser(description: str, runs: int = 3) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=runs, help="rounds; medians are printed")
    parser.add_argument(
        "--database",
        default=SQLITE,
        metavar="URL",
        help="a PostgreSQL server, as postgresql+psycopg://…, on which databases may be made and "
        "dropped; else a SQLite file",
    )
    return parser


def middle(rounds: Rounds, name: str, figure: Callable[[Measured], float]) -> float:
    """Return the median of one figure of one contestant."""
    return median(figure(one[name]) for one in rounds)


def ratio(rounds: Rounds, name: str, peer: str) -> float:
    """Return how many times the peer's rate we have: the median of the ratios of each round."""
    return median(one[name].rate / one[peer].rate for one in rounds)


def heading(title: str, runs: int) -> str:
    """Return a line that says what was measured where."""
    return (
        f"\n{title}; medians of {runs} runs, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores\n"
    )


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, the first column to the left and the figures to the right."""
    cells = [list(headers), *[list(row) for row in rows]]
    widths = [max(len(row[place]) for row in cells) for place in range(len(headers))]
    for number, row in enumerate(cells):
        first, *figures = row
        padded = [cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True)]
        print("| " + " | ".join([first.ljust(widths[0]), *padded]) + " |")
        if number == 0:
            rules = ["-" * widths[0], *[f"{'-' * (width - 1)}:" for width in widths[1:]]]
            print("| " + " | ".join(rules) + " |")
