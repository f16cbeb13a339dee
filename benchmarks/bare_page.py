"""The peer of the survey page: a Flask page that does nothing, on the same server."""

import argparse

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from nps_portal.config import WEB_THREADS
from nps_portal.processes import LARGEST_BACKLOG

_PAGE = "<!doctype html><title>Bare</title><p>How likely are you to recommend us?</p>"


def create_app() -> Flask:
    """Make an application with a page, and an answer to its form."""
    app = Flask(__name__)

    @app.get("/healthz")
    @app.get("/s/<token>/<score>")
    def show(token: str = "", score: str = "") -> ResponseReturnValue:
        return _PAGE

    @app.post("/s/<token>")
    def submit(token: str) -> ResponseReturnValue:
        return redirect(f"/s/{token}/{request.form['score']}", 303)

    return app


def main() -> None:
    """Serve it as `nps-portal web` serves the portal."""
    parser = argparse.ArgumentParser(description="Serve a page that does nothing.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
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
