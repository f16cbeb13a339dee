"""The survey page: a link shows the form, only a sent form is an answer."""

from collections.abc import Mapping
from dataclasses import replace

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerDay
from werkzeug.exceptions import TooManyRequests

from nps_portal.accounts.limits import limiter
from nps_portal.customer_pages.answer_links import last_clicked_score
from nps_portal.customer_pages.forms import SCORES_AS_TEXT, AnswerForm
from nps_portal.customer_pages.openings import open_link
from nps_portal.customer_pages.page_content import Draft, EndingContent, Notice, form_content
from nps_portal.customer_pages.page_signs import sighting_told
from nps_portal.customer_pages.ready_pages import Key, ready_page, takes_gzip
from nps_portal.customer_pages.sent_pages import (
    NONCE_SECONDS,
    taken_at_once,
    thanks_address,
    write_down,
    write_down_unseen,
)
from nps_portal.customer_pages.shared_pages import (
    RETRY_AFTER_SECONDS,
    address,
    chosen_language,
    ending,
    frame_of,
    keep_visit,
    open_to_customers,
    visit_now,
    wrong_link,
)
from nps_portal.customer_pages.survey_links import (
    LinkState,
    SurveyLink,
    invited_link,
    survey_link,
)
from nps_portal.customer_pages.thanks_pages import thank_unseen
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.merging import one_line
from nps_portal.foundation.tokens import PageNonce, Purpose, make_nonce, read_nonce, read_token
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.models import VisitKind
from nps_portal.visits.rules import DECOY_CHOSEN

log = structlog.get_logger(__name__)

DECOY = str(DECOY_CHOSEN)
_GZIPPED = {"Content-Encoding": "gzip"}
# A page that is left and come back to tells again; more than this is no person.
TELLINGS_PER_PAGE = RateLimitItemPerDay(5)
# Doubtful answers to an anonymous Survey leave its link open, so that they need a limit.
UNSEEN_ANSWERS_PER_LINK = RateLimitItemPerDay(10)
LARGEST_TELLING_BYTES = 2000

blueprint = Blueprint("survey_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/s/<token>")
@blueprint.get("/s/<token>/<score>")
def show(token: str, score: str | None = None) -> ResponseReturnValue:
    """Show the form with the score of the link chosen; nothing that counts is changed.

    The decoy is a link that no person sees; whoever follows it gets the page like everybody.
    """
    if score is not None and score not in {*SCORES_AS_TEXT, DECOY}:
        link = _link(token)
        return wrong_link() if link is None else _no_such_score(link, token)
    chosen = SCORES_AS_TEXT.get(score or "")
    kind = VisitKind.DECOY if score == DECOY else VisitKind.SURVEY_PAGE
    link = _opened(token, visit_now(kind, chosen))
    if link is None:
        return wrong_link()
    if link.state is LinkState.DONE:
        return _done(link)
    if score is None and link.invitation_id is not None:
        chosen = last_clicked_score(reading(), link.invitation_id, link.sent)
    if chosen is None and score != DECOY:
        chosen = link.given_score
    nonce = make_nonce(link.key, DECOY_CHOSEN) if kind is VisitKind.DECOY else None
    return _form(link, token, Draft(score=chosen), nonce=nonce)


@blueprint.post("/s/<token>")
def submit(token: str) -> ResponseReturnValue:
    """Take an answer; whatever stands in its way, the form comes back with all that was in it."""
    form = AnswerForm(request.form)
    is_good = form.validate()
    try:
        thanks = taken_at_once(token, form) if is_good else None
    except DatabaseUnavailable:
        link = _link(token)
        return wrong_link() if link is None else _busy(link, token, form)
    return _taken_alone(token, form, is_good) if thanks is None else redirect(thanks, 303)


@blueprint.post("/s/<token>/seen")
def tell(token: str) -> ResponseReturnValue:
    """Keep the page's word that a hand was there; a stranger learns nothing, not even a fault."""
    nothing = ("", 204)
    if (request.content_length or 0) > LARGEST_TELLING_BYTES:
        return nothing
    link = _link(token)
    if link is None or link.invitation_id is None or link.is_anonymous:
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


def _opened(token: str, facts: VisitFacts) -> SurveyLink | None:
    """Return what a token leads to, and keep that somebody has opened it.

    A database that is busy costs the evidence, never the page.
    """
    now, public_id = current_clock().now(), read_token(Purpose.SURVEY, token)
    if public_id is not None:
        try:
            found = open_link(public_id, facts, now)
        except DatabaseUnavailable as error:
            log.warning("visit not kept", reason=str(error))
        else:
            if found is not None:
                return invited_link(reading, found, now, chosen_language())
    return _link(token)


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
) -> str | Response:
    """Return the form; one that comes back keeps its nonce, and with it when it was served."""
    own = {"token": token, "nonce": nonce or make_nonce(link.key, draft.score)}

    def render(link: SurveyLink, own: Mapping[str, str]) -> str:
        content = form_content(
            link,
            draft,
            notice=notice,
            error=error,
            action=address(".show", token=own["token"]),
            nonce=own["nonce"],
            seen_url=address(".tell", token=own["token"]) if _is_watched(link) else "",
        )
        frame = frame_of(link.business, link.wording, link.survey)
        return render_template("customer_pages/survey.html", page=content, frame=frame)

    if link.invitation_id is None or draft.comment or error:
        return render(link, own)

    def render_for_all(marks: Mapping[str, str]) -> str:
        person = {name: marks[name] for name in link.person}
        words = link.wording.with_values(**person)
        return render(replace(link, wording=words), {name: marks[name] for name in own})

    values = own | {name: one_line(value) for name, value in link.person.items()}
    page = ready_page(_what_all_read(link, draft, notice), values, render_for_all)
    if not takes_gzip(request.headers.get("Accept-Encoding", "")):
        return page.filled(values)
    return Response(page.gzipped(values), content_type="text/html; charset=utf-8", headers=_GZIPPED)


def _is_watched(link: SurveyLink) -> bool:
    return link.invitation_id is not None and not link.is_anonymous


def _what_all_read(link: SurveyLink, draft: Draft, notice: Notice | None) -> Key:
    """Return all that the page says, but for what belongs to one person or one opening."""
    return (
        link.survey.id,
        link.survey.version,
        link.business,
        chosen_language(),
        link.wording.language,
        link.state,
        link.given_score,
        draft.score,
        notice,
        request.root_path,
    )


def _taken_alone(token: str, form: AnswerForm, is_good: bool) -> ResponseReturnValue:
    link = _link(token)
    if link is None:
        return wrong_link()
    if link.state is LinkState.DONE:
        return _done(link)
    page = read_nonce(form.nonce.data or "", link.key, NONCE_SECONDS)
    if page is None:
        # Not sent from our page: by a machine, or from another site; or it was open for long.
        return _form(link, token, form.draft(), notice=Notice.AGAIN), 403
    if not is_good:
        fault = form.fault_in(link.wording)
        return _form(link, token, form.draft(), error=fault, nonce=form.nonce.data), 422
    try:
        if link.is_anonymous and link.invitation_id is not None:
            return _taken_unseen(link, link.invitation_id, page, form)
        in_force = write_down(link, page, form)
    except DatabaseUnavailable:
        return _busy(link, token, form)
    return redirect(thanks_address(link.key, link.survey, token, form, in_force=in_force), 303)


def _taken_unseen(
    link: SurveyLink, invitation_id: int, page: PageNonce, form: AnswerForm
) -> ResponseReturnValue:
    if not limiter.limiter.hit(UNSEEN_ANSWERS_PER_LINK, "unseen", link.key):
        raise TooManyRequests
    answer = write_down_unseen(invitation_id, page, form)
    return thank_unseen(answer, link.wording.language) if answer else _done(link)


def _done(link: SurveyLink) -> ResponseReturnValue:
    words = link.wording
    content = EndingContent(
        business=link.business, title=words.anonymous_done_title, text=words.anonymous_done_text
    )
    return ending(content, 200, frame_of(link.business, words, link.survey))


def _busy(link: SurveyLink, token: str, form: AnswerForm) -> ResponseReturnValue:
    fault = link.wording.busy_text
    busy = _form(link, token, form.draft(), error=fault, nonce=form.nonce.data)
    answer = make_response(busy, 503)
    answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return answer


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
