"""Bringing the same file in with the standard library alone: the floor."""

import csv
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.people import HEADERS
from benchmarks.support import Measured, measure

_PLAUSIBLE = re.compile(r"[^@\s.][^@\s]*@[^@\s.]+(\.[^@\s.]+)+")

_TABLE = """
CREATE TABLE contacts (
  id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, first_name TEXT, last_name TEXT,
  company TEXT, language TEXT, created_at TEXT
)
"""
_UPSERT = """
INSERT INTO contacts (email, first_name, last_name, company, language, created_at)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (email) DO UPDATE SET
  first_name = excluded.first_name, last_name = excluded.last_name,
  company = excluded.company, language = excluded.language
"""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many contacts there are after an import, and what it needed."""

    measured: Measured
    contacts: int


def import_file(directory: Path, path: Path, known: list[str]) -> Counted:
    """Read with csv and upsert with the database's driver, checking addresses by a pattern."""
    connection = sqlite3.connect(directory / "floor.sqlite")
    connection.execute(_TABLE)
    connection.executemany("INSERT INTO contacts (email) VALUES (?)", [(one,) for one in known])
    connection.commit()
    rows_read = 0

    def rows() -> Iterator[tuple[str, ...]]:
        nonlocal rows_read
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows_read += 1
                email = row[HEADERS[0]].strip().lower()
                if _PLAUSIBLE.fullmatch(email):
                    yield (email, *(row[name] for name in HEADERS[1:]), now)

    def bring_in() -> int:
        connection.executemany(_UPSERT, rows())
        connection.commit()
        return rows_read

    now = datetime.now(UTC).isoformat()
    measured = measure(bring_in)
    (contacts,) = connection.execute("SELECT count(*) FROM contacts").fetchone()
    return Counted(measured=measured, contacts=contacts)
