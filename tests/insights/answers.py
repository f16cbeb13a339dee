"""Answers of any day, without the way through an email: what is counted is what matters here."""

from datetime import datetime

from nps_portal.contacts.models import Contact
from nps_portal.foundation.work import Work
from nps_portal.responses.models import Channel, Evidence, Response, ResponseState
from tests.support import factories


def add_answer(
    work: Work,
    score: int,
    at: datetime,
    contact: Contact | None = None,
    state: ResponseState = ResponseState.COUNTED,
) -> Response:
    """Add an answer that was typed in after a call."""
    response = Response(
        invitation_id=None,
        contact_id=contact.id if contact else None,
        survey_id=factories.make_survey(work).id,
        score=score,
        comment="",
        state=state,
        evidence=Evidence.SUBMITTED,
        channel=Channel.PHONE,
        late=False,
        answered_at=at,
    )
    work.session.add(response)
    work.session.flush()
    return response


def add_answers(work: Work, scores: list[int], at: datetime) -> None:
    """Add answers of as many people."""
    for score in scores:
        add_answer(work, score, at, factories.make_contact(work))
