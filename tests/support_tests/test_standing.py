"""An application that serves one test after another brings nothing along."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import TooManyRequests

from nps_portal.accounts.limits import count_password_try
from nps_portal.accounts.portal_settings import process_settings
from nps_portal.config import load_settings
from nps_portal.contacts.models import Contact
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import db
from tests.conftest import MakeDatabase, environment
from tests.support import factories
from tests.support.clock import FixedClock
from tests.support.standing import furnished


def test_what_one_test_changes_the_next_does_not_find(
    standing_app: Flask, make_database: MakeDatabase, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    clock = FixedClock()

    settings = load_settings(environment(first, make_database(first)))
    with furnished(standing_app, settings, FixedClock()) as app, app.app_context():
        app.config["ONE_TEST_SAYS"] = "so"
        app.extensions["one_test_remembers"] = {}
        sa.event.listen(db.engine, "connect", lambda *_: app.extensions.pop("csrf"))
        with factories.work() as work:
            factories.make_contact(work)
        db.session.remove()
    settings = load_settings(environment(second, make_database(second)))
    with furnished(standing_app, settings, clock) as app, app.app_context():
        assert db.session.scalars(sa.select(Contact)).all() == []
        assert "ONE_TEST_SAYS" not in app.config
        assert "one_test_remembers" not in app.extensions
        assert process_settings().instance_dir == second
        assert current_clock() is clock
        db.session.remove()


def test_tries_are_counted_anew(
    standing_app: Flask, make_database: MakeDatabase, tmp_path: Path
) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    settings = load_settings(environment(instance, make_database(instance)))

    def try_often() -> None:
        for _ in range(30):
            count_password_try(factories.OWNER)

    with furnished(standing_app, settings, FixedClock()), pytest.raises(TooManyRequests):
        try_often()

    with furnished(standing_app, settings, FixedClock()):
        count_password_try(factories.OWNER)
