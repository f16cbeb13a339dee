"""Adding to what a Response has said, with its news in the journal."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.contacts.erasures import refuse_erased
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.nps import category
from nps_portal.responses.models import Channel, Response, ResponseRevision
from nps_portal.responses.queries import revisions
from nps_portal.responses.standing import settle
from nps_portal.responses.standings import refresh_standings
from nps_portal.surveys.models import Survey

COMMENT_LENGTH = 5000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person has sent: a score 0–10, and a comment, empty to keep the former one."""

    score: int
    comment: str


def locked_invitation(work: Work, invitation_id: int) -> Invitation:
    """Return an Invitation that nobody else answers, judges or reviews before this unit ends.

    The lock leaves the key shared: whoever waits for it has inserted a visit of the Invitation,
    and would otherwise be waited for in turn, for ever.

    :raises ContactErased: whom it asked has been erased meanwhile.
    """
    lock = {"of": Invitation, "key_share": True}
    invitation = work.session.get_one(Invitation, invitation_id, with_for_update=lock)
    refuse_erased(work, invitation.contact_id)
    return invitation


def locked_response(work: Work, response_id: int) -> Response:
    """Return a Response that nobody else changes before this unit ends, as it stands now.

    :raises ContactErased: who gave it has been erased meanwhile.
    """
    response = work.session.get_one(Response, response_id)
    if response.invitation_id is not None:
        locked_invitation(work, response.invitation_id)
    work.session.refresh(response, with_for_update={"of": Response})
    refuse_erased(work, response.contact_id)
    return response


def add_revision(
    work: Work, response: Response, answer: Answer, *, held: bool = False
) -> ResponseRevision:
    """Keep what was said from now on; whether it is in force is for `settle` to say."""
    work.session.flush()
    revision = ResponseRevision(
        response_id=response.id,
        at=work.now,
        score=answer.score,
        comment=answer.comment,
        actor_kind=work.actor.kind,
        actor_id=work.actor.id,
        held=held,
    )
    work.session.add(revision)
    work.session.flush()
    return revision


def settle_anew(work: Work, response: Response) -> None:
    """Let a Response say what its revisions amount to, after some were accepted or refused."""
    survey = work.session.get_one(Survey, response.survey_id)
    settle(response, revisions(work.session, response.id), survey.counting)


def announce(work: Work, kind: str, response: Response) -> None:
    """Write down what became of a Response, with what whoever listens needs to act on it.

    Where its Contact stands follows from it at once.
    """
    refresh_standings(work, [response.contact_id])
    facts = news_of(
        response_id=response.id,
        survey_id=response.survey_id,
        channel=response.channel,
        score=response.score,
        comment=response.comment,
    )
    record(work, kind, contact_id=response.contact_id, **facts)


def news_of(
    *, response_id: int, survey_id: int, channel: Channel, score: int, comment: str
) -> dict[str, Any]:
    """Return what the journal says of a Response; its comment stays out."""
    return {
        "response_id": response_id,
        "survey_id": survey_id,
        "channel": channel.value,
        "score": score,
        "category": category(score).value,
        "has_comment": bool(comment),
    }


def response_for_update(work: Work, invitation_id: int) -> Response | None:
    """Return the Response to an Invitation that is locked, None while there is none."""
    return work.session.scalar(
        sa.select(Response)
        .where(Response.invitation_id == invitation_id)
        .execution_options(populate_existing=True)
    )
