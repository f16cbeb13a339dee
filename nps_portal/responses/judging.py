"""The worker's judgement of visits, and what it means for the answers that came with them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.foundation.work import Work
from nps_portal.responses.clicks import confirm_click
from nps_portal.responses.evidence import reasons_to_hold
from nps_portal.responses.models import Response, ResponseState
from nps_portal.responses.queries import revisions
from nps_portal.responses.revising import announce, response_for_update
from nps_portal.responses.standing import reviewed_revision, settle
from nps_portal.visits.crowds import Crowds, crowds_around
from nps_portal.visits.judging import due_invitation_ids, judge
from nps_portal.visits.models import Visit, VisitKind
from nps_portal.visits.reasons import rule_words
from nps_portal.visits.rules import Rule

__all__ = ["judge_visits", "rule_words"]

# SQLite has one writer: more at a time would let an answer wait for longer than people notice.
AT_A_TIME = 40

# What speaks against an answer, by when it was sent and with which score.
Doubts = dict[tuple[datetime, int | None], frozenset[Rule]]


def judge_visits(work: Work) -> int:
    """Judge the visits whose hold time is over, and return of how many Invitations.

    Several workers may do so at once: each takes what no other has, and what is judged stays.
    """
    due = due_invitation_ids(work.session, work.now, AT_A_TIME)
    if not due:
        return 0
    taken = work.session.scalars(
        sa.select(Invitation)
        .where(Invitation.id.in_(due))
        .order_by(Invitation.id)
        .with_for_update(of=Invitation, key_share=True, skip_locked=True)
    ).all()
    crowds = crowds_around(work.session, [invitation.id for invitation in taken])
    for invitation in taken:
        visits = judge(work, invitation, crowds)
        work.session.flush()
        _doubt_answers(work, invitation, visits, crowds)
        confirm_click(work, invitation, visits)
    return len(taken)


def _doubt_answers(
    work: Work, invitation: Invitation, visits: Sequence[Visit], crowds: Crowds
) -> None:
    """Hold what was counted at once and turned out to be in a machine's burst."""
    doubts = {
        (visit.at, visit.score): rules
        for visit in visits
        if visit.kind is VisitKind.SUBMISSION
        and (
            rules := reasons_to_hold(
                visit,
                visits,
                invitation.survey.delivery_seconds,
                crowd=crowds.get(visit.network, ()),
            )
        )
    }
    response = response_for_update(work, invitation.id) if doubts else None
    if response is not None:
        _hold(work, invitation, response, doubts)


def _hold(
    work: Work,
    invitation: Invitation,
    response: Response,
    doubts: Doubts,
) -> None:
    said = revisions(work.session, response.id)
    rules: set[Rule] = set()
    for revision in said:
        doubt = doubts.get((revision.at, revision.score))
        if doubt and not revision.held and revision.id > reviewed_revision(response):
            revision.held = True
            rules |= doubt
    if not rules:
        return
    settle(response, said, invitation.survey.counting, rules)
    held = response.state is ResponseState.HELD
    announce(work, "response.held" if held else "response.change_held", response)
