"""The survey page: a link shows the form, only a sent form is an answer."""

from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerDay

from nps_portal.accounts.limits import limiter
from nps_portal.customer_pages.answer_links import last_clicked_score
from nps_portal.customer_pages.forms import SCORES_AS_TEXT, AnswerForm
from nps_portal.customer_pages.page_content import Draft, EndingContent, Notice, form_content
from nps_portal.customer_pages.page_signs import is_untrusted, press_told, sighting_told
from nps_portal.customer_pages.ready_pages import Key, ready_page
from nps_portal.customer_pages.shared_pages import (
    RETRY_AFTER_SECONDS,
    address,
    chosen_language,
    customer,
    ending,
    frame_of,
    keep_visit,
    open_to_customers,
    visit_now,
    wrong_link,
)
from nps_portal.customer_pages.survey_links import SurveyLink, survey_link
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.merging import one_line
from nps_portal.foundation.tokens import PageNonce, make_nonce, read_nonce
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses.commands import change_answer, submit_answer
from nps_portal.responses.models import Evidence
from nps_portal.visits.commands import log_visit
from nps_portal.visits.models import VisitKind

NONCE_SECONDS = 24 * 3600
DECOY = "11"
# A page that is left and come back to tells again; more than this is no person.
TELLINGS_PER_PAGE = RateLimitItemPerDay(5)
LARGEST_TELLING_BYTES = 2000

blueprint = Blueprint("survey_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/s/<token>")
@blueprint.get("/s/<token>/<score>")
def show(token: str, score: str | None = None) -> ResponseReturnValue:
    """Show the form with the score of the link chosen; nothing that counts is changed.

    The decoy is a link that no person sees; whoever follows it gets the page like everybody.
    """
    link = _link(token)
    if link is None:
        return wrong_link()
    if score is not None and score not in {*SCORES_AS_TEXT, DECOY}:
        return _no_such_score(link, token)
    chosen = SCORES_AS_TEXT.get(score or "")
    if score is None and link.invitation_id is not None:
        chosen = last_clicked_score(reading(), link.invitation_id, link.sent)
    if link.invitation_id is not None:
        kind = VisitKind.DECOY if score == DECOY else VisitKind.SURVEY_PAGE
        clicked = SCORES_AS_TEXT.get(score or "")
        keep_visit(visit_now(kind, clicked), link.invitation_id)
    if chosen is None and score != DECOY:
        chosen = link.given_score
    return _form(link, token, Draft(score=chosen))


@blueprint.post("/s/<token>")
def submit(token: str) -> ResponseReturnValue:
    """Take an answer; whatever stands in its way, the form comes back with all that was in it."""
    link = _link(token)
    if link is None:
        return wrong_link()
    form = AnswerForm(request.form)
    form_is_good = form.validate()
    page = read_nonce(form.nonce.data or "", link.key, NONCE_SECONDS)
    if page is None:
        # Not sent from our page: by a machine, or from another site; or it was open for long.
        return _form(link, token, form.draft(), notice=Notice.AGAIN), 403
    if not form_is_good:
        fault = form.fault_in(link.wording)
        return _form(link, token, form.draft(), error=fault, nonce=form.nonce.data), 422
    try:
        in_force = _take(link, page, form)
    except DatabaseUnavailable:
        fault = link.wording.busy_text
        busy = _form(link, token, form.draft(), error=fault, nonce=form.nonce.data)
        answer = make_response(busy, 503)
        answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
        return answer
    return redirect(_thanks_address(link, token, form, in_force=in_force), 303)


@blueprint.post("/s/<token>/seen")
def tell(token: str) -> ResponseReturnValue:
    """Keep the page's word that a hand was there; a stranger learns nothing, not even a fault."""
    nothing = ("", 204)
    if (request.content_length or 0) > LARGEST_TELLING_BYTES:
        return nothing
    link = _link(token)
    if link is None or link.invitation_id is None:
        return nothing
    page = read_nonce(request.form.get("nonce", ""), link.key, NONCE_SECONDS)
    seen = sighting_told(request.form, page.seconds_on_page) if page else None
    if page is None or seen is None:
        return nothing
    if limiter.limiter.hit(TELLINGS_PER_PAGE, "seen", page.key):
        facts = replace(
            visit_now(VisitKind.SEEN, seen.score),
            seconds_on_page=page.seconds_on_page,
            details={"gestures": seen.gestures, "dwell_ms": seen.dwell_ms},
        )
        keep_visit(facts, link.invitation_id)
    return nothing


@blueprint.get("/s/preview-<int:survey_id>")
@blueprint.get("/s/preview-<int:survey_id>/<int:score>")
def preview(survey_id: int, score: int | None = None) -> ResponseReturnValue:
    """Show a Survey's form to whoever wants to see it first; it can be opened on any phone."""
    return show(f"preview-{survey_id}", None if score is None else str(score))


@blueprint.get("/s/")
@blueprint.get("/s/<path:rest>")
def broken(rest: str = "") -> ResponseReturnValue:
    """Answer an address that lost its token, or to which something was added on the way."""
    return wrong_link()


def _link(token: str) -> SurveyLink | None:
    return survey_link(reading(), token, current_clock().now(), chosen_language())


def _form(
    link: SurveyLink,
    token: str,
    draft: Draft,
    *,
    notice: Notice | None = None,
    error: str = "",
    nonce: str | None = None,
) -> str:
    """Return the form; one that comes back keeps its nonce, and with it when it was served."""
    own = {
        "action": address(".show", token=token),
        "nonce": nonce or make_nonce(link.key, draft.score),
        "seen_url": address(".tell", token=token) if link.invitation_id else "",
    }

    def render(link: SurveyLink, own: Mapping[str, str]) -> str:
        content = form_content(link, draft, notice=notice, error=error, **own)
        frame = frame_of(link.business, link.wording, link.survey)
        return render_template("customer_pages/survey.html", page=content, frame=frame)

    if link.invitation_id is None or draft.comment or error:
        return render(link, own)

    def render_for_all(marks: Mapping[str, str]) -> str:
        person = {name: marks[name] for name in link.person}
        words = link.wording.with_values(**person)
        return render(replace(link, wording=words), {name: marks[name] for name in own})

    values = own | {name: one_line(value) for name, value in link.person.items()}
    return ready_page(_what_all_read(link, draft, notice), values, render_for_all)


def _what_all_read(link: SurveyLink, draft: Draft, notice: Notice | None) -> Key:
    """Return all that the page says, but for what belongs to one person or one opening."""
    return (
        link.survey.id,
        link.survey.version,
        link.business,
        link.wording.language,
        link.state,
        link.given_score,
        draft.score,
        notice,
        request.root_path,
    )


def _take(link: SurveyLink, page: PageNonce, form: AnswerForm) -> bool:
    """Write an answer down; tell whether it is in force then, and not only held or shown."""
    answer = form.answer()
    with unit_of_work(customer(link.contact_id)) as work:
        if link.invitation_id is not None:
            facts = replace(
                visit_now(VisitKind.SUBMISSION, answer.score),
                seconds_on_page=page.seconds_on_page,
                details={
                    **press_told(form.hand.data or ""),
                    "preselected": page.preselected,
                    "wrote": bool(answer.comment),
                },
            )
            visit = log_visit(work, link.invitation_id, facts)
            response = submit_answer(work, link.invitation_id, answer, visit)
        elif link.response is not None and not is_untrusted(form.hand.data or ""):
            response = change_answer(work, link.response.id, answer)
        else:
            return False
    return response.evidence is Evidence.SUBMITTED and response.score == answer.score


def _thanks_address(link: SurveyLink, token: str, form: AnswerForm, *, in_force: bool) -> str:
    """Return where the thanks stand.

    The score is in the address where no answer says it; a proof of having just sent it is there for
    the words that go with a review.
    """
    sent = form.answer()
    shows_comment = bool(link.survey.review_links) and bool(sent.comment)
    return address(
        "thanks_pages.show",
        token=token,
        score=None if in_force else sent.score,
        sent=make_nonce(link.key) if shows_comment else None,
    )


def _no_such_score(link: SurveyLink, token: str) -> ResponseReturnValue:
    words = link.wording
    content = EndingContent(
        business=link.business,
        title=words.not_on_scale,
        text=words.not_on_scale_text,
        change=words.to_survey,
        change_url=address(".show", token=token),
    )
    return ending(content, 404, frame_of(link.business, words, link.survey))
