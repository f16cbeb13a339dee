"""The survey page: a link shows the form, only a sent form is an answer."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.tokens import make_nonce, nonce_fits
from nps_portal.foundation.work import unit_of_work
from nps_portal.nps import category
from nps_portal.responses.commands import log_visit, submit_answer
from nps_portal.responses.customer_pages import (
    RETRY_AFTER_SECONDS,
    customer,
    ending,
    keep_visit,
    open_to_customers,
    visit_now,
    wrong_link,
)
from nps_portal.responses.forms import SCORES_AS_TEXT, AnswerForm
from nps_portal.responses.models import VisitKind
from nps_portal.responses.page_content import (
    BUSY_TEXT,
    Draft,
    EndingContent,
    Notice,
    form_content,
    thanks_content,
)
from nps_portal.responses.survey_links import SurveyLink, preview_link, survey_link

NONCE_SECONDS = 24 * 3600

blueprint = Blueprint("survey_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/s/<token>")
@blueprint.get("/s/<token>/<score>")
def show(token: str, score: str | None = None) -> ResponseReturnValue:
    """Show the form with the score of the link chosen; nothing that counts is changed."""
    link = survey_link(reading(), token, current_clock().now())
    if link is None or link.invitation_id is None:
        return wrong_link()
    address = url_for(".show", token=token)
    if score is not None and score not in SCORES_AS_TEXT:
        return _no_such_score(link, address)
    chosen = SCORES_AS_TEXT.get(score or "")
    keep_visit(VisitKind.SURVEY_PAGE, link.invitation_id, link.contact_id, chosen)
    return _form(link, address, Draft(score=link.given_score if chosen is None else chosen))


@blueprint.post("/s/<token>")
def submit(token: str) -> ResponseReturnValue:
    """Take an answer; whatever stands in its way, the form comes back with all that was in it."""
    link = survey_link(reading(), token, current_clock().now())
    if link is None or link.invitation_id is None:
        return wrong_link()
    form, address = AnswerForm(request.form), url_for(".show", token=token)
    refusal = _refusal(link, address, form)
    if refusal is not None:
        return refusal
    try:
        _take(link.invitation_id, link.contact_id, form)
    except DatabaseUnavailable:
        page = make_response(_form(link, address, form.draft(), error=BUSY_TEXT), 503)
        page.headers["Retry-After"] = RETRY_AFTER_SECONDS
        return page
    return redirect(url_for(".thanks", token=token), 303)


@blueprint.get("/s/<token>/thanks")
def thanks(token: str) -> ResponseReturnValue:
    """Thank for an answer; without one, lead to the form."""
    link = survey_link(reading(), token, current_clock().now())
    if link is None:
        return wrong_link()
    address = url_for(".show", token=token)
    if link.given_score is None:
        return redirect(address, 303)
    return ending(thanks_content(link, category(link.given_score), change_url=address), 200)


@blueprint.get("/s/preview-<int:survey_id>")
@blueprint.get("/s/preview-<int:survey_id>/<score>")
def preview(survey_id: int, score: str | None = None) -> ResponseReturnValue:
    """Show a Survey's form to whoever wants to see it first; it can be opened on any phone."""
    link = preview_link(reading(), survey_id)
    if link is None:
        return wrong_link()
    address = url_for(".preview", survey_id=survey_id)
    if score is not None and score not in SCORES_AS_TEXT:
        return _no_such_score(link, address)
    return _form(link, address, Draft(score=SCORES_AS_TEXT.get(score or "")))


@blueprint.post("/s/preview-<int:survey_id>")
def submit_preview(survey_id: int) -> ResponseReturnValue:
    """Judge an answer as the real page would, and keep nothing of it."""
    link = preview_link(reading(), survey_id)
    if link is None:
        return wrong_link()
    form = AnswerForm(request.form)
    refusal = _refusal(link, url_for(".preview", survey_id=survey_id), form)
    if refusal is not None:
        return refusal
    score = form.answer().score
    return redirect(url_for(".preview_thanks", survey_id=survey_id, score=score), 303)


@blueprint.get("/s/preview-<int:survey_id>/thanks")
def preview_thanks(survey_id: int) -> ResponseReturnValue:
    """Thank for the score in the address, the only place where a preview keeps it."""
    link = preview_link(reading(), survey_id)
    if link is None:
        return wrong_link()
    address = url_for(".preview", survey_id=survey_id)
    score = SCORES_AS_TEXT.get(request.args.get("score", ""))
    if score is None:
        return redirect(address, 303)
    return ending(thanks_content(link, category(score), change_url=address), 200)


@blueprint.get("/s/")
@blueprint.get("/s/<path:rest>")
def broken(rest: str = "") -> ResponseReturnValue:
    """Answer an address that lost its token, or to which something was added on the way."""
    return wrong_link()


def _form(
    link: SurveyLink, address: str, draft: Draft, *, notice: Notice | None = None, error: str = ""
) -> str:
    content = form_content(
        link, draft, action=address, nonce=make_nonce(link.key), notice=notice, error=error
    )
    return render_template("responses/survey.html", page=content)


def _refusal(link: SurveyLink, address: str, form: AnswerForm) -> ResponseReturnValue | None:
    """Return the form once more when it cannot be taken, or None when it can.

    An answer without our nonce was not sent from our page: by a machine, or from another site.
    """
    form_is_good = form.validate()
    if not nonce_fits(form.nonce.data or "", link.key, NONCE_SECONDS):
        return _form(link, address, form.draft(), notice=Notice.AGAIN), 403
    if not form_is_good:
        return _form(link, address, form.draft(), error=form.fault), 422
    return None


def _take(invitation_id: int, contact_id: int | None, form: AnswerForm) -> None:
    answer = form.answer()
    with unit_of_work(customer(contact_id)) as work:
        log_visit(work, invitation_id, visit_now(VisitKind.SUBMISSION, answer.score))
        submit_answer(work, invitation_id, answer)


def _no_such_score(link: SurveyLink, address: str) -> ResponseReturnValue:
    content = EndingContent(
        business=link.business,
        title="This number is not on the scale",
        text="The scale goes from 0 to 10. The survey itself is one click away.",
        change="To the survey",
        change_url=address,
    )
    return ending(content, 404)
