"""When one network opened the links of many people: a filter of a company, or its people."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.visits.bursts import BURST, Hit, Span, busy_spans
from nps_portal.visits.models import Visit, VisitKind
from nps_portal.visits.networks import is_public

MANY_PEOPLE = 5
MOST_HITS = 5000

Crowds = dict[str, list[Span]]


def crowds_around(session: Session, invitation_ids: Sequence[int]) -> Crowds:
    """Return by network when it opened the links of many people, near these Invitations' visits.

    Only visits that are not judged yet are looked at, and only networks that tell who they are.
    """
    seen = session.execute(
        sa.select(Visit.network, sa.func.min(Visit.at), sa.func.max(Visit.at))
        .where(Visit.invitation_id.in_(invitation_ids), Visit.verdict.is_(None))
        .group_by(Visit.network)
    )
    times = {network: (first, last) for network, first, last in seen if is_public(network)}
    if not times:
        return {}
    since = min(first for first, _ in times.values()) - BURST
    until = max(last for _, last in times.values()) + BURST
    crowded = session.scalars(
        sa.select(Visit.network)
        .where(_is_opening(since, until), Visit.network.in_(times))
        .group_by(Visit.network)
        .having(sa.func.count(Visit.invitation_id.distinct()) >= MANY_PEOPLE)
    ).all()
    return {network: _spans(session, network, *times[network]) for network in crowded}


def _spans(session: Session, network: str, first: datetime, last: datetime) -> list[Span]:
    rows = session.execute(
        sa.select(Visit.at, Visit.invitation_id)
        .where(_is_opening(first - BURST, last + BURST), Visit.network == network)
        .order_by(Visit.at)
        .limit(MOST_HITS)
    )
    return busy_spans([Hit(at=at, what=person) for at, person in rows], MANY_PEOPLE)


def _is_opening(since: datetime, until: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Visit.at.between(since, until), Visit.kind == VisitKind.SURVEY_PAGE)
