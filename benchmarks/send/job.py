"""What every peer gets: its recipients in a SQLite file, the letter, and the mail server."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.people import people
from benchmarks.send.letter import (
    SENDER_EMAIL,
    SENDER_NAME,
    Address,
    Letter,
    address_of,
    pieces,
)

_TABLE = """
CREATE TABLE recipients (
    id INTEGER PRIMARY KEY, email TEXT, name TEXT, first_name TEXT, token TEXT, sent_at DATETIME
)
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One peer's work; `program` is what was made ready for it beforehand."""

    directory: Path
    letter: Letter
    port: int
    connections: int
    program: Path | None = None

    @property
    def database(self) -> Path:
        """Return the file with the recipients."""
        return self.directory / "recipients.sqlite"

    def fill(self, count: int) -> None:
        """Make the database."""
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute(_TABLE)
            database.executemany(
                "INSERT INTO recipients (email, name, first_name, token)"
                " VALUES (:email, :name, :first_name, :token)",
                (asdict(address_of(one)) for one in people(count)),
            )

    def addresses(self) -> Iterator[Address]:
        """Read the recipients one by one."""
        with closing(sqlite3.connect(self.database)) as database:
            rows = database.execute("SELECT email, name, first_name, token FROM recipients")
            for email, name, first_name, token in rows:
                yield Address(email=email, name=name, first_name=first_name, token=token)

    def write_for_others(self) -> tuple[Path, Path]:
        """Write the job and the recipients as JSON for peers in other languages."""
        job, recipients = self.directory / "job.json", self.directory / "recipients.jsonl"
        job.write_text(
            json.dumps(
                {
                    "port": self.port,
                    "connections": self.connections,
                    "sender_name": SENDER_NAME,
                    "sender_email": SENDER_EMAIL,
                    "subject": self.letter.subject,
                    "text": pieces(self.letter.text),
                    "html": pieces(self.letter.html),
                }
            )
        )
        with recipients.open("w", encoding="utf-8") as file:
            for one in self.addresses():
                row = {"email": one.email, "name": one.name, "values": one.values()}
                file.write(json.dumps(row) + "\n")
        return job, recipients
