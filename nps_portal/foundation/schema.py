"""The schema: whether the database has the one that this version knows, and bringing it there."""

from pathlib import Path

import flask_migrate
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from nps_portal.foundation.database import db
from nps_portal.foundation.errors import PortalError

MIGRATIONS = Path(__file__).parent.parent / "migrations"


class UnknownSchema(PortalError):
    """The database's schema is not the one that this version works with."""


def install_migrations(app: Flask) -> None:
    """Let Flask-Migrate know where the history lies."""
    flask_migrate.Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)


def migrate() -> None:
    """Bring the schema up to date; doing it twice is harmless."""
    flask_migrate.upgrade(directory=str(MIGRATIONS))


def schema_is_current() -> bool:
    """Tell whether the database has exactly the schema of this version."""
    return _version_there() == _version_here()


def require_current_schema(app: Flask) -> None:
    """Refuse to start on a schema that this version does not know.

    :raises UnknownSchema: says what to do.
    """
    with app.app_context():
        there, here = _version_there(), _version_here()
    if there == here:
        return
    if there is None:
        raise UnknownSchema("The database is empty: run «nps-portal migrate» first.")
    raise UnknownSchema(
        f"The database has schema {there}, this version works with {here}: run "
        "«nps-portal migrate», or start the version of the portal that wrote it."
    )


def _version_there() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _version_here() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()
