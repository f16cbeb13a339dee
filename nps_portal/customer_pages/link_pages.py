"""The public link of a Survey, as a QR code on an invoice or at a till leads to it."""

from dataclasses import replace

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from nps_portal.customer_pages.door_answers import (
    SAID_TO_BE_LENGTH,
    BadAnswer,
    read_answer,
    read_line,
    take_door_answer,
)
from nps_portal.customer_pages.door_content import OtherDoor, other_door
from nps_portal.customer_pages.door_pages import (
    NONCE_SECONDS,
    closed_page,
    count_sending,
    facts_now,
)
from nps_portal.customer_pages.forms import SCORES_AS_TEXT, AnswerForm
from nps_portal.customer_pages.page_content import Draft, EndingContent, Notice, form_content
from nps_portal.customer_pages.shared_pages import (
    RETRY_AFTER_SECONDS,
    address,
    customer,
    ending,
    frame_of,
    open_to_customers,
    readers_language,
    wrong_link,
)
from nps_portal.customer_pages.thanks_pages import thank_unseen
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.tokens import PageNonce, Purpose, make_nonce, make_token, read_nonce
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses.anonymous import as_kept
from nps_portal.responses.commands import Answer, change_answer
from nps_portal.responses.models import Channel

blueprint = Blueprint("link_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/l/<name>")
@blueprint.get("/l/<name>/<score>")
def show(name: str, score: str | None = None) -> ResponseReturnValue:
    """Show the form, with the score of the address chosen; nothing is written."""
    door = _door(name)
    if door is None:
        return wrong_link()
    if not door.is_open:
        return closed_page(door)
    if score is not None and score not in SCORES_AS_TEXT:
        return _no_such_score(door)
    return _form(door, Draft(score=SCORES_AS_TEXT.get(score or "")))


@blueprint.post("/l/<name>")
def submit(name: str) -> ResponseReturnValue:
    """Take an answer; whatever stands in its way, the form comes back with all that was in it."""
    door = _door(name)
    if door is None:
        return wrong_link()
    if not door.is_open:
        return closed_page(door)
    count_sending()
    draft = AnswerForm(request.form).draft()
    page = read_nonce(request.form.get("nonce", ""), door.key, NONCE_SECONDS)
    if page is None:
        return _form(door, draft, notice=Notice.AGAIN), 403
    try:
        token = _take(door, page, read_answer(request.form, door.wording))
    except BadAnswer as fault:
        return _form(door, draft, error=str(fault), nonce=request.form["nonce"]), 422
    except DatabaseUnavailable:
        fault_text = door.wording.busy_text
        form = _form(door, draft, error=fault_text, nonce=request.form["nonce"])
        busy = make_response(form, 503)
        busy.headers["Retry-After"] = RETRY_AFTER_SECONDS
        return busy
    if door.survey.anonymous:
        return thank_unseen(token, door.wording.language)
    return redirect(address("thanks_pages.show", token=token), 303)


@blueprint.get("/l/")
@blueprint.get("/l/<path:rest>")
def broken(rest: str = "") -> ResponseReturnValue:
    """Answer an address that lost its end, or to which something was added on the way."""
    return wrong_link()


def _door(name: str) -> OtherDoor | None:
    return other_door(reading(), Channel.LINK, name, readers_language())


def _take(door: OtherDoor, page: PageNonce, answer: Answer) -> str:
    """Keep an answer, and return the token that stands for it from now on.

    The page's own key names it: sent twice it is one answer, and who went back changes that one.
    """
    facts = facts_now(page.seconds_on_page, said_to_be=_said_to_be())
    with unit_of_work(customer(None)) as work:
        response = take_door_answer(work, door, answer, key=page.key, facts=facts)
        differs = (response.score, response.comment) != (answer.score, answer.comment)
        if differs:
            change_answer(as_kept(work, door.survey), response.id, answer, facts)
        return make_token(Purpose.ANSWER, response.public_id or "")


def _said_to_be() -> str:
    return read_line(request.form.get("said_to_be"), SAID_TO_BE_LENGTH)


def _form(
    door: OtherDoor,
    draft: Draft,
    *,
    notice: Notice | None = None,
    error: str = "",
    nonce: str = "",
) -> str:
    """Return the form; one that comes back keeps its nonce, and with it the answer's key."""
    # The survey page's note says that the same link changes the answer, which this one does not.
    content = form_content(
        door.link,
        draft,
        action=address(".submit", name=door.survey.name),
        nonce=nonce or make_nonce(door.key, draft.score),
        notice=notice,
        error=error,
    )
    return render_template(
        "customer_pages/link.html",
        page=content if door.survey.anonymous else replace(content, note=door.wording.note_public),
        frame=frame_of(door.business, door.wording, door.survey),
        who_are_you="" if door.survey.anonymous else door.wording.who_are_you,
        said_to_be=_said_to_be(),
        said_to_be_length=SAID_TO_BE_LENGTH,
    )


def _no_such_score(door: OtherDoor) -> ResponseReturnValue:
    words = door.wording
    content = EndingContent(
        business=door.business,
        title=words.not_on_scale,
        text=words.not_on_scale_text,
        change=words.to_survey,
        change_url=address(".show", name=door.survey.name),
    )
    return ending(content, 404, frame_of(door.business, words, door.survey))
