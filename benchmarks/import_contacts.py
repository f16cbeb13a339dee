"""Importing a file of contacts: ours from the upload to the report, beside the usual loop.

Of the rows 1 % is bad and 1 % tells something new of contacts that are known already. Ours makes
two properties of two columns, which the others leave out, and keeps what an Undo needs.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.people import bad_count, known_emails, write_import
from benchmarks.support import (
    Measured,
    WrongResult,
    heading,
    middle,
    option_parser,
    print_table,
    ratio,
    run_apart,
    throwaway_database,
    throwaway_directory,
    throwaway_portal,
)

OURS = "NPS Portal"
UNDO = "NPS Portal, Undo"
LOOP = "ORM, a query a row"
FLOOR = "csv and sqlite3 upsert (the floor)"
PEERS = ("orm", "sqlite3")


def main() -> None:
    """Measure as the options say and print the table."""
    parser = option_parser("Import a CSV file of contacts.")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the file")
    parser.add_argument(
        "--against",
        nargs="*",
        default=list(PEERS),
        choices=PEERS,
        help="peers; none for ours alone",
    )
    arguments = parser.parse_args()
    rounds = []
    with throwaway_directory() as directory:
        path = directory / "contacts.csv"
        write_import(path, arguments.rows)
        size_mb = path.stat().st_size / 1e6
        for number in range(arguments.runs):
            rounds.append(_round(arguments, path))
            rates = (f"{name} {one.rate:,.0f}/s" for name, one in rounds[-1].items())
            print(f"run {number + 1}: {', '.join(rates)}", flush=True)
    print(heading(f"Importing {arguments.rows:,} rows ({size_mb:.1f} MB)", arguments.runs))
    _print(rounds)


def _round(arguments: argparse.Namespace, path: Path) -> dict[str, Measured]:
    known = known_emails(arguments.rows)
    ours, undo = _ours(arguments, path, known)
    peers = {"orm": (LOOP, _loop), "sqlite3": (FLOOR, _floor)}
    chosen = [peers[name] for name in arguments.against]
    return {OURS: ours, UNDO: undo} | {name: do(arguments, path, known) for name, do in chosen}


def _ours(arguments: argparse.Namespace, path: Path, known: list[str]) -> tuple[Measured, Measured]:
    """Return what the import needed and what its Undo did, after which only the known are left."""
    with throwaway_portal(arguments.database) as environment:
        run_apart("benchmarks.portal:add_known", environment, known)
        imported = run_apart("benchmarks.portal:import_file", environment, path)
    bad = bad_count(arguments.rows)
    wanted = (arguments.rows - bad - len(known), len(known), bad, len(known))
    if (imported.added, imported.updated, imported.rejected, imported.left) != wanted:
        raise WrongResult(f"Not {wanted} rows added, updated, rejected and left, but {imported}.")
    return imported.measured, imported.undo


def _loop(arguments: argparse.Namespace, path: Path, known: list[str]) -> Measured:
    with (
        throwaway_directory() as directory,
        throwaway_database(arguments.database, directory) as url,
    ):
        counted = run_apart("benchmarks.orm_peer:import_file", url, path, known)
    return _checked(arguments, LOOP, counted.measured, counted.contacts)


def _floor(arguments: argparse.Namespace, path: Path, known: list[str]) -> Measured:
    with throwaway_directory() as directory:
        entry = "benchmarks.sqlite3_peer:import_file"
        counted = run_apart(entry, directory, path, known)
    return _checked(arguments, FLOOR, counted.measured, counted.contacts)


def _checked(
    arguments: argparse.Namespace, name: str, measured: Measured, contacts: int
) -> Measured:
    """Return the measurement if every good row is a contact now.

    :raises WrongResult: there are more or fewer.
    """
    if contacts != arguments.rows - bad_count(arguments.rows):
        raise WrongResult(f"{name}: {contacts} contacts from {arguments.rows} rows.")
    return measured


def _print(rounds: Sequence[Mapping[str, Measured]]) -> None:
    rows = []
    for name in rounds[0]:
        cells = [
            f"{middle(rounds, name, lambda one: one.rate):,.0f}",
            f"{middle(rounds, name, lambda one: one.cpu_per_1000):.3f}",
            f"{middle(rounds, name, lambda one: one.peak_mb):.0f}",
        ]
        compared = "" if name in (OURS, UNDO) else f"{ratio(rounds, OURS, name):.2f} ×"
        rows.append([name, *cells, compared])
    print_table(["who", "rows/s", "CPU s per 1,000", "peak MB", "ours is"], rows)


if __name__ == "__main__":
    main()
