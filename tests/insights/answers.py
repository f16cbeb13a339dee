"""Answers of any day, without the way through an email: what is counted is what matters here."""

from datetime import datetime, timedelta

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.work import Work
from nps_portal.responses.models import Channel, Evidence, Response, ResponseState
from nps_portal.visits.models import Verdict, Visit, VisitKind
from tests.support import factories


def add_answer(
    work: Work,
    score: int,
    at: datetime,
    contact: Contact | None = None,
    state: ResponseState = ResponseState.COUNTED,
    channel: Channel = Channel.PHONE,
) -> Response:
    """Add an answer that was typed in after a call, or came by another channel."""
    response = Response(
        invitation_id=None,
        contact_id=contact.id if contact else None,
        survey_id=factories.make_survey(work).id,
        score=score,
        comment="",
        state=state,
        evidence=Evidence.SUBMITTED,
        channel=channel,
        late=False,
        marks={},
        answered_at=at,
    )
    work.session.add(response)
    work.session.flush()
    return response


def add_answers(work: Work, scores: list[int], at: datetime) -> None:
    """Add answers of as many people."""
    for score in scores:
        add_answer(work, score, at, factories.make_contact(work))


def add_click(
    work: Work,
    score: int,
    at: datetime,
    contact: Contact | None = None,
    state: ResponseState = ResponseState.CLICKED,
) -> Response:
    """Add a score that a person chose in the email and did not send."""
    response = add_answer(work, score, at, contact, state)
    response.evidence, response.channel = Evidence.CONFIRMED_CLICK, Channel.EMAIL
    work.session.flush()
    return response


def add_machine_clicks(
    work: Work,
    contact: Contact,
    scores: list[int],
    at: datetime,
    rules: tuple[str, ...] = ("many_scores",),
) -> Invitation:
    """Ask a Contact, and let a mail filter open these scores, one second after the other."""
    factories.make_business(work)
    batch = factories.make_batch(work, [contact])
    invitation = Invitation(
        public_id=f"machine{batch.id}",
        batch_id=batch.id,
        survey_id=batch.survey_id,
        contact_id=contact.id,
        created_at=at,
    )
    work.session.add(invitation)
    work.session.flush()
    for place, score in enumerate(scores):
        add_opening(work, invitation, score, at + timedelta(seconds=place), Verdict.MACHINE, rules)
    return invitation


def add_opening(
    work: Work,
    invitation: Invitation,
    score: int | None,
    at: datetime,
    verdict: Verdict | None,
    rules: tuple[str, ...] = (),
) -> None:
    """Add one opening of a link with a score."""
    work.session.add(
        Visit(
            invitation_id=invitation.id,
            at=at,
            kind=VisitKind.SURVEY_PAGE,
            method="GET",
            score=score,
            network="203.0.113.0/24",
            user_agent="Reader/2",
            purpose="",
            mail_domain=invitation.contact.email_key.partition("@")[2],
            details={},
            verdict=verdict,
            marks={"rules": list(rules)},
        )
    )
    work.session.flush()
