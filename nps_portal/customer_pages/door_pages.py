"""What the pages of the other doors share: who sends, how fast, and how a program is refused."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec

from flask import jsonify, make_response, request
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerMinute
from werkzeug.exceptions import HTTPException, TooManyRequests

from nps_portal.accounts.limits import limiter
from nps_portal.customer_pages.door_answers import BadAnswer
from nps_portal.customer_pages.door_content import OtherDoor, closed_content
from nps_portal.customer_pages.frames import Frame
from nps_portal.customer_pages.shared_pages import RETRY_AFTER_SECONDS, ending, frame_of
from nps_portal.foundation.database import DatabaseUnavailable
from nps_portal.foundation.merging import one_line
from nps_portal.responses.evidence import PublicFacts
from nps_portal.visits.facts import USER_AGENT_LENGTH, network_of

P = ParamSpec("P")

NONCE_SECONDS = 24 * 3600
# A tablet that was offline for a day sends what it kept in one go; no person is as fast.
SENDINGS_PER_CLIENT = RateLimitItemPerMinute(120)
# Shut, perhaps only for a time, but surely not mistyped: that would be 404.
CLOSED = 410
NO_SURVEY = "There is no survey of this name."
NO_OBJECT = "The body must be a JSON object with score and comment."
NO_KEY = "The key must be 8 to 48 letters, digits, hyphens or underscores."
NO_PAGE = "This did not come from a page that was opened lately; nothing was stored. Open it again."


class Refused(Exception):
    """A program's request is not taken; the answer to it says why."""

    def __init__(self, reason: str, code: int, field: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.field = field


def is_from_program() -> bool:
    """Tell whether a request is a program's, which wants to be answered in JSON."""
    return request.mimetype == "application/json"


def program_answers(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Answer every fault of a view in JSON, because a script reads it and no person."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except Refused as fault:
            return _refusal(fault)
        except BadAnswer as fault:
            return _refusal(Refused(str(fault), 422, fault.field))
        except HTTPException as fault:
            return _refusal(Refused(fault.name, fault.code or 500))
        except DatabaseUnavailable as fault:
            return _refusal(Refused(str(fault), 503))

    return answered


def count_sending() -> None:
    """Slow down who sends answers faster than people do.

    :raises TooManyRequests: the client has sent too many within the last minute.
    """
    if not limiter.limiter.hit(SENDINGS_PER_CLIENT, "door", request.remote_addr or ""):
        raise TooManyRequests


def facts_now(
    seconds_on_page: float | None, *, said_to_be: str = "", contact_id: int | None = None
) -> PublicFacts:
    """Return what the request at hand tells of whoever sends an answer."""
    return PublicFacts(
        network=network_of(request.remote_addr or ""),
        user_agent=one_line(request.headers.get("User-Agent", ""))[:USER_AGENT_LENGTH],
        seconds_on_page=seconds_on_page,
        contact_id=contact_id,
        said_to_be=said_to_be,
    )


def sent_object() -> Mapping[str, Any]:
    """Return the JSON object of the request.

    :raises Refused: the body is something else.
    """
    try:
        sent = json.loads(request.get_data())
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise Refused(NO_OBJECT, 422)
    return sent


def closed_page(door: OtherDoor, frame: Frame | None = None) -> ResponseReturnValue:
    """Say that no answers are taken at a door."""
    around = frame or frame_of(door.business, door.wording, door.survey)
    return ending(closed_content(door), CLOSED, around)


def _refusal(fault: Refused) -> ResponseReturnValue:
    """Answer a program with what is wrong, and where."""
    content = {"error": str(fault)} | ({"field": fault.field} if fault.field else {})
    response = make_response(jsonify(content), fault.code)
    if fault.code in {429, 503}:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response
