"""The peers of the survey page, on the same server: a Flask page that does nothing, and one row.

The row is the least that a stored answer can be: one insert into SQLite, with a commit of its own
that is safe from a power cut.
"""

import argparse
import os
import sqlite3
import threading

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from nps_portal.config import WEB_THREADS
from nps_portal.processes import LARGEST_BACKLOG

# Where the rows are kept; the server makes the application in processes of its own.
ROWS = "BARE_PAGE_ROWS"

_PAGE = "<!doctype html><title>Bare</title><p>How likely are you to recommend us?</p>"


def create_app() -> Flask:
    """Make an application with a page, and two answers to its form."""
    app = Flask(__name__)
    rows = _Rows(os.environ[ROWS])

    @app.get("/healthz")
    @app.get("/s/<token>/<score>")
    def show(token: str = "", score: str = "") -> ResponseReturnValue:
        return _PAGE

    @app.post("/s/<token>")
    def submit(token: str) -> ResponseReturnValue:
        return redirect(f"/s/{token}/{request.form['score']}", 303)

    @app.post("/row/<token>")
    def keep(token: str) -> ResponseReturnValue:
        rows.add(token, int(request.form["score"]), request.form["comment"])
        return redirect(f"/s/{token}/{request.form['score']}", 303)

    return app


class _Rows:
    """A table in a file; the threads write one after the other, which is the fastest they can."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS answers (token TEXT, score INTEGER, comment TEXT)"
        )

    def add(self, token: str, score: int, comment: str) -> None:
        """Keep one answer."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?)", (token, score, comment)
            )


def main() -> None:
    """Serve it as `nps-portal web` serves the portal."""
    parser = argparse.ArgumentParser(description="Serve a page that does nothing.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--rows", required=True, metavar="FILE", help="where rows are kept")
    arguments = parser.parse_args()
    os.environ[ROWS] = arguments.rows
    Granian(
        "benchmarks.bare_page:create_app",
        address="127.0.0.1",
        port=arguments.port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=arguments.processes,
        blocking_threads=WEB_THREADS,
        backlog=LARGEST_BACKLOG,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
    ).serve()


if __name__ == "__main__":
    main()
