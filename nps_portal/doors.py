"""The doors of the house: every blueprint with its guard, and what every page and answer gets."""

from dataclasses import dataclass
from urllib.parse import unquote_plus

import flask_login
import structlog
from flask import Blueprint, Flask, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal import error_pages, health
from nps_portal.accounts import settings_views
from nps_portal.accounts import views as accounts_views
from nps_portal.accounts.guards import (
    Guard,
    anyone,
    by_token,
    current_actor,
    signed_in,
    visitor,
)
from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.batches import views as batches_views
from nps_portal.bulk import views as bulk_views
from nps_portal.companies import views as companies_views
from nps_portal.contacts import property_views, tag_views
from nps_portal.contacts import views as contacts_views
from nps_portal.customer_pages import (
    door_settings_views,
    kiosk_pages,
    link_pages,
    logo_pages,
    my_pages,
    survey_pages,
    thanks_pages,
    unsubscribe_pages,
    widget_pages,
)
from nps_portal.doctor import views as doctor_views
from nps_portal.exports import views as exports_views
from nps_portal.followups import views as followups_views
from nps_portal.followups.queries import open_task_count
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.work import unit_of_work
from nps_portal.histories import views as histories_views
from nps_portal.imports import views as imports_views
from nps_portal.inbox import hook_pages
from nps_portal.inbox import views as inbox_views
from nps_portal.insights import contact_pages, machine_views, patterns_page
from nps_portal.insights import views as insights_views
from nps_portal.mailbox import views as mailbox_views
from nps_portal.merges import views as merges_views
from nps_portal.messages import bounce_views
from nps_portal.messages import views as messages_views
from nps_portal.privacy import views as privacy_views
from nps_portal.privacy.tracing import PAGES, note_view
from nps_portal.responses import counting_pages, phone_pages
from nps_portal.responses import views as responses_views
from nps_portal.responses.queries import held_count
from nps_portal.segments import views as segments_views
from nps_portal.surveys import question_pages as survey_question_pages
from nps_portal.surveys import settings_pages as survey_settings_pages
from nps_portal.surveys import text_pages as survey_text_pages
from nps_portal.surveys import views as surveys_views

log = structlog.get_logger(__name__)

DOORS: tuple[tuple[Blueprint, Guard], ...] = (
    (accounts_views.blueprint, anyone),
    (settings_views.blueprint, signed_in),
    (contacts_views.blueprint, signed_in),
    (tag_views.blueprint, signed_in),
    (property_views.blueprint, signed_in),
    (imports_views.blueprint, signed_in),
    (contact_pages.blueprint, signed_in),
    (merges_views.blueprint, signed_in),
    (bulk_views.blueprint, signed_in),
    (companies_views.blueprint, signed_in),
    (segments_views.blueprint, signed_in),
    (privacy_views.blueprint, signed_in),
    (exports_views.blueprint, signed_in),
    (histories_views.blueprint, signed_in),
    (surveys_views.blueprint, signed_in),
    (survey_text_pages.blueprint, signed_in),
    (survey_settings_pages.blueprint, signed_in),
    (survey_question_pages.blueprint, signed_in),
    (counting_pages.blueprint, signed_in),
    (batches_views.blueprint, signed_in),
    (messages_views.blueprint, signed_in),
    (mailbox_views.blueprint, signed_in),
    (bounce_views.blueprint, signed_in),
    (inbox_views.blueprint, signed_in),
    (doctor_views.blueprint, signed_in),
    (responses_views.blueprint, signed_in),
    (phone_pages.blueprint, signed_in),
    (door_settings_views.blueprint, signed_in),
    (followups_views.blueprint, signed_in),
    (insights_views.blueprint, signed_in),
    (machine_views.blueprint, signed_in),
    (patterns_page.blueprint, signed_in),
    (survey_pages.blueprint, by_token),
    (thanks_pages.blueprint, by_token),
    (logo_pages.blueprint, by_token),
    (unsubscribe_pages.blueprint, by_token),
    (my_pages.blueprint, by_token),
    (link_pages.blueprint, by_token),
    (kiosk_pages.blueprint, by_token),
    (widget_pages.blueprint, by_token),
    (hook_pages.blueprint, by_token),
    (health.blueprint, anyone),
)

# Whose pages show nothing of the account: who opens them is nobody's user.
_WITHOUT_ACCOUNT = {"health", *(blueprint.name for blueprint, guard in DOORS if guard is by_token)}

# Nothing from elsewhere, no inline script or style, no frame around a page.
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, kw_only=True)
class NavigationItem:
    """One entry of the admin's navigation; pinned ones stand in the bar on phones."""

    label: str
    url: str
    icon: str
    current: bool
    badge: int | None
    pinned: bool


def open_doors(app: Flask) -> None:
    """Register every room's pages, each behind its guard."""
    guards = {blueprint.name: guard for blueprint, guard in DOORS}
    for blueprint, _ in DOORS:
        app.register_blueprint(blueprint)
    for blueprint, guard in DOORS:
        if guard is by_token:
            # The token and the page's nonce are the authority there; a customer has no cookie.
            app.extensions["csrf"].exempt(blueprint)

    def check_door() -> ResponseReturnValue | None:
        if request.endpoint is None or request.endpoint == "static":
            return None
        guard = guards.get(request.blueprint or "")
        stopped = guard() if guard else abort(403)
        if stopped is None:
            _trace_view()
        return stopped

    app.before_request(check_door)
    app.after_request(_protect)
    app.context_processor(_page_context)
    error_pages.install(app)


def _trace_view() -> None:
    """Write down who looks at people's data, before it is shown.

    A database that is busy keeps nobody from a page; the look then stands in the log.
    """
    if request.endpoint not in PAGES:
        return
    # A message of the mailbox has a name instead of an id.
    given = (request.view_args or {}).items()
    ids = {name: value for name, value in given if name in _IDS and isinstance(value, int)}
    asked = unquote_plus(request.query_string.decode(errors="replace")).replace("\0", "")
    user_id = visitor().user.id
    try:
        with unit_of_work(current_actor()) as work:
            note_view(work, user_id, request.endpoint, ids, asked)
    except DatabaseUnavailable:
        log.warning("look at people's data", user_id=user_id, page=request.endpoint, **ids)


_IDS = frozenset({"contact_id", "response_id", "task_id", "message_id"})


def _protect(response: Response) -> Response:
    """Set the headers that every answer carries; a page may have set stricter ones itself."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    if process_settings().public_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _page_context() -> dict[str, object]:
    """Give the admin's pages their navigation, the business's name, its zone and the time."""
    if request.blueprint in _WITHOUT_ACCOUNT:
        return {}
    settings = portal_settings(reading())
    return {
        "current_user": flask_login.current_user,
        "business_name": settings.business_name or "Your business",
        "zone": settings.zone,
        "now": current_clock().now(),
        "navigation": _navigation() if flask_login.current_user.is_authenticated else [],
        "sign_out_url": url_for("accounts.sign_out"),
    }


_SURVEY_ROOMS = (
    "surveys",
    "survey_texts",
    "survey_settings",
    "survey_questions",
    "counting",
    "door_settings",
)


_SETTINGS_ROOMS = (
    "settings",
    "contact_properties",
    "inbox",
    "doctor",
    "exports",
    "histories",
    "privacy",
    "properties",
)


def _navigation() -> list[NavigationItem]:
    rooms = (
        ("Overview", "overview.index", "home", ("overview", "machines"), None, True),
        (
            "Responses",
            "responses.index",
            "message",
            ("responses", "phone_answers"),
            held_count(reading()),
            True,
        ),
        (
            "Contacts",
            "contacts.index",
            "users",
            ("contacts", "contact_tags", "imports", "contact_pages", "merges", "bulk"),
            None,
            True,
        ),
        ("Companies", "companies.index", "building", ("companies",), None, False),
        ("Segments", "segments.index", "filter", ("segments",), None, False),
        ("Tasks", "tasks.index", "phone", ("tasks",), open_task_count(reading()), False),
        ("Surveys", "surveys.index", "clipboard-list", _SURVEY_ROOMS, None, False),
        ("Sends", "batches.index", "send", ("batches", "messages", "bounces"), None, True),
        ("Mailbox", "mailbox.index", "mailbox", ("mailbox",), None, False),
        ("Settings", "settings.index", "settings", _SETTINGS_ROOMS, None, False),
    )
    return [
        NavigationItem(
            label=label,
            url=url_for(endpoint),
            icon=icon,
            current=request.blueprint in blueprints,
            badge=badge or None,
            pinned=pinned,
        )
        for label, endpoint, icon, blueprints, badge, pinned in rooms
        if endpoint != "mailbox.index" or mailbox_views.is_open()
    ]
