"""What SQLite writes goes into its file again and again, however long the portal runs."""

from pathlib import Path

import sqlalchemy as sa

from nps_portal.foundation.database import db
from tests.conftest import MakeDatabase
from tests.faults.installation import open_installation
from tests.support.portal import wait_until


def test_no_process_keeps_the_log_of_the_database_from_being_emptied(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_installation(tmp_path, make_database(tmp_path, "growing")) as installation:
        installation.portal.start("run")
        installation.portal.wait_until_it_answers()

        wait_until(_can_be_emptied, 20, "nobody reads what was there long ago")


def _can_be_emptied() -> bool:
    """Bring the log into the file; it stays as it is while anybody reads an older state."""
    with db.engine.connect() as connection:
        busy, _, _ = connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    return not busy
