"""The window on a website: its script, its texts, and the answers that it sends from there.

Pages of any origin may ask and send, because nothing here knows a cookie or tells of anybody.
"""

from dataclasses import asdict

from flask import Blueprint, Response, current_app, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from nps_portal.customer_pages.door_answers import (
    PERSON_NAME_LENGTH,
    SAID_TO_BE_LENGTH,
    SaidPerson,
    contact_of,
    proven_address,
    read_answer,
    read_key,
    read_line,
    take_door_answer,
)
from nps_portal.customer_pages.door_content import OtherDoor, other_door, widget_texts
from nps_portal.customer_pages.door_pages import (
    CLOSED,
    NO_KEY,
    NO_PAGE,
    NO_SURVEY,
    NONCE_SECONDS,
    Refused,
    count_sending,
    facts_now,
    program_answers,
    sent_object,
)
from nps_portal.customer_pages.shared_pages import LARGEST_FORM_BYTES, customer
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import make_nonce, read_nonce
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses.models import Channel

SCRIPT_SECONDS = 3600
PREFLIGHT_SECONDS = 86400

blueprint = Blueprint("widget_pages", __name__)


@blueprint.get("/widget.js")
def script() -> Response:
    """Serve the script; an hour is what a correction of it takes to reach every website."""
    file = make_response(current_app.send_static_file("js/widget-source.js"))
    # Read here, because a file that passes through the server straight is not compressed.
    file.direct_passthrough = False
    file.make_sequence()
    file.headers["Cache-Control"] = f"public, max-age={SCRIPT_SECONDS}"
    return file


@blueprint.get("/w/<name>/texts.json")
@program_answers
def texts(name: str) -> ResponseReturnValue:
    """Tell what the window shows, with a proof that its answer comes from one we filled."""
    door = _open_door(name)
    return jsonify(asdict(widget_texts(door, make_nonce(door.key))))


@blueprint.post("/w/<name>")
@program_answers
def submit(name: str) -> ResponseReturnValue:
    """Take an answer; whom it is from is believed only with the website's seal."""
    request.max_content_length = LARGEST_FORM_BYTES
    door = _open_door(name)
    count_sending()
    sent = sent_object()
    page = read_nonce(read_line(sent.get("nonce"), 500), door.key, NONCE_SECONDS)
    if page is None:
        raise Refused(NO_PAGE, 403, "nonce")
    key = read_key(sent.get("key"))
    if key is None:
        raise Refused(NO_KEY, 422, "key")
    answer = read_answer(sent, door.wording)
    person = _said_person(sent)
    is_known = not door.survey.anonymous
    address = proven_address(door.survey.widget_secret, person) if is_known else None
    with unit_of_work(customer(None)) as work:
        contact_id = contact_of(work, address, person.name) if address else None
        said_to_be = "" if address else person.email
        facts = facts_now(page.seconds_on_page, said_to_be=said_to_be, contact_id=contact_id)
        take_door_answer(work, door, answer, key=key, facts=facts)
    return jsonify(taken=key)


@blueprint.after_request
def open_to_websites(response: Response) -> Response:
    """Let the pages of any origin read what is answered here; no cookie ever comes along."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["X-Robots-Tag"] = "noindex, nofollow"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST"
        headers["Access-Control-Allow-Headers"] = "Content-Type"
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response


def _open_door(name: str) -> OtherDoor:
    door = other_door(reading(), Channel.WIDGET, name, _language())
    if door is None:
        raise Refused(NO_SURVEY, 404)
    if not door.is_open:
        raise Refused(door.wording.closed_title, CLOSED)
    return door


def _language() -> str:
    """Return the language that the website asks for, also as de-AT."""
    try:
        sent = request.get_json(silent=True) if request.method == "POST" else None
    except RecursionError:
        sent = None
    named = sent.get("language") if isinstance(sent, dict) else request.args.get("lang")
    return read_line(named, 35)


def _said_person(sent: object) -> SaidPerson:
    said = sent if isinstance(sent, dict) else {}
    return SaidPerson(
        email=read_line(said.get("email"), SAID_TO_BE_LENGTH),
        name=read_line(said.get("name"), PERSON_NAME_LENGTH),
        seal=read_line(said.get("seal"), 200),
    )
