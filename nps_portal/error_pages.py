"""What people see when something goes wrong: what happened, what is safe, what to do."""

import flask_login
import structlog
from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException, SecurityError

from nps_portal.foundation.database import DatabaseUnavailable

WORDS = {
    400: ("That did not come through whole", "Nothing was changed. Go back and try once more."),
    403: ("This page is for the owner", "Ask the owner of this portal for what you need."),
    404: ("There is nothing here", "The address may be old, or cut off at its end."),
    405: ("That cannot be done here", "Nothing was changed. Go back and try once more."),
    413: ("That is too large", "Nothing was changed. A list of contacts may have 200 MB at most."),
    429: ("Too many attempts", "Wait a minute, then try once more."),
    500: (
        "Something went wrong on our side",
        "What you had saved before is safe. The reason stands in the portal's log.",
    ),
    503: ("The portal is busy", "Nothing was changed. Go back and try again in a moment."),
}


log = structlog.get_logger(__name__)


def install(app: Flask) -> None:
    """Answer every error with a page in our words."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(SecurityError, _stranger)
    for fault in (DatabaseUnavailable, OperationalError, NoConnection):
        app.register_error_handler(fault, _busy)
    app.register_error_handler(500, _fault)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    title, text = WORDS.get(error.code, (error.name, "Nothing was changed."))
    return _page(error.code, title, text)


def _forged(error: CSRFError) -> ResponseReturnValue:
    return _page(
        400, "This page was open for too long", "Nothing was changed. Go back, reload, try again."
    )


def _stranger(error: SecurityError) -> ResponseReturnValue:
    """Answer a request for a host that is not ours: without links, which would name it."""
    text = "This portal does not answer under that name; see NPS_PUBLIC_URL.\n"
    return text, 400, {"Content-Type": "text/plain; charset=utf-8"}


def _busy(error: Exception) -> ResponseReturnValue:
    log.warning("page not served", page=request.endpoint, reason=type(error).__name__)
    page, code = _page(503, *WORDS[503])
    return page, code, {"Retry-After": "5"}


def _fault(error: Exception) -> ResponseReturnValue:
    return _page(500, *WORDS[500])


def _page(code: int, title: str, text: str) -> tuple[str, int]:
    try:
        # Behind a 500 or a 503 may stand a database that cannot tell who is signed in.
        home = code < 500 and flask_login.current_user.is_authenticated
        page = render_template("errors/error.html", code=code, title=title, text=text, home=home)
    except (SQLAlchemyError, DatabaseUnavailable):
        # The head of every page names the business, which only the database knows.
        bare = current_app.jinja_env.get_template("errors/bare.html")
        page = bare.render(title=title, text=text)
    return page, code
