"""Answers to anonymous surveys: kept without any link to whoever gave them.

An Invitation only remembers that an answer came. The answer itself knows neither the Invitation nor
the Contact, and tells its day and no hour, because visits, messages and acts have hours.
"""

from dataclasses import replace
from datetime import UTC, time

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches.models import AnonymousAnswer
from nps_portal.foundation.tokens import new_public_id
from nps_portal.foundation.work import Actor, ActorKind, Work
from nps_portal.nps import category
from nps_portal.responses.evidence import reasons_to_hold
from nps_portal.responses.models import Channel, Evidence, Response, ResponseState
from nps_portal.responses.revising import Answer, add_revision, announce, locked_invitation
from nps_portal.visits.models import Visit


def without_trace(work: Work) -> Work:
    """Return the same unit as nobody's, at the beginning of its day where the business is."""
    local = work.now.astimezone(portal_settings(work.session).zone)
    midnight = local.combine(local.date(), time(), local.tzinfo).astimezone(UTC)
    return replace(work, now=midnight, actor=Actor(kind=ActorKind.CUSTOMER))


def take_anonymous_answer(
    work: Work, invitation_id: int, answer: Answer, submission: Visit
) -> Response | None:
    """Take the one answer that an Invitation to an anonymous Survey is good for.

    None when it came before. `submission` is looked at and not kept. A doubtful answer waits for a
    look and leaves the way open for the person; a second doubtful one is not kept.

    :raises NotAScore: the score is not a whole number from 0 to 10.
    """
    category(answer.score)
    invitation = locked_invitation(work, invitation_id)
    rules = reasons_to_hold(submission, [submission], invitation.survey.delivery_seconds)
    came = AnonymousAnswer.HELD if rules else AnonymousAnswer.SENT
    if invitation.anonymous_answer in (AnonymousAnswer.SENT, came):
        return None
    invitation.anonymous_answer = came
    unseen = without_trace(work)
    response = Response(
        survey_id=invitation.survey_id,
        score=answer.score,
        comment=answer.comment,
        state=ResponseState.HELD if rules else ResponseState.COUNTED,
        evidence=Evidence.SUBMITTED,
        channel=Channel.EMAIL,
        public_id=new_public_id(),
        marks={"rules": sorted(rule.value for rule in rules)} if rules else {},
        answered_at=unseen.now,
    )
    work.session.add(response)
    add_revision(unseen, response, answer, held=bool(rules))
    announce(unseen, "response.held" if rules else "response.submitted", response)
    return response
