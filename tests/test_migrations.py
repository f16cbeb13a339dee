"""The migrated schema is the one that the models describe, on either database."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from nps_portal.foundation.database import db
from nps_portal.foundation.schema import schema_is_current


def test_the_migrated_schema_is_that_of_the_models(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        differences = compare_metadata(context, db.metadata)

    assert differences == []


def test_a_migrated_database_is_current(app: Flask) -> None:
    assert schema_is_current()
