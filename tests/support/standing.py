"""An application that serves one test after another.

Making an application compiles nearly two hundred addresses, and its first pages compile their
templates: more work than most tests do. What a test may find changed is small, and each gets it
anew: settings, clock, database, whatever rooms remember, and the count of tries.
"""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import cast

from flask import Flask
from sqlalchemy import Engine

from nps_portal.accounts.limits import limiter
from nps_portal.config import Settings
from nps_portal.foundation.clock import Clock, install_clock
from nps_portal.foundation.database import db, install_database
from nps_portal.logs import configure_logs

# What SQLAlchemy has put into SQL so far, by statement and dialect.
_statements: dict[object, object] = {}


@contextmanager
def furnished(app: Flask, settings: Settings, clock: Clock) -> Iterator[Flask]:
    """Give a standing application as `create_app` would make it of these settings.

    Addresses and functions that a test adds to it stay: a test that does so makes its own.
    """
    config, extensions = dict(app.config), dict(app.extensions)
    # The events of an engine cannot be taken back, and tests listen to them: each gets its own.
    engine = _engine(app, settings)
    configure_logs(settings.log_format)
    limiter.reset()
    app.instance_path = str(settings.instance_dir)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.extensions["nps_settings"] = settings
    install_clock(app, clock)
    with app.app_context():
        engines = cast(MutableMapping[str | None, Engine], db.engines)
    first, engines[None] = engines[None], engine
    try:
        yield app
    finally:
        engine.dispose()
        engines[None] = first
        app.config.clear()
        app.config.update(config)
        app.extensions.clear()
        app.extensions.update(extensions)


def _engine(app: Flask, settings: Settings) -> Engine:
    """Return an engine that `install_database` has taught its manners.

    All share one memory of the statements that SQLAlchemy has put into SQL, and one dialect, which
    is part of its keys: otherwise each test would pay for its statements again.
    """
    with app.app_context():
        first = db.engine
    made = Flask(__name__)
    options = app.config["SQLALCHEMY_ENGINE_OPTIONS"]
    made.config.from_mapping(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=options | {"execution_options": {"compiled_cache": _statements}},
    )
    install_database(made)
    with made.app_context():
        engine = db.engine
    engine.dialect = first.dialect
    return engine
