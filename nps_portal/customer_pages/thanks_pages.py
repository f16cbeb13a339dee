"""The thank-you page, and what is sent from it: more answers, a wish for a call, a permission."""

from collections.abc import Callable

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.customer_pages.forms import SCORES_AS_TEXT, CallForm, QuoteForm
from nps_portal.customer_pages.frames import Frame
from nps_portal.customer_pages.more_questions import question_contents, read_answers
from nps_portal.customer_pages.page_signs import is_surely_machine
from nps_portal.customer_pages.shared_pages import (
    RETRY_AFTER_SECONDS,
    address,
    chosen_language,
    customers_work,
    frame_of,
    open_to_customers,
    visit_now,
    wrong_link,
)
from nps_portal.customer_pages.survey_links import LinkState, survey_link
from nps_portal.customer_pages.thanks_content import (
    Part,
    Return,
    Thanked,
    ThanksContent,
    is_call_open,
    offered,
    review_links,
    said_after,
)
from nps_portal.followups.commands import CallWishes, ask_for_call
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.tokens import make_nonce, read_nonce
from nps_portal.foundation.work import Work
from nps_portal.responses.answers import (
    answers_in_force,
    keep_answers,
    permit_quoting,
    questions_for,
)
from nps_portal.surveys.models import SurveyQuestion
from nps_portal.visits.models import VisitKind

NONCE_SECONDS = 24 * 3600
# How long the page shows their words to whoever has just sent them.
COMMENT_SECONDS = 3600

blueprint = Blueprint("thanks_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/s/<token>/thanks")
def show(token: str) -> ResponseReturnValue:
    """Thank for an answer; without one, lead to the form."""
    thanked = _thanked(token)
    return _page(thanked) if isinstance(thanked, Thanked) else thanked


def thank_unseen(answer: str, language: str) -> ResponseReturnValue:
    """Thank for an answer to an anonymous Survey, as the reply to the form that brought it.

    The token `answer` is in the page and in no address, so that no log has it beside a link.
    """
    thanked = _thanked_unseen(answer, language)
    return wrong_link() if thanked is None else _page(thanked)


@blueprint.post("/s/more")
def answer_more_unseen() -> ResponseReturnValue:
    """Keep the answers to further questions of an anonymous Survey."""
    thanked = _thanked_unseen(request.form.get("answer", ""), chosen_language())
    return wrong_link() if thanked is None else _more(thanked)


@blueprint.post("/s/<token>/more")
def answer_more(token: str) -> ResponseReturnValue:
    """Keep the answers to further questions."""
    thanked = _thanked(token)
    return _more(thanked) if isinstance(thanked, Thanked) else thanked


def _more(thanked: Thanked) -> ResponseReturnValue:
    questions = questions_for(reading(), thanked.link.survey.id, thanked.category)
    sent = read_answers(questions, thanked.languages, request.form, thanked.link.wording)
    fault = next(iter(sent.faults.values()), "")

    def keep(work: Work, response_id: int) -> None:
        keep_answers(work, response_id, sent.given)

    return _taken(thanked, Part.MORE, fault, keep, dict(sent.faults))


@blueprint.post("/s/<token>/call")
def wish_call(token: str) -> ResponseReturnValue:
    """Make a task of the wish to be called."""
    thanked = _thanked(token)
    if not isinstance(thanked, Thanked):
        return thanked
    form = CallForm(request.form)
    fault = "" if form.validate() else form.fault_in(thanked.link.wording)
    # In the business's language, because a person there reads it.
    words = thanked.link.survey.wording()
    wishes = CallWishes(
        phone=form.phone.data or "",
        times=tuple(words[f"call_{time}"] for time in form.chosen_times()),
        about=form.about.data or "",
    )

    def keep(work: Work, response_id: int) -> None:
        ask_for_call(work, response_id, wishes)

    return _taken(thanked, Part.CALL, fault, keep)


@blueprint.post("/s/<token>/quote")
def permit_quote(token: str) -> ResponseReturnValue:
    """Write down whether their words may be shown to others."""
    thanked = _thanked(token)
    if not isinstance(thanked, Thanked):
        return thanked
    form = QuoteForm(request.form)
    fault = "" if form.validate() else thanked.link.wording.not_a_choice

    def keep(work: Work, response_id: int) -> None:
        permit_quoting(work, response_id, form.wish())

    return _taken(thanked, Part.QUOTE, fault, keep)


def _thanked(token: str) -> Thanked | ResponseReturnValue:
    """Return who is thanked, or the answer to whom there is nothing to thank for.

    The score is in the address where no answer has it: in a preview, and while it is looked at.
    """
    link = survey_link(reading(), token, current_clock().now(), chosen_language())
    if link is None:
        return wrong_link()
    score = SCORES_AS_TEXT.get(request.args.get("score", ""))
    if score is None and link.sent is not None:
        score = link.sent.score
    if score is None or not (link.has_sent or link.state is LinkState.PREVIEW):
        return redirect(address("survey_pages.show", token=token), 303)
    return Thanked(token=token, link=link, score=score)


def _thanked_unseen(answer: str, language: str) -> Thanked | None:
    link = survey_link(reading(), answer, current_clock().now(), language)
    if link is None or link.response is None or not link.survey.anonymous:
        return None
    return Thanked(token=answer, link=link, score=link.response.score, is_unseen=True)


def _taken(
    thanked: Thanked,
    part: Part,
    fault: str,
    keep: Callable[[Work, int], None],
    faults: dict[str, str] | None = None,
) -> ResponseReturnValue:
    """Keep what was sent and come back to the thanks; else show it again with the reason."""
    link, words = thanked.link, thanked.link.wording

    def back(error: str, code: int) -> ResponseReturnValue:
        return _page(thanked, Return(part=part, error=error, code=code, faults=faults or {}))

    if read_nonce(request.form.get("nonce", ""), link.key, NONCE_SECONDS) is None:
        return back(words.again_text, 403)
    if not _is_offered(thanked, part):
        return wrong_link()
    if link.response is not None and is_surely_machine(
        request.form.get("hand", ""), visit_now(VisitKind.SUBMISSION)
    ):
        return _page(thanked) if thanked.is_unseen else redirect(_address("show", thanked), 303)
    if fault:
        return back(fault, 422)
    if link.response is not None:
        try:
            with customers_work(link.survey, link.contact_id) as work:
                keep(work, link.response.id)
        except DatabaseUnavailable:
            page = make_response(back(words.busy_text, 503))
            page.headers["Retry-After"] = RETRY_AFTER_SECONDS
            return page
    if thanked.is_unseen:
        return _page(thanked, done=part.value)
    return redirect(_address("show", thanked, done=part.value), 303)


def _is_offered(thanked: Thanked, part: Part) -> bool:
    """Tell whether this Survey asks them for that, also when they have said it before."""
    questions = questions_for(reading(), thanked.link.survey.id, thanked.category)
    return part in offered(thanked.link, "", questions)


def _page(thanked: Thanked, returned: Return | None = None, done: str = "") -> ResponseReturnValue:
    link, words = thanked.link, thanked.link.wording
    done = "" if returned else done or request.args.get("done", "")
    part = returned.part if returned else None
    permission = link.response.quote_permission if link.response else None
    questions = question_contents(
        _open_questions(thanked, part),
        thanked.languages,
        request.form if part is Part.MORE else None,
        returned.faults if returned else None,
    )
    content = ThanksContent(
        business=link.business,
        words=words,
        thanks=words.thank_you(thanked.category),
        nonce=make_nonce(link.key),
        change_url=_change_url(thanked),
        answer=thanked.token if thanked.is_unseen else "",
        actions={one.value: _action(one, thanked) for one in offered(link, done, questions)},
        notice_text=said_after(words, done, is_preview=link.state is LinkState.PREVIEW),
        error=returned.error if returned else "",
        faulty=part.value if part else "",
        reviews_text=words.reviews_text(thanked.category),
        review_links=review_links(link),
        comment=_own_comment(thanked),
        referral_url=link.survey.referral_url,
        questions=questions,
        call=CallForm(request.form if part is Part.CALL else None),
        call_is_open=is_call_open(thanked.category, part),
        quote=QuoteForm(
            request.form if part is Part.QUOTE else None,
            permission=permission.value if permission else None,
        ),
    )
    page = render_template("customer_pages/thanks.html", page=content, frame=_frame(thanked))
    return page, returned.code if returned else 200


def _change_url(thanked: Thanked) -> str:
    """Return where the answer can be changed; an anonymous one cannot."""
    if thanked.link.survey.anonymous:
        return ""
    return address("survey_pages.show", token=thanked.token)


def _frame(thanked: Thanked) -> Frame:
    link = thanked.link
    again = url_for("thanks_pages.show", token=thanked.token)
    frame = frame_of(link.business, link.wording, link.survey, again=again, kept=_kept())
    return frame.without_choice() if thanked.is_unseen else frame


_ENDPOINTS = {Part.MORE: "answer_more", Part.CALL: "wish_call", Part.QUOTE: "permit_quote"}


def _action(part: Part, thanked: Thanked) -> str:
    if thanked.is_unseen:
        return url_for("thanks_pages.answer_more_unseen", lang=thanked.link.wording.language)
    return _address(_ENDPOINTS[part], thanked)


def _open_questions(thanked: Thanked, part: Part | None) -> list[SurveyQuestion]:
    """Return the questions without an answer; those that came back are all shown."""
    questions = questions_for(reading(), thanked.link.survey.id, thanked.category)
    response = thanked.link.response
    if not questions or response is None or part is Part.MORE:
        return questions
    answered = answers_in_force(reading(), response.id)
    return [question for question in questions if question.id not in answered]


def _own_comment(thanked: Thanked) -> str:
    """Return their comment to whoever has just sent it; the link alone shows it to nobody."""
    link = thanked.link
    if thanked.is_unseen:
        return link.sent.comment if link.sent else ""
    if link.state is LinkState.PREVIEW:
        return link.wording.comment_help
    proof = read_nonce(request.args.get("sent", ""), link.key, COMMENT_SECONDS)
    return link.sent.comment if proof is not None and link.sent is not None else ""


def _kept() -> dict[str, str]:
    """Return what of the address says whose thanks these are, and what was done."""
    return {
        name: value for name in ("score", "sent", "done") if (value := request.args.get(name, ""))
    }


def _address(view: str, thanked: Thanked, **more: str) -> str:
    kept = {name: value for name, value in _kept().items() if name != "done"}
    return address(f"thanks_pages.{view}", token=thanked.token, **kept, **more)
