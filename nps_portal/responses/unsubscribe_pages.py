"""Stopping the surveys: by the button of a page, or by the mail program itself (RFC 8058)."""

from flask import Blueprint, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.tokens import Purpose
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses.commands import log_visit, unsubscribe
from nps_portal.responses.customer_pages import (
    RETRY_AFTER_SECONDS,
    business_name,
    customer,
    keep_visit,
    open_to_customers,
    visit_now,
    wrong_link,
)
from nps_portal.responses.models import VisitKind
from nps_portal.responses.page_content import UnsubscribeContent
from nps_portal.responses.survey_links import named_invitation

BUSY_TEXT = "We could not do this just now. Please press the button again in a moment."

blueprint = Blueprint("unsubscribe_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/u/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the one button; scanners open this page, so opening it changes nothing."""
    invitation = named_invitation(reading(), Purpose.UNSUBSCRIBE, token)
    if invitation is None:
        return wrong_link()
    keep_visit(VisitKind.UNSUBSCRIBE_PAGE, invitation.id, invitation.contact_id)
    return _button_page(token, "")


@blueprint.post("/u/<token>")
def submit(token: str) -> ResponseReturnValue:
    """Stop the surveys to whom the token names, and say so; the body of the request is not read.

    A token of nobody gets the same answer, neither 404 nor 429: a mail program may not be
    redirected or asked anything, and who tries tokens learns nothing.
    """
    invitation = named_invitation(reading(), Purpose.UNSUBSCRIBE, token)
    if invitation is not None:
        try:
            with unit_of_work(customer(invitation.contact_id)) as work:
                log_visit(work, invitation.id, visit_now(VisitKind.UNSUBSCRIBE))
                unsubscribe(work, invitation.id)
        except DatabaseUnavailable:
            page = make_response(_button_page(token, BUSY_TEXT), 503)
            page.headers["Retry-After"] = RETRY_AFTER_SECONDS
            return page
    content = UnsubscribeContent(business=business_name())
    return render_template("responses/unsubscribed.html", page=content)


@blueprint.get("/u/")
@blueprint.get("/u/<path:rest>")
def broken(rest: str = "") -> ResponseReturnValue:
    """Answer an address that lost its token, or to which something was added on the way."""
    return wrong_link()


def _button_page(token: str, error: str) -> str:
    content = UnsubscribeContent(
        business=business_name(), action=url_for(".show", token=token), error=error
    )
    return render_template("responses/unsubscribe.html", page=content)
