"""What is sent at the other doors: read, judged, and kept as a Response."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from nps_portal.contacts.commands import ContactDetails, ContactExists, add_contact
from nps_portal.contacts.queries import contact_by_key
from nps_portal.customer_pages.door_content import OtherDoor
from nps_portal.customer_pages.forms import SCORES_AS_TEXT
from nps_portal.foundation.addresses import BadEmail, EmailAddress, parse_email
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import one_line
from nps_portal.foundation.work import Work
from nps_portal.nps import SCORES
from nps_portal.responses.commands import COMMENT_LENGTH, Answer, take_public_answer
from nps_portal.responses.comments import clean_comment
from nps_portal.responses.evidence import PublicFacts
from nps_portal.responses.models import Response
from nps_portal.surveys.wording import FilledWording

# How long a tablet may have been without a connection for its word on the time to be believed.
LONGEST_OFFLINE = timedelta(days=7)
SAID_TO_BE_LENGTH = 320
PERSON_NAME_LENGTH = 200
WIDGET_SOURCE = "widget"

_KEY = re.compile(r"[A-Za-z0-9_-]{8,48}")


class BadAnswer(PortalError):
    """What was sent is no answer; the message is in the reader's words, `field` says where."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class SaidPerson:
    """Who a website says its visitor is; `seal` is to prove that it is the website who says so."""

    email: str
    name: str = ""
    seal: str = ""


def read_answer(sent: Mapping[str, object], words: FilledWording) -> Answer:
    """Return the score and the comment of a form or of a JSON object.

    :raises BadAnswer: the score is none of the eleven, or the comment is no text or too long.
    """
    score, comment = sent.get("score"), sent.get("comment") or ""
    if isinstance(score, str):
        score = SCORES_AS_TEXT.get(score)
    # True is 1 to Python, and no score of anybody's.
    if not isinstance(score, int) or isinstance(score, bool) or score not in SCORES:
        raise BadAnswer(words.no_score, "score")
    if not isinstance(comment, str):
        raise BadAnswer(words.fault_title, "comment")
    clean = clean_comment(comment)
    if len(clean) > COMMENT_LENGTH:
        raise BadAnswer(words.counted("comment_too_long", len(clean)), "comment")
    return Answer(score=score, comment=clean)


def read_key(sent: object) -> str | None:
    """Return the key by which a sending can be repeated safely, None when it is not one."""
    return sent if isinstance(sent, str) and _KEY.fullmatch(sent) else None


def key_of_form(page_key: str, answer: Answer) -> str:
    """Return the key of an answer from a page that one person after the other may send.

    The same answer twice is a repeated press; another one is the next person's.
    """
    said = f"{answer.score} {answer.comment}".encode()
    return f"{page_key}-{hashlib.sha256(said).hexdigest()[:16]}"


def read_line(sent: object, length: int) -> str:
    """Return one line of what somebody says of themselves, nothing when it is no text."""
    return one_line(sent)[:length] if isinstance(sent, str) else ""


def read_time(sent: object) -> datetime | None:
    """Return the instant that a device names, None when it names none."""
    try:
        at = datetime.fromisoformat(sent) if isinstance(sent, str) else None
    except ValueError:
        return None
    if at is None or at.tzinfo is None:
        return None
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return None


def believed_time(claimed: datetime | None, now: datetime) -> datetime | None:
    """Return the claimed instant if it can be true, None when now is taken instead."""
    if claimed is None or not now - LONGEST_OFFLINE <= claimed <= now:
        return None
    return claimed


def take_door_answer(
    work: Work,
    door: OtherDoor,
    answer: Answer,
    *,
    key: str,
    facts: PublicFacts,
    claimed: datetime | None = None,
) -> Response:
    """Keep an answer; `claimed` is when the device says it was given, which its marks remember."""
    believed = believed_time(claimed, work.now)
    response = take_public_answer(
        work,
        door.survey.id,
        answer,
        door.channel,
        key=f"{door.key}-{key}",
        facts=replace(facts, language=door.wording.language, answered_at=believed),
    )
    if claimed is not None and believed is None and not door.survey.anonymous:
        response.marks = {**response.marks, "claimed_at": claimed.isoformat()}
    return response


def proven_address(secret: str, person: SaidPerson) -> EmailAddress | None:
    """Return the address that the website has sealed, None when the seal is not its own.

    The seal is the HMAC-SHA-256 of the lower-cased address in hexadecimal digits.
    """
    if not secret or not person.seal.isascii():
        return None
    message = person.email.strip().lower().encode("utf-8", "surrogatepass")
    right = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right, person.seal.strip().lower()):
        return None
    try:
        return parse_email(person.email)
    except BadEmail:
        return None


def contact_of(work: Work, email: EmailAddress, name: str) -> int:
    """Return the id of the Contact with this address, whom the website makes known if need be.

    Somebody who was removed stays so: an answer is no wish to be asked again.
    """
    known = contact_by_key(work.session, email.key)
    if known is not None:
        return known.id
    details = ContactDetails(email=email, name=one_line(name)[:PERSON_NAME_LENGTH])
    try:
        return add_contact(work, details, source=WIDGET_SOURCE).id
    except ContactExists as fault:
        return fault.contact_id
