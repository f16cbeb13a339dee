"""Clicks of people who chose a score and did not send it."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation
from nps_portal.foundation.work import WORKER, Work
from nps_portal.responses.evidence import confirmed_click, opened_score
from nps_portal.responses.models import Channel, Evidence, Response, ResponseState
from nps_portal.responses.queries import is_late, revisions
from nps_portal.responses.revising import Answer, add_revision, announce, response_for_update
from nps_portal.responses.standing import said_in, settle
from nps_portal.visits.models import Verdict, Visit, VisitKind


def confirm_click(work: Work, invitation: Invitation, visits: Sequence[Visit]) -> Response | None:
    """Make the Response of a person's click, if these judged visits show one, and return it.

    Whoever has answered is left alone, and so is what waits for a look, unless machines sent it.
    """
    sight = confirmed_click(visits)
    if sight is None or sight.score is None:
        return None
    response = response_for_update(work, invitation.id)
    if response is None:
        response = _new_click(work, invitation, sight, visits)
    elif not _may_be_a_click(work, response, sight):
        return None
    # A revision of the worker's is a click, so it is the worker's whoever lets visits be judged.
    then = replace(work, now=sight.at, actor=WORKER)
    add_revision(then, response, Answer(score=sight.score, comment=""))
    settle(response, revisions(work.session, response.id), invitation.survey.counting)
    announce(work, "response.clicked", response)
    return response


def _new_click(
    work: Work, invitation: Invitation, sight: Visit, visits: Sequence[Visit]
) -> Response:
    response = Response(
        invitation_id=invitation.id,
        contact_id=invitation.contact_id,
        survey_id=invitation.survey_id,
        score=sight.score,
        comment="",
        state=ResponseState.CLICKED,
        evidence=Evidence.CONFIRMED_CLICK,
        channel=Channel.EMAIL,
        late=is_late(work.session, invitation, sight.at),
        first_clicked_score=opened_score(sight, visits),
        marks={},
        answered_at=sight.at,
    )
    work.session.add(response)
    return response


def _may_be_a_click(work: Work, response: Response, sight: Visit) -> bool:
    """Tell whether a Response that exists may say what was clicked now."""
    said = said_in(response, revisions(work.session, response.id))
    if said.given or response.state is ResponseState.EXCLUDED:
        return False
    if said.clicks:
        return sight.at > said.clicks[-1].at and sight.score != response.score
    return _only_machines_sent(work.session, sight.invitation_id)


def _only_machines_sent(session: Session, invitation_id: int) -> bool:
    doubtful = (
        sa.select(Visit.id)
        .where(Visit.invitation_id == invitation_id, Visit.kind == VisitKind.SUBMISSION)
        .where(Visit.verdict.is_distinct_from(Verdict.MACHINE))
        .limit(1)
    )
    return session.scalar(doubtful) is None
