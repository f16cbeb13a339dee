"""What all of a customer's pages share: strict headers, errors in their design, wrong links."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerMinute
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests

from nps_portal.accounts.limits import limiter
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.contacts.erasures import ContactErased
from nps_portal.customer_pages.frames import Frame, LanguageChoice, logo_of
from nps_portal.customer_pages.page_content import EndingContent
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.languages import BY_CODE, DEFAULT_LANGUAGE, best_language
from nps_portal.foundation.work import Actor, ActorKind, Work, unit_of_work
from nps_portal.responses.anonymous import as_kept
from nps_portal.surveys.models import DEFAULT_ACCENT, Survey
from nps_portal.surveys.wording import FilledWording, Wording
from nps_portal.visits.book import VisitBook
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.facts import facts_of
from nps_portal.visits.models import VisitKind

log = structlog.get_logger(__name__)

# A comment of 300,000 letters of any script still fits, and so comes back with the form instead of
# being lost: nine bytes a letter, as browsers write them.
LARGEST_FORM_BYTES = 3_000_000
RETRY_AFTER_SECONDS = "5"
WRONG_LINKS = RateLimitItemPerMinute(60)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
# The texts of an error, by its number; what is not here is a fault.
_ENDINGS = {429: "many", 503: "wait"}


_UNLIMITED: set[str] = set()


@limiter.request_filter
def _is_unlimited() -> bool:
    """Spare the limiter the search for limits that a customer's page does not have."""
    return request.blueprint in _UNLIMITED


def open_to_customers(blueprint: Blueprint) -> None:
    """Give a blueprint the headers and the errors of a customer's pages."""
    # What is limited there is counted by hand, as in `wrong_link`.
    limiter.exempt(blueprint)
    _UNLIMITED.add(blueprint.name)
    blueprint.before_request(_limit_body)
    blueprint.after_request(_protect)
    blueprint.register_error_handler(HTTPException, _http_error)
    # Named by its number too, because the application's own page for it would come first.
    blueprint.register_error_handler(500, _http_error)
    blueprint.register_error_handler(ContactErased, _erased)
    blueprint.register_error_handler(DatabaseUnavailable, _busy)
    blueprint.register_error_handler(OperationalError, _busy)
    blueprint.register_error_handler(NoConnection, _busy)


def customer(contact_id: int | None) -> Actor:
    """Return the customer as the one who acts."""
    return Actor(kind=ActorKind.CUSTOMER, id=contact_id)


@contextmanager
def customers_work(survey: Survey, contact_id: int | None) -> Iterator[Work]:
    """Open a unit in which a customer acts; with an anonymous Survey it tells neither who nor when.

    :raises DatabaseUnavailable: it could not be written now.
    """
    with unit_of_work(customer(None if survey.anonymous else contact_id)) as work:
        yield as_kept(work, survey)


def visit_now(kind: VisitKind, score: int | None = None) -> VisitFacts:
    """Return the facts of the request at hand."""
    return facts_of(kind, request.method, request.remote_addr or "", request.headers, score)


def keep_visit(facts: VisitFacts, invitation_id: int) -> None:
    """Write a visit down; a database that is busy costs the evidence, never the page."""
    book: VisitBook = current_app.extensions.setdefault("nps_visit_book", VisitBook())
    try:
        book.write(invitation_id, facts, current_clock().now())
    except DatabaseUnavailable as error:
        log.warning("visit not kept", invitation_id=invitation_id, reason=_why(error))


def chosen_language() -> str:
    """Return the language that the reader has chosen on the page, empty when none."""
    if not request.query_string:
        return ""
    wanted = request.args.get("lang", "")
    return wanted if wanted in BY_CODE else ""


def readers_language() -> str:
    """Return the language for a page that knows of nobody: the chosen one, else the browser's."""
    if chosen := chosen_language():
        return chosen
    for tag in request.accept_languages.values():
        best = best_language(tag)
        if best != DEFAULT_LANGUAGE or tag.lower().startswith(DEFAULT_LANGUAGE):
            return best
    return DEFAULT_LANGUAGE


def address(endpoint: str, **values: Any) -> str:
    """Return the address of a page in the language that the reader has chosen."""
    return url_for(endpoint, lang=chosen_language() or None, **values)


def ready_words(business: str) -> FilledWording:
    """Return the ready-made texts for a page that knows of no Survey."""
    return Wording(readers_language()).filled({"business": business})


def frame_of(
    business: str,
    words: FilledWording,
    survey: Survey | None = None,
    *,
    again: str = "",
    kept: Mapping[str, str] | None = None,
) -> Frame:
    """Return what stands around a page: a Survey's look, and the choice of language.

    Another language leads to `again`, or to the page's own address; `kept` stays in its query.
    """
    accent = survey.accent_colour.lower() if survey else DEFAULT_ACCENT
    own_colour = accent != DEFAULT_ACCENT
    logo = logo_of(reading(), survey.id) if survey else None
    return Frame(
        business=business,
        language=words.language,
        direction=words.direction,
        # The style sheet has the ready-made colour in it, which saves a request.
        style_url=url_for("logo_pages.look", colour=accent[1:]) if own_colour else "",
        accent=accent,
        logo_url=url_for("logo_pages.logo", digest=logo.digest) if logo else "",
        logo=logo,
        choice=LanguageChoice(
            label=words.language_label,
            button=words.language_button,
            chosen=words.language,
            action=again,
            kept=kept or {},
        ),
    )


def wrong_link() -> ResponseReturnValue:
    """Answer a link that is none of ours, the same for every fault; who guesses on is slowed.

    Only wrong links are counted, so an office behind one address can never lock its people out.

    :raises TooManyRequests: the client has tried too many within the last minute.
    """
    if not limiter.limiter.hit(WRONG_LINKS, "wrong link", request.remote_addr or ""):
        raise TooManyRequests
    return _ready_made_ending("invalid", 404, business_name())


def ending(content: EndingContent, code: int, frame: Frame | None = None) -> ResponseReturnValue:
    """Answer with a page that has a title, a text and at most one link."""
    page = render_template("customer_pages/ending.html", page=content, frame=frame or content)
    return page, code


def business_name() -> str:
    """Return whose pages these are."""
    return portal_settings(reading()).business_name


def _ready_made_ending(name: str, code: int, business: str) -> ResponseReturnValue:
    words = ready_words(business)
    content = EndingContent(
        business=business,
        title=words[f"{name}_title"],
        text=words[f"{name}_text"],
        help=words.invalid_help if name == "invalid" else "",
        language=words.language,
        direction=words.direction,
    )
    return ending(content, code)


def _too_large() -> ResponseReturnValue:
    """Say that the text is too long and lead back to it: there the browser still has the words."""
    words = ready_words("")
    content = EndingContent(
        business="",
        title=words.fault_title,
        text=words.too_long,
        help=words.fault_text,
        language=words.language,
        direction=words.direction,
    )
    return ending(content, 413)


def _limit_body() -> None:
    """Take no more from a stranger than a comment that is far too long; imports need more."""
    request.max_content_length = LARGEST_FORM_BYTES
    request.max_form_memory_size = LARGEST_FORM_BYTES


def _protect(response: Response) -> Response:
    headers = response.headers
    # Looked up at once: asked for one by one, each is searched for from the beginning.
    present = {name.lower() for name, _ in headers}
    for name, value in HEADERS.items():
        if name.lower() not in present:
            headers.add(name, value)
    return response


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    if code == RequestEntityTooLarge.code:
        return _too_large()
    # Without the business's name: reading it may be what has just failed.
    return _ready_made_ending(_ENDINGS.get(code, "fault"), code, "")


def _why(error: BaseException) -> str:
    """Return the driver's words without the statement, whose values would tell of the customer."""
    cause = error if isinstance(error, OperationalError) else error.__cause__
    return str(cause.orig) if isinstance(cause, OperationalError) else str(error)


def _erased(error: ContactErased) -> ResponseReturnValue:
    """Answer somebody whose data was erased while the page lay open."""
    return wrong_link()


def _busy(error: Exception) -> ResponseReturnValue:
    log.warning("customer's page not served", page=request.endpoint, reason=_why(error))
    response = make_response(_ready_made_ending(_ENDINGS[503], 503, ""))
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response
