"""Writing visits and answers."""

from dataclasses import dataclass

import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import SuppressionReason
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.nps import category
from nps_portal.outbox.bounces import resolve_uncertain
from nps_portal.outbox.models import Message
from nps_portal.outbox.queries import sent_at
from nps_portal.outbox.stopping import stop_person
from nps_portal.responses.models import (
    Channel,
    Evidence,
    Response,
    ResponseRevision,
    ResponseState,
    Visit,
    VisitKind,
)
from nps_portal.responses.queries import is_late

COMMENT_LENGTH = 5000


@dataclass(frozen=True, kw_only=True)
class VisitFacts:
    """What a request tells of whoever sent it; `network` is the address cut to /24 or /48."""

    kind: VisitKind
    method: str
    network: str
    user_agent: str
    purpose: str
    score: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person has sent: a score 0–10, and a comment, empty to keep the former one."""

    score: int
    comment: str


def log_visit(work: Work, invitation_id: int, facts: VisitFacts) -> None:
    """Keep one opening of a link; it is evidence for later and changes nothing that counts.

    A link that was clicked shows that its email had left, whoever clicked it.
    """
    if facts.kind is VisitKind.SURVEY_PAGE and facts.score is not None:
        resolve_uncertain(work, invitation_id)
    left_at = sent_at(work.session, invitation_id)
    work.session.add(
        Visit(
            invitation_id=invitation_id,
            at=work.now,
            kind=facts.kind,
            method=facts.method,
            score=facts.score,
            network=facts.network,
            user_agent=facts.user_agent[:300],
            purpose=facts.purpose[:64],
            seconds_since_sent=(work.now - left_at).total_seconds() if left_at else None,
            verdict=None,
            marks={},
        )
    )


def submit_answer(work: Work, invitation_id: int, answer: Answer) -> Response:
    """Take an answer: the first makes the Response, later ones revise it.

    Sending the same again changes nothing, so a retry after a lost connection is safe.

    :raises NotAScore: the score is not a whole number from 0 to 10.
    """
    # The row lock makes two submissions of one invitation wait for each other. It leaves the key
    # shared: each has inserted a visit of the invitation, and they would wait for that for ever.
    lock = {"of": Invitation, "key_share": True}
    invitation = work.session.get_one(Invitation, invitation_id, with_for_update=lock)
    given = category(answer.score)
    resolve_uncertain(work, invitation_id)
    response = work.session.scalar(
        sa.select(Response).where(Response.invitation_id == invitation_id)
    )
    if response is None:
        response = _first_answer(work, invitation, answer)
        kind = "response.submitted"
    else:
        comment = answer.comment or response.comment
        if (response.score, response.comment) == (answer.score, comment):
            return response
        response.score, response.comment, response.changed_at = answer.score, comment, work.now
        kind = "response.changed"
    work.session.flush()
    _revise(work, response)
    record(
        work,
        kind,
        contact_id=response.contact_id,
        response_id=response.id,
        survey_id=response.survey_id,
        score=response.score,
        category=given.value,
        has_comment=bool(response.comment),
    )
    return response


def exclude_response(work: Work, response_id: int) -> None:
    """Take a Response out of the score; it stays visible and can be counted again."""
    _set_state(work, response_id, ResponseState.EXCLUDED, "response.excluded")


def count_response(work: Work, response_id: int) -> None:
    """Count a Response that was held or excluded."""
    _set_state(work, response_id, ResponseState.COUNTED, "response.counted")


def unsubscribe(work: Work, invitation_id: int) -> None:
    """Stop all surveys to whom an Invitation went to, for ever; doing it twice is harmless."""
    invitation = work.session.get_one(Invitation, invitation_id)
    written_to = work.session.scalars(
        sa.select(Message.email_key).where(Message.invitation_id == invitation_id)
    )
    stop_person(
        work,
        written_to,
        SuppressionReason.UNSUBSCRIBED,
        source="link",
        contact_id=invitation.contact_id,
    )


def _first_answer(work: Work, invitation: Invitation, answer: Answer) -> Response:
    first_clicked = work.session.scalar(
        sa.select(Visit.score)
        .where(Visit.invitation_id == invitation.id, Visit.kind == VisitKind.SURVEY_PAGE)
        .where(Visit.score.is_not(None))
        .order_by(Visit.id)
        .limit(1)
    )
    response = Response(
        invitation_id=invitation.id,
        contact_id=invitation.contact_id,
        survey_id=invitation.survey_id,
        score=answer.score,
        comment=answer.comment,
        state=ResponseState.COUNTED,
        evidence=Evidence.SUBMITTED,
        channel=Channel.EMAIL,
        late=is_late(work.session, invitation, work.now),
        first_clicked_score=first_clicked,
        answered_at=work.now,
    )
    work.session.add(response)
    return response


def _revise(work: Work, response: Response) -> None:
    work.session.add(
        ResponseRevision(
            response_id=response.id,
            at=work.now,
            score=response.score,
            comment=response.comment,
            actor_kind=work.actor.kind,
            actor_id=work.actor.id,
        )
    )


def _set_state(work: Work, response_id: int, state: ResponseState, event: str) -> None:
    response = work.session.get_one(Response, response_id)
    if response.state is not state:
        response.state = state
        record(work, event, contact_id=response.contact_id, response_id=response_id)
