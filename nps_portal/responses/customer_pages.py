"""What all of a customer's pages share: strict headers, errors in their design, wrong links."""

import structlog
from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerMinute
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException, TooManyRequests

from nps_portal.accounts.limits import limiter
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work
from nps_portal.responses.commands import VisitFacts, log_visit
from nps_portal.responses.models import VisitKind
from nps_portal.responses.page_content import EndingContent
from nps_portal.responses.visit_facts import facts_of

log = structlog.get_logger(__name__)

LARGEST_FORM_BYTES = 500_000
RETRY_AFTER_SECONDS = "5"
WRONG_LINKS = RateLimitItemPerMinute(60)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
_WORDS = {
    429: ("Too many attempts", "Please wait a minute, then open the link in the email again."),
    503: ("One moment, please", "We are busy just now. Please try again in a moment."),
}
_FAULT = (
    "That did not work",
    "Nothing was changed. Please go back and try again, or simply reply to the email.",
)


def open_to_customers(blueprint: Blueprint) -> None:
    """Give a blueprint the headers and the errors of a customer's pages."""
    blueprint.before_request(_limit_body)
    blueprint.after_request(_protect)
    blueprint.register_error_handler(HTTPException, _http_error)
    # Named by its number too, because the application's own page for it would come first.
    blueprint.register_error_handler(500, _http_error)
    blueprint.register_error_handler(DatabaseUnavailable, _busy)
    blueprint.register_error_handler(OperationalError, _busy)
    blueprint.register_error_handler(NoConnection, _busy)


def customer(contact_id: int | None) -> Actor:
    """Return the customer as the one who acts."""
    return Actor(kind=ActorKind.CUSTOMER, id=contact_id)


def visit_now(kind: VisitKind, score: int | None = None) -> VisitFacts:
    """Return the facts of the request at hand."""
    return facts_of(kind, request.method, request.remote_addr or "", request.headers, score)


def keep_visit(
    kind: VisitKind, invitation_id: int, contact_id: int | None, score: int | None = None
) -> None:
    """Write a visit down; a database that is busy costs the evidence, never the page."""
    try:
        with unit_of_work(customer(contact_id)) as work:
            log_visit(work, invitation_id, visit_now(kind, score))
    except DatabaseUnavailable as error:
        log.warning("visit not kept", invitation_id=invitation_id, reason=_why(error))


def wrong_link() -> ResponseReturnValue:
    """Answer a link that is none of ours, the same for every fault; who guesses on is slowed.

    Only wrong links are counted, so an office behind one address can never lock its people out.

    :raises TooManyRequests: the client has tried too many within the last minute.
    """
    if not limiter.limiter.hit(WRONG_LINKS, "wrong link", request.remote_addr or ""):
        raise TooManyRequests
    content = EndingContent(business=business_name(), title="", text="")
    return render_template("responses/invalid.html", page=content), 404


def ending(content: EndingContent, code: int) -> ResponseReturnValue:
    """Answer with a page that has a title, a text and at most one link."""
    return render_template("responses/thanks.html", page=content), code


def business_name() -> str:
    """Return whose pages these are."""
    return portal_settings(reading()).business_name


def _limit_body() -> None:
    """Take no more from a stranger than a comment that is far too long; imports need more."""
    request.max_content_length = LARGEST_FORM_BYTES


def _protect(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    # Without the business's name: reading it may be what has just failed.
    title, text = _WORDS.get(code, _FAULT)
    return ending(EndingContent(business="", title=title, text=text), code)


def _why(error: BaseException) -> str:
    """Return the driver's words without the statement, whose values would tell of the customer."""
    cause = error if isinstance(error, OperationalError) else error.__cause__
    return str(cause.orig) if isinstance(cause, OperationalError) else str(error)


def _busy(error: Exception) -> ResponseReturnValue:
    log.warning("customer's page not served", page=request.endpoint, reason=_why(error))
    title, text = _WORDS[503]
    response = make_response(ending(EndingContent(business="", title=title, text=text), 503))
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response
