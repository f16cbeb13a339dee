"""The kiosk: a tablet that asks one person after the other, with or without a connection."""

from dataclasses import replace

from flask import Blueprint, current_app, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from nps_portal.customer_pages.door_answers import (
    BadAnswer,
    key_of_form,
    read_answer,
    read_key,
    read_line,
    read_time,
    take_door_answer,
)
from nps_portal.customer_pages.door_content import (
    KioskContent,
    OtherDoor,
    other_door,
    thank_yous,
)
from nps_portal.customer_pages.door_pages import (
    CLOSED,
    NO_KEY,
    NO_PAGE,
    NO_SURVEY,
    NONCE_SECONDS,
    Refused,
    closed_page,
    count_sending,
    facts_now,
    is_from_program,
    program_answers,
    sent_object,
)
from nps_portal.customer_pages.forms import AnswerForm
from nps_portal.customer_pages.frames import Frame
from nps_portal.customer_pages.page_content import Draft
from nps_portal.customer_pages.shared_pages import (
    RETRY_AFTER_SECONDS,
    address,
    chosen_language,
    customer,
    frame_of,
    open_to_customers,
    wrong_link,
)
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.tokens import make_nonce, read_nonce
from nps_portal.foundation.work import unit_of_work
from nps_portal.nps import Category, category
from nps_portal.responses.commands import COMMENT_LENGTH
from nps_portal.responses.models import Channel
from nps_portal.surveys.wording import ThankYou

THANKS_SECONDS = 8
# A closed kiosk looks again by itself, so that opening it needs nobody at the tablet.
LOOK_AGAIN_SECONDS = 60

blueprint = Blueprint("kiosk_pages", __name__)
open_to_customers(blueprint)


@blueprint.get("/k/sw.js")
def worker() -> ResponseReturnValue:
    """Serve the script that keeps the page at hand; from here it may do so for every kiosk."""
    script = make_response(current_app.send_static_file("js/kiosk-worker.js"))
    script.headers["Cache-Control"] = "no-cache"
    script.headers["Service-Worker-Allowed"] = "/k/"
    return script


@blueprint.get("/k/<name>")
def show(name: str) -> ResponseReturnValue:
    """Show the tablet's page."""
    door = _door(name)
    if door is None:
        return wrong_link()
    return _page(door) if door.is_open else _closed(door)


@blueprint.get("/k/<name>/nonce")
@program_answers
def nonce(name: str) -> ResponseReturnValue:
    """Give a proof of origin to a tablet that sends what it has kept."""
    return jsonify(nonce=make_nonce(_open_door(name).key))


@blueprint.post("/k/<name>")
def submit(name: str) -> ResponseReturnValue:
    """Take an answer: as JSON from the tablet's script, as a form from a tablet without one."""
    if is_from_program():
        return _take_kept(name)
    door = _door(name)
    if door is None:
        return wrong_link()
    if not door.is_open:
        return _closed(door)
    count_sending()
    return _take_form(door)


@blueprint.get("/k/<name>/thanks/<said>")
def thanks(name: str, said: str) -> ResponseReturnValue:
    """Thank without scripts; no token leads here, because the next person may go back."""
    door, known = _door(name), {one.value: one for one in Category}
    if door is None or said not in known:
        return wrong_link()
    page = make_response(_page(door, thanked=door.wording.thank_you(known[said])))
    page.headers["Refresh"] = f"{THANKS_SECONDS}; url={_address(door)}"
    return page


@blueprint.get("/k/")
@blueprint.get("/k/<path:rest>")
def broken(rest: str = "") -> ResponseReturnValue:
    """Answer an address that lost its end, or to which something was added on the way."""
    return wrong_link()


def _door(name: str) -> OtherDoor | None:
    """Return the door in the language of its address; a tablet's own language is nobody's."""
    return other_door(reading(), Channel.KIOSK, name, chosen_language())


def _open_door(name: str) -> OtherDoor:
    door = _door(name)
    if door is None:
        raise Refused(NO_SURVEY, 404)
    if not door.is_open:
        raise Refused(door.wording.closed_title, CLOSED)
    return door


@program_answers
def _take_kept(name: str) -> ResponseReturnValue:
    """Keep an answer that the tablet has kept until now; it says when it was given."""
    door, sent = _open_door(name), sent_object()
    count_sending()
    if read_nonce(read_line(sent.get("nonce"), 500), door.key, NONCE_SECONDS) is None:
        raise Refused(NO_PAGE, 403, "nonce")
    key = read_key(sent.get("key"))
    if key is None:
        raise Refused(NO_KEY, 422, "key")
    answer, claimed = read_answer(sent, door.wording), read_time(sent.get("answered_at"))
    with unit_of_work(customer(None)) as work:
        # How long somebody stood there is not known: the page is served once for many people.
        take_door_answer(work, door, answer, key=key, facts=facts_now(None), claimed=claimed)
    return jsonify(taken=key)


def _take_form(door: OtherDoor) -> ResponseReturnValue:
    draft = AnswerForm(request.form).draft()
    page = read_nonce(request.form.get("nonce", ""), door.key, NONCE_SECONDS)
    if page is None:
        return _page(door, draft, error=door.wording.again_text), 403
    try:
        answer = read_answer(request.form, door.wording)
        with unit_of_work(customer(None)) as work:
            key = key_of_form(page.key, answer)
            take_door_answer(work, door, answer, key=key, facts=facts_now(None))
    except BadAnswer as fault:
        return _page(door, draft, error=str(fault), nonce=request.form["nonce"]), 422
    except DatabaseUnavailable:
        fault_text = door.wording.busy_text
        page_again = _page(door, draft, error=fault_text, nonce=request.form["nonce"])
        busy = make_response(page_again, 503)
        busy.headers["Retry-After"] = RETRY_AFTER_SECONDS
        return busy
    said = category(answer.score).value
    return redirect(address(".thanks", name=door.survey.name, said=said), 303)


def _page(
    door: OtherDoor,
    draft: Draft | None = None,
    *,
    error: str = "",
    nonce: str = "",
    thanked: ThankYou | None = None,
) -> str:
    content = KioskContent(
        address=_address(door),
        nonce_address=address(".nonce", name=door.survey.name),
        worker_address=address(".worker"),
        words=door.wording,
        nonce=nonce or make_nonce(door.key),
        draft=draft or Draft(),
        comment_length=COMMENT_LENGTH,
        questions=door.wording.comment_questions(),
        thank_yous=thank_yous(door.wording),
        error=error,
        thanked=thanked,
    )
    return render_template("customer_pages/kiosk.html", page=content, frame=_frame(door))


def _address(door: OtherDoor) -> str:
    return address(".show", name=door.survey.name)


def _frame(door: OtherDoor) -> Frame:
    """Return the frame without the choice of language, which would stay chosen for the next one."""
    return replace(frame_of(door.business, door.wording, door.survey), choice=None)


def _closed(door: OtherDoor) -> ResponseReturnValue:
    page = make_response(closed_page(door, _frame(door)))
    page.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return page
