"""The sending journal: a line in a file outside the database before every final dot.

A restored database does not know what has left since it was copied; the files `sent-YYYYMM.log` of
the instance directory do. They hold no address, only a keyed digest of it, and are never changed.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app

from nps_portal.accounts.portal_settings import process_settings
from nps_portal.outbox.claims import Claim

_TAIL_BYTES = 4096
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([\w-]{1,32}) ([0-9a-f]{32})")
_FILES = "sent-??????.log"


@dataclass(frozen=True, kw_only=True)
class JournalLine:
    """One email that was about to leave: when, which message, and the digest of its address."""

    at: datetime
    public_id: str
    address_digest: str


def write_lines(claims: Sequence[Claim], at: datetime) -> None:
    """Add a line for each message whose dot is said next; the commit point has been passed.

    :raises OSError: the file cannot be written, so the dot must not be said.
    """
    if not claims:
        return
    instant, key = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", _key()
    lines = [f"{instant} {one.public_id} {_digest(key, one.email_key)}\n" for one in claims]
    content = "".join(lines).encode()
    path = process_settings().instance_dir / f"sent-{at.astimezone(UTC):%Y%m}.log"
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            # A full disk or a crash has cut the last line off; ours must not run into it.
            content = b"\n" + content
        # One write, so that the lines of several processes cannot run into each other.
        if os.write(descriptor, content) != len(content):
            raise OSError(f"{path} could not be written to its end")
    finally:
        os.close(descriptor)


def last_lines() -> list[JournalLine]:
    """Return the last whole line of each journal; a leaping clock may have left several open."""
    found = []
    for path in sorted(_paths()):
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            lines = file.read().decode("ascii", "replace").splitlines()
        found += [line for line in map(_parsed, lines) if line is not None][-1:]
    return found


def all_lines() -> Iterator[JournalLine]:
    """Return every whole line of every journal, the oldest first."""
    for path in sorted(_paths()):
        with path.open(encoding="ascii", errors="replace") as file:
            for line in file:
                if found := _parsed(line):
                    yield found


def address_digest(email_key: str) -> str:
    """Return what stands for an address in the journal; only this installation can make it."""
    return _digest(_key(), email_key)


def _key() -> bytes:
    return str(current_app.secret_key).encode()


def _digest(key: bytes, email_key: str) -> str:
    return hmac.digest(key, b"sending journal:" + email_key.encode(), hashlib.sha256)[:16].hex()


def _paths() -> list[Path]:
    return [path for path in process_settings().instance_dir.glob(_FILES) if path.is_file()]


def _parsed(line: str) -> JournalLine | None:
    """Return what a line says; one that a crash has cut off says nothing."""
    parts = _LINE.search(line.rstrip("\n"))
    if parts is None:
        return None
    at = datetime.strptime(parts[1], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return JournalLine(at=at, public_id=parts[2], address_digest=parts[3])
