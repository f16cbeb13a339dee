"""The database: one base for all tables, aware instants, enums by value, and SQLite's manners."""

import enum
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from nps_portal.foundation.errors import PortalError

BUSY_TIMEOUT_SECONDS = 10
# Connections beyond these are closed as soon as they are given back.
KEPT_CONNECTIONS = 16
WRITES = "nps_writes"
_GIVE_UP_AT = "nps_give_up_at"
BUSY = "The database could not take this just now; nothing was changed. Try again."

# What lets go of SQLite's lock for longer than this lets every other process write in between.
_ASK_AGAIN_SECONDS = 0.001
TURN_SECONDS = 2 * _ASK_AGAIN_SECONDS

_sqlite_writer = threading.Lock()


class DatabaseUnavailable(PortalError):
    """The database did not take the change now; nothing was changed."""


class NaiveInstant(ValueError):
    """A datetime without a zone was about to be stored."""


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the table, refused when naive."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC; SQLite keeps it without the zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveInstant(f"{value!r} has no zone")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FixedPoint(TypeDecorator[Decimal]):
    """A number with four decimals, exact on every database: stored as its ten-thousandths.

    Beyond ±922 trillion it is refused by the database.
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Return the ten-thousandths, rounded half to even."""
        return None if value is None else int((value * 10_000).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return the number."""
        return None if value is None else Decimal(value) / 10_000


class Base(DeclarativeBase):
    """The root of every table."""

    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: UTCDateTime(), dict[str, Any]: sa.JSON()},
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:

    class Model(Base):
        """A table's class, as the type checker sees it."""

        __abstract__ = True
else:
    Model = db.Model


def enum_type(values: type[enum.Enum]) -> sa.Enum:
    """Return a column type that stores an enum by value, guarded by a check constraint."""
    return sa.Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=values.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def reading() -> Session:
    """Return the session of the current request or duty, for reading."""
    return db.session()


def engine_options(url: str, threads: int) -> dict[str, Any]:
    """Return the options with which an engine for this address and so many threads is made.

    A thread that writes holds two connections, the one it has read with and the one it writes
    with. Were there fewer, threads that hold one could wait for each other's second.
    """
    pool = {
        "pool_size": KEPT_CONNECTIONS,
        "max_overflow": max(2 * threads - KEPT_CONNECTIONS, 0),
        "pool_timeout": BUSY_TIMEOUT_SECONDS,
    }
    if url.startswith("sqlite"):
        return pool | {
            "connect_args": {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
        }
    # Like SQLite, PostgreSQL waits for a lock no longer than a person would; options that the
    # operator has put into the address stand for themselves.
    own = {} if "options=" in url else {"options": f"-c lock_timeout={BUSY_TIMEOUT_SECONDS}s"}
    return pool | {"pool_pre_ping": True, "connect_args": own}


def install_database(app: Flask) -> None:
    """Bind the tables to the application and teach SQLite its manners."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _prepare_sqlite)
            event.listen(db.engine, "begin", _begin_sqlite)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Set the pragmas; the driver leaves BEGIN to us, so that a writer can say IMMEDIATE.

    FULL makes an acknowledged answer survive a power cut, not only a killed process.
    """
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Let a writer take the lock at once: two writers then wait instead of failing."""
    options = connection.get_execution_options()
    if not options.get(WRITES, False):
        connection.exec_driver_sql("BEGIN")
        return
    give_up_at = options.get(_GIVE_UP_AT, time.monotonic() + BUSY_TIMEOUT_SECONDS)
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        _wait_for_turn(driver, give_up_at)
        # Once more, for its error as every other statement raises it.
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout = {1000 * BUSY_TIMEOUT_SECONDS}")


def _wait_for_turn(driver: sqlite3.Connection, give_up_at: float) -> None:
    """Begin to write as soon as nobody else does, unless that takes too long.

    SQLite's own way to wait asks ever more seldom. Beside a process that writes for long and lets
    go for a few milliseconds at a time, as an import does, it came too late for seconds.
    """
    while time.monotonic() < give_up_at:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                return
            time.sleep(_ASK_AGAIN_SECONDS)
        else:
            return


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Give a session in one write transaction: committed at the end, rolled back on any error.

    Only `unit_of_work` calls this.

    :raises DatabaseUnavailable: the database is locked, full, or cannot be reached.
    """
    # One wait in all, for the other threads and for the other processes.
    give_up_at = time.monotonic() + BUSY_TIMEOUT_SECONDS
    writer = engine.execution_options(**{WRITES: True, _GIVE_UP_AT: give_up_at})
    with _one_writer(engine), Session(writer, expire_on_commit=False) as session:
        try:
            session.connection()
            yield session
            session.commit()
        except (OperationalError, NoConnection) as error:
            session.rollback()
            raise DatabaseUnavailable(BUSY) from error


@contextmanager
def _one_writer(engine: Engine) -> Iterator[None]:
    """Let the threads of this process write to SQLite one after the other.

    Its own way to wait is to sleep and look again, which lets some threads starve: measured with
    16 clients, the slowest of a hundred answers came six times as late.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    if not _sqlite_writer.acquire(timeout=BUSY_TIMEOUT_SECONDS):
        raise DatabaseUnavailable(BUSY)
    try:
        yield
    finally:
        _sqlite_writer.release()


def lock_for_transaction(session: Session, name: str) -> None:
    """Let only one transaction of this name go on at a time, across all processes.

    SQLite's write lock already does that; PostgreSQL takes an advisory lock until the commit.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})


def insert_for(session: Session) -> type[sqlite.Insert] | type[postgresql.Insert]:
    """Return the INSERT that knows ON CONFLICT for the database at hand."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.Insert if is_sqlite else postgresql.Insert
