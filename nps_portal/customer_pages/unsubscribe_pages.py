"""Stopping the surveys: by the button of a page, or by the mail program itself (RFC 8058)."""

from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from nps_portal.batches.models import Invitation
from nps_portal.batches.queries import named_invitation
from nps_portal.customer_pages.answer_links import follows_all_links
from nps_portal.customer_pages.page_content import UnsubscribeContent
from nps_portal.customer_pages.page_signs import is_untrusted
from nps_portal.customer_pages.shared_pages import (
    RETRY_AFTER_SECONDS,
    address,
    business_name,
    chosen_language,
    customer,
    frame_of,
    keep_visit,
    open_to_customers,
    ready_words,
    visit_now,
    wrong_link,
)
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.tokens import Purpose, make_nonce, read_nonce
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses.commands import unsubscribe
from nps_portal.surveys.wording import FilledWording
from nps_portal.visits.commands import log_visit
from nps_portal.visits.models import VisitKind

NONCE_SECONDS = 24 * 3600
# What the nonce of the page remembers when it stands there for the second time.
SHOWN_AGAIN = 1

blueprint = Blueprint("unsubscribe_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/u/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the one button; scanners open this page, so opening it changes nothing."""
    invitation = named_invitation(reading(), Purpose.UNSUBSCRIBE, token)
    if invitation is None:
        return wrong_link()
    facts = visit_now(VisitKind.UNSUBSCRIBE_PAGE)
    keep_visit(facts, invitation.id)
    return _button_page(invitation, token)


@blueprint.post("/u/<token>")
def submit(token: str) -> ResponseReturnValue:
    """Stop the surveys to whom the token names, and say so.

    Whatever does not come from our own page is a mail program's and taken at once. On the page,
    filters press the button too: they get it once more instead.

    A token of nobody gets the same answer, neither 404 nor 429: a mail program may not be
    redirected or asked anything, and who tries tokens learns nothing.
    """
    invitation = named_invitation(reading(), Purpose.UNSUBSCRIBE, token)
    if invitation is not None:
        if _is_pressed_by_filter(invitation):
            keep_visit(visit_now(VisitKind.UNSUBSCRIBE_PAGE), invitation.id)
            return _button_page(invitation, token, is_again=True)
        try:
            with unit_of_work(customer(invitation.contact_id)) as work:
                log_visit(work, invitation.id, visit_now(VisitKind.UNSUBSCRIBE))
                unsubscribe(work, invitation.id)
        except DatabaseUnavailable:
            page = make_response(_button_page(invitation, token, is_again=True), 503)
            page.headers["Retry-After"] = RETRY_AFTER_SECONDS
            return page
    return _page("unsubscribed", invitation)


@blueprint.get("/u/")
@blueprint.get("/u/<path:rest>")
def broken(rest: str = "") -> ResponseReturnValue:
    """Answer an address that lost its token, or to which something was added on the way."""
    return wrong_link()


def _is_pressed_by_filter(invitation: Invitation) -> bool:
    """Tell whether our page's button was pressed by no hand, or by what follows every link.

    A person may share a filter's network and browser: who presses again is believed.
    """
    sent = _sent_form()
    if sent.get("from") != "page":
        return False
    if is_untrusted(sent.get("hand", "")):
        return True
    page = read_nonce(sent.get("nonce", ""), _key(invitation), NONCE_SECONDS)
    if page is not None and page.preselected == SHOWN_AGAIN:
        return False
    visitor = visit_now(VisitKind.UNSUBSCRIBE)
    return follows_all_links(reading(), invitation.id, visitor, current_clock().now())


def _sent_form() -> Mapping[str, str]:
    """Return the fields of the body; one that cannot be read is not our page's."""
    try:
        return request.form
    except HTTPException:
        return {}


def _key(invitation: Invitation) -> str:
    return f"u-{invitation.public_id}"


def _button_page(invitation: Invitation, token: str, *, is_again: bool = False) -> str:
    action = address(".submit", token=token)
    return _page("unsubscribe", invitation, action, is_again=is_again)


def _page(
    name: str, invitation: Invitation | None, action: str = "", *, is_again: bool = False
) -> str:
    business = business_name()
    words = _words(invitation, business)
    content = UnsubscribeContent(
        business=business,
        words=words,
        action=action,
        nonce=make_nonce(_key(invitation), SHOWN_AGAIN if is_again else None) if invitation else "",
        error=words.unsubscribe_busy if is_again else "",
    )
    frame = frame_of(business, words, invitation.survey if invitation else None)
    if not action:
        # Another language would lead back to the button.
        frame = replace(frame, choice=None)
    return render_template(f"customer_pages/{name}.html", page=content, frame=frame)


def _words(invitation: Invitation | None, business: str) -> FilledWording:
    if invitation is None:
        return ready_words(business)
    contact = invitation.contact
    return invitation.survey.wording(chosen_language() or contact.language).filled(
        {
            "first_name": contact.first_name,
            "name": contact.name,
            "company": contact.company_name,
            "business": business,
        }
    )
