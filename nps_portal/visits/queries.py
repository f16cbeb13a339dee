"""Reading visits."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.visits.models import Verdict, Visit, VisitKind
from nps_portal.visits.rules import LONGEST_LOOK

MOST_VISITS = 500


def visits(session: Session, invitation_id: int, limit: int = 100) -> Sequence[Visit]:
    """Return the openings of an Invitation's links, oldest first."""
    return session.scalars(
        sa.select(Visit).where(Visit.invitation_id == invitation_id).order_by(Visit.id).limit(limit)
    ).all()


def chosen_scores(session: Session, invitation_ids: Sequence[int]) -> dict[int, int]:
    """Return the score that each Invitation's reader last opened; machines choose nothing."""
    rows = session.execute(
        sa.select(Visit.invitation_id, Visit.score)
        .where(Visit.invitation_id.in_(invitation_ids), has_chosen())
        .order_by(Visit.id)
    )
    return {invitation_id: score for invitation_id, score in rows if score is not None}


def has_chosen() -> sa.ColumnElement[bool]:
    """Return the condition that a visit opened a score and is not judged a machine's."""
    return sa.and_(
        Visit.kind == VisitKind.SURVEY_PAGE,
        Visit.method == "GET",
        Visit.score.is_not(None),
        sa.or_(Visit.verdict.is_(None), Visit.verdict != Verdict.MACHINE),
    )


def visits_around(session: Session, visit: Visit) -> Sequence[Visit]:
    """Return the visits of the same Invitation that a rule may need to judge this one, and itself.

    Oldest first; a link that is opened without end gives its newest ones.
    """
    newest = session.scalars(
        sa.select(Visit)
        .where(Visit.invitation_id == visit.invitation_id)
        .where(Visit.at.between(visit.at - LONGEST_LOOK, visit.at))
        .order_by(Visit.at.desc(), Visit.id.desc())
        .limit(MOST_VISITS)
    ).all()
    return newest[::-1]


def first_opened_score(session: Session, invitation_id: int, visit: Visit | None) -> int | None:
    """Return the first score that was opened, by the program of a visit where there is one.

    A scanner's openings say nothing of the person who came after it.
    """
    query = (
        sa.select(Visit.score)
        .where(Visit.invitation_id == invitation_id, Visit.kind == VisitKind.SURVEY_PAGE)
        .where(Visit.score.is_not(None), Visit.method != "HEAD")
        .where(Visit.verdict.is_distinct_from(Verdict.MACHINE))
        .order_by(Visit.at, Visit.id)
        .limit(1)
    )
    if visit is not None:
        query = query.where(Visit.user_agent == visit.user_agent)
    return session.scalar(query)
