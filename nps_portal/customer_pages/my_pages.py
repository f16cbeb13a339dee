"""A person's own page: what they answered, and what they decide about their data."""

from dataclasses import replace

from flask import (
    Blueprint,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from nps_portal.contacts.commands import end_pause
from nps_portal.contacts.erasures import ContactErased
from nps_portal.contacts.models import SuppressionReason
from nps_portal.customer_pages.answer_links import follows_all_links
from nps_portal.customer_pages.my_content import (
    MyContent,
    MyLink,
    Unsure,
    is_stopped,
    known_of,
    my_answers,
    my_link,
    my_words,
    paused_text,
    pauses,
)
from nps_portal.customer_pages.page_content import EndingContent
from nps_portal.customer_pages.page_signs import is_surely_machine, is_untrusted, press_told
from nps_portal.customer_pages.shared_pages import (
    address,
    business_name,
    chosen_language,
    customer,
    ending,
    frame_of,
    open_to_customers,
    visit_now,
    wrong_link,
)
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import PageNonce, make_nonce, read_nonce
from nps_portal.foundation.work import Work, unit_of_work
from nps_portal.outbox.stopping import stop_person
from nps_portal.privacy.commands import (
    PAUSES_IN_MONTHS,
    erase_contact,
    erase_response,
    pause_surveys,
)
from nps_portal.privacy.queries import data_of_answer, personal_data
from nps_portal.responses.commands import unsubscribe
from nps_portal.surveys.queries import survey_by_id
from nps_portal.surveys.wording import FilledWording
from nps_portal.visits.commands import log_visit
from nps_portal.visits.models import VisitKind

NONCE_SECONDS = 24 * 3600
ACTS = ("pause", "resume", "stop", "erase")
# What cannot be taken back, and so not by a machine that presses every button it finds.
TICKED = ("stop", "erase")
_BUTTONS = {
    "pause": "me_pause_button",
    "resume": "me_resume_button",
    "stop": "unsubscribe_button",
    "erase": "me_erase_button",
}
# What the nonce of the page remembers when it has asked whether a person pressed.
ASKED_AGAIN = 1

blueprint = Blueprint("my_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/me/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show a person what is known of them; nothing is changed."""
    link = my_link(reading(), token)
    if link is None:
        return wrong_link()
    content = _content(link, token)
    return _page(link, replace(content, notice=_notice(content)))


@blueprint.post("/me/<token>")
def act(token: str) -> ResponseReturnValue:
    """Do what a person has decided; what does not come from our page changes nothing."""
    link = my_link(reading(), token)
    if link is None:
        return wrong_link()
    wanted = request.form.get("act", "")
    if wanted not in ACTS:
        abort(400)
    content = _content(link, token)
    page = read_nonce(request.form.get("nonce", ""), link.key, NONCE_SECONDS)
    if page is None:
        return _page(link, replace(content, error=content.words.me_again)), 403
    if wanted in TICKED and request.form.get("sure") != "yes":
        tick = content.words.me_erase_tick
        return _page(link, replace(content, error=tick, tick_missing=wanted)), 422
    if _is_pressed_by_program(link, page):
        again = make_nonce(link.key, ASKED_AGAIN)
        return _page(link, replace(content, nonce=again, unsure=_unsure(wanted, content.words)))
    return _done(link, wanted, token)


@blueprint.get("/me/<token>/data.json")
def data(token: str) -> ResponseReturnValue:
    """Hand over everything that is known of a person, as one file."""
    link = my_link(reading(), token)
    if link is None:
        return wrong_link()
    if link.contact is not None:
        known = personal_data(reading(), link.contact.id)
    elif link.response is not None:
        known = data_of_answer(reading(), link.response.id)
    else:
        return wrong_link()
    answer = make_response(jsonify(known))
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@blueprint.get("/me/erased/<int:survey_id>")
def erased(survey_id: int) -> ResponseReturnValue:
    """Say that everything is erased; nothing in the address tells of whom."""
    survey = survey_by_id(reading(), survey_id)
    if survey is None:
        return wrong_link()
    business = business_name()
    words = survey.wording(chosen_language()).filled({"business": business})
    content = EndingContent(
        business=business,
        title=words.me_erased_title,
        text=words.me_erased_text,
        language=words.language,
        direction=words.direction,
    )
    return ending(content, 200, frame_of(business, words, survey))


@blueprint.get("/me/")
@blueprint.get("/me/<path:rest>")
def broken(rest: str = "") -> ResponseReturnValue:
    """Answer an address that lost its token, or to which something was added on the way."""
    return wrong_link()


def _content(link: MyLink, token: str) -> MyContent:
    session, now = reading(), current_clock().now()
    words = my_words(session, link, chosen_language())
    return MyContent(
        business=business_name(),
        language=words.language,
        direction=words.direction,
        words=words,
        action=address(".show", token=token),
        data_url=address(".data", token=token),
        nonce=make_nonce(link.key),
        known=known_of(link, words),
        answers=my_answers(
            session, link, words, lambda other: address("survey_pages.show", token=other)
        ),
        may_stop=link.contact is not None,
        is_stopped=is_stopped(session, link.contact),
        paused_text=paused_text(session, link.contact, words, now),
        pauses=pauses(words),
    )


def _notice(content: MyContent) -> str:
    return content.words.me_saved if request.args.get("saved") == "1" else ""


def _page(link: MyLink, content: MyContent) -> str:
    frame = frame_of(content.business, content.words, link.survey)
    return render_template("customer_pages/me.html", page=content, frame=frame)


def _is_pressed_by_program(link: MyLink, page: PageNonce) -> bool:
    """Tell whether a press is plainly no person's.

    A person may share a filter's network and browser, or be helped by a program: who presses again
    is believed. A hand leaves at least one gesture where scripts run, so without any none is.
    """
    hand = request.form.get("hand", "")
    if is_untrusted(hand) and not press_told(hand)["gestures"]:
        return True
    if page.preselected == ASKED_AGAIN:
        return False
    visitor = visit_now(VisitKind.UNSUBSCRIBE)
    if is_surely_machine(hand, visitor):
        return True
    now = current_clock().now()
    return link.invitation_id is not None and follows_all_links(
        reading(), link.invitation_id, visitor, now
    )


def _unsure(wanted: str, words: FilledWording) -> Unsure:
    months = str(_months()) if wanted == "pause" else ""
    return Unsure(act=wanted, months=months, button=words[_BUTTONS[wanted]])


def _done(link: MyLink, wanted: str, token: str) -> ResponseReturnValue:
    """Do it and lead back; an erased person's link leads nowhere, so another page says it."""
    # Read before: afterwards nobody knows which language the person spoke.
    language = my_words(reading(), link, chosen_language()).language
    end = url_for(".erased", survey_id=link.survey.id, lang=language)
    try:
        with unit_of_work(customer(link.contact_id)) as work:
            if wanted == "erase":
                _erase(work, link)
            elif link.contact is not None:
                _decide(work, link, link.contact.id, wanted)
    except ContactErased:
        return wrong_link()
    return redirect(end if wanted == "erase" else address(".show", token=token, saved=1), 303)


def _erase(work: Work, link: MyLink) -> None:
    if link.contact is not None:
        erase_contact(work, link.contact.id)
    elif link.response is not None:
        erase_response(work, link.response.id)


def _decide(work: Work, link: MyLink, contact_id: int, wanted: str) -> None:
    if wanted == "resume":
        end_pause(work, contact_id)
    elif wanted == "pause":
        pause_surveys(work, contact_id, _months())
    elif link.invitation_id is not None:
        log_visit(work, link.invitation_id, visit_now(VisitKind.UNSUBSCRIBE))
        unsubscribe(work, link.invitation_id)
    else:
        reason = SuppressionReason.UNSUBSCRIBED
        stop_person(work, (), reason, source="link", contact_id=contact_id)


def _months() -> int:
    """Return the length of the pause that was chosen; the page offers no other."""
    chosen = request.form.get("months", "")
    return next((one for one in PAUSES_IN_MONTHS if chosen == str(one)), None) or abort(400)
