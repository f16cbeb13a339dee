"""Run the migrations on the application's database."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Engine

from nps_portal.foundation.database import db


def run_migrations() -> None:
    """Bring the schema up to date in one transaction.

    Only one process migrates at a time: PostgreSQL takes an advisory lock, SQLite its write lock.
    """
    engine: Engine = db.engine
    with engine.execution_options(nps_writes=True).connect() as connection:
        _configure(connection)
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                # Another process may migrate for longer than a page would wait.
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7266521)")
            context.run_migrations()


def _configure(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        **current_app.extensions["migrate"].configure_args,
    )


run_migrations()
