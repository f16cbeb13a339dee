"""Answers that come back from the survey page: how each is written down, and where it leads."""

from dataclasses import replace

from nps_portal.customer_pages.forms import AnswerForm
from nps_portal.customer_pages.known_surveys import known_survey
from nps_portal.customer_pages.page_signs import is_untrusted, press_told
from nps_portal.customer_pages.shared_pages import (
    address,
    customer,
    customers_work,
    visit_now,
)
from nps_portal.customer_pages.survey_links import SurveyLink
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import (
    PageNonce,
    Purpose,
    make_nonce,
    make_token,
    read_nonce,
    read_token,
)
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses.anonymous import take_anonymous_answer
from nps_portal.responses.commands import Answer, PublicFacts, change_answer, submit_answer
from nps_portal.responses.first_answers import FirstAnswer, take_first_answer
from nps_portal.responses.models import Evidence
from nps_portal.surveys.models import Survey
from nps_portal.visits.commands import VisitFacts, log_visit, visit_of
from nps_portal.visits.models import VisitKind

NONCE_SECONDS = 24 * 3600


def taken_at_once(token: str, form: AnswerForm) -> str | None:
    """Take a first answer together with those that come beside, and return where its thanks stand.

    None for whatever else it is: a look at it alone tells what.
    """
    public_id = read_token(Purpose.SURVEY, token)
    page = read_nonce(form.nonce.data or "", public_id, NONCE_SECONDS) if public_id else None
    if public_id is None or page is None:
        return None
    answer = form.answer()
    taken = take_first_answer(
        FirstAnswer(
            public_id=public_id,
            answer=answer,
            facts=_submission(page, form, answer),
            at=current_clock().now(),
        )
    )
    if taken is None:
        return None
    survey = known_survey(reading, taken.survey_id, taken.version).survey
    return thanks_address(public_id, survey, token, form, in_force=True)


def write_down(link: SurveyLink, page: PageNonce, form: AnswerForm) -> bool:
    """Write an answer down; tell whether it is in force then, and not only held or shown."""
    answer = form.answer()
    with customers_work(link.survey, link.contact_id) as work:
        if link.invitation_id is not None:
            visit = log_visit(work, link.invitation_id, _submission(page, form, answer))
            response = submit_answer(work, link.invitation_id, answer, visit)
        elif link.response is not None and not is_untrusted(form.hand.data or ""):
            response = change_answer(work, link.response.id, answer, _public_facts(page))
        else:
            return False
    return response.evidence is Evidence.SUBMITTED and response.score == answer.score


def write_down_unseen(invitation_id: int, page: PageNonce, form: AnswerForm) -> str | None:
    """Write down the answer to an anonymous Survey, and return the token that names it.

    None when one came before. The token stands in the page that thanks and in no address.
    """
    answer = form.answer()
    with unit_of_work(customer(None)) as work:
        submission = visit_of(work, invitation_id, _submission(page, form, answer))
        response = take_anonymous_answer(work, invitation_id, answer, submission)
        return make_token(Purpose.ANSWER, response.public_id or "") if response else None


def thanks_address(
    key: str, survey: Survey, token: str, form: AnswerForm, *, in_force: bool
) -> str:
    """Return where the thanks stand.

    The score is in the address where no answer says it; a proof of having just sent it is there for
    the words that go with a review.
    """
    sent = form.answer()
    shows_comment = bool(survey.review_links) and bool(sent.comment)
    return address(
        "thanks_pages.show",
        token=token,
        score=None if in_force else sent.score,
        sent=make_nonce(key) if shows_comment else None,
    )


def _public_facts(page: PageNonce) -> PublicFacts:
    sent = visit_now(VisitKind.SUBMISSION)
    return PublicFacts(
        network=sent.network, user_agent=sent.user_agent, seconds_on_page=page.seconds_on_page
    )


def _submission(page: PageNonce, form: AnswerForm, answer: Answer) -> VisitFacts:
    return replace(
        visit_now(VisitKind.SUBMISSION, answer.score),
        seconds_on_page=page.seconds_on_page,
        details={
            **press_told(form.hand.data or ""),
            "preselected": page.preselected,
            "wrote": bool(answer.comment),
        },
    )
