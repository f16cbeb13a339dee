"""Answers to anonymous surveys: kept without any link to whoever gave them.

An Invitation only remembers that an answer came. The answer itself knows neither the Invitation nor
the Contact, and tells its day and no hour, because visits, messages and acts have hours.
"""

from dataclasses import replace
from datetime import UTC, datetime, time

import sqlalchemy as sa

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches.models import Invitation
from nps_portal.foundation.tokens import new_public_id
from nps_portal.foundation.work import Actor, ActorKind, Work
from nps_portal.nps import category
from nps_portal.responses.evidence import reasons_to_hold
from nps_portal.responses.models import Channel, Evidence, Response, ResponseState
from nps_portal.responses.revising import Answer, add_revision, announce, locked_invitation
from nps_portal.surveys.models import Survey
from nps_portal.visits.models import Visit
from nps_portal.visits.rules import Rule, is_trusted_press

# The others speak of one recipient's mail: its network, its filter, when it was delivered.
TOLD = frozenset({Rule.AGENT, Rule.UNTRUSTED, Rule.NO_DWELL, Rule.NO_HAND})


def without_trace(work: Work, at: datetime | None = None) -> Work:
    """Return the same unit as nobody's, at the beginning of its day where the business is.

    `at` is when the act was, where that was not now.
    """
    local = (at or work.now).astimezone(portal_settings(work.session).zone)
    midnight = local.combine(local.date(), time(), local.tzinfo).astimezone(UTC)
    return replace(work, now=midnight, actor=Actor(kind=ActorKind.CUSTOMER))


def as_kept(work: Work, survey: Survey) -> Work:
    """Return the unit in which a customer of this Survey acts: without trace if it is anonymous."""
    return without_trace(work) if survey.anonymous else work


def take_anonymous_answer(
    work: Work, invitation_id: int, answer: Answer, submission: Visit
) -> Response | None:
    """Take the one answer that an Invitation to an anonymous Survey is good for.

    None when it came before. `submission` is looked at and not kept. An answer counts at once, and
    uses the link up, only with the sign of a hand: nothing else of the link is known by which a
    machine could be told, and whoever comes after one must still find the form. Any other waits
    for a look.

    :raises NotAScore: the score is not a whole number from 0 to 10.
    """
    category(answer.score)
    invitation = locked_invitation(work, invitation_id)
    if invitation.answered_anonymously:
        return None
    rules = reasons_to_hold(submission, [submission], invitation.survey.delivery_seconds)
    if not is_trusted_press(submission):
        rules |= {Rule.NO_HAND}
    invitation.answered_anonymously = not rules
    unseen = without_trace(work)
    response = Response(
        survey_id=invitation.survey_id,
        score=answer.score,
        comment=answer.comment,
        state=ResponseState.HELD if rules else ResponseState.COUNTED,
        evidence=Evidence.SUBMITTED,
        channel=Channel.EMAIL,
        public_id=new_public_id(),
        marks={"rules": sorted(rule.value for rule in rules & TOLD)} if rules else {},
        answered_at=unseen.now,
    )
    work.session.add(response)
    add_revision(unseen, response, answer, held=bool(rules))
    announce(unseen, "response.held" if rules else "response.submitted", response)
    return response


def mix_marks(work: Work) -> int:
    """Write the marks of all answered Invitations anew in one go, and return 0.

    PostgreSQL keeps in each row which transaction wrote it, and would tell for ever which mark was
    made together with which answer.
    """
    if work.session.get_bind().dialect.name == "postgresql":
        work.session.execute(
            sa.update(Invitation)
            .where(Invitation.answered_anonymously)
            .values(answered_anonymously=True)
            .execution_options(synchronize_session=False)
        )
    return 0
