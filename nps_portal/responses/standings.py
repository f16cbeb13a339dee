"""Keeping contacts' standings true: what their counted answers add up to, after every change."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.models import Setting
from nps_portal.contacts.models import Contact
from nps_portal.contacts.standings import Standing, lock_contacts, set_standings
from nps_portal.foundation.work import Work
from nps_portal.responses.models import Response, ResponseState
from nps_portal.responses.trends import STARTING_THRESHOLD, Given, reliable_change, trend_of

CHUNK = 500
# Two scores further apart tell more of what happened between them than of the question.
PAIRS_WITHIN = timedelta(days=90)
MOST_PAIRS = 20_000
_SETTING = "reliable_change"


def refresh_standings(work: Work, contact_ids: Sequence[int | None]) -> None:
    """Work out where contacts stand from their counted answers, and write it down.

    Whoever changes what is counted of somebody calls this in the same unit of work. None, for an
    answer without a Contact, changes nothing.
    """
    ids = sorted({contact_id for contact_id in contact_ids if contact_id is not None})
    threshold = threshold_in_force(work.session) if ids else STARTING_THRESHOLD
    work.session.flush()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        # Of two who change the answers of one person at once, the second must see the first's.
        lock_contacts(work, chunk)
        set_standings(work, _standings(work.session, chunk, threshold))


def settle_trends(work: Work) -> int:
    """Work out the trends that nobody has worked out yet, and return of how many contacts.

    They are missing after an update, and after the threshold has moved.
    """
    ids = work.session.scalars(
        sa.select(Contact.id)
        .where(Contact.last_score.is_not(None), Contact.trend.is_(None))
        .order_by(Contact.id)
        .limit(CHUNK)
    ).all()
    refresh_standings(work, ids)
    return len(ids)


def threshold_in_force(session: Session) -> float:
    """Return by how many points a person's score must move to mean a change."""
    stored = session.scalar(sa.select(Setting.value).where(Setting.name == _SETTING))
    return float(stored) if stored else STARTING_THRESHOLD


def estimate_threshold(work: Work) -> int:
    """Take the threshold from the account's own answers once there are enough; 1 when it moved.

    All trends are worked out anew then.
    """
    found = reliable_change(own_pairs(work.session))
    if found is None:
        return 0
    wanted = f"{found:.1f}"
    former = work.session.get(Setting, _SETTING)
    if former is not None and former.value == wanted:
        return 0
    work.session.merge(Setting(name=_SETTING, value=wanted, changed_at=work.now, changed_by=None))
    work.session.execute(
        sa.update(Contact)
        .where(Contact.answers > 1)
        .values(trend=None)
        .execution_options(synchronize_session=False)
    )
    return 1


def own_pairs(session: Session) -> list[tuple[int, int]]:
    """Return the latest pairs of scores that one person gave less than 90 days apart."""
    several = (
        sa.select(Response.contact_id)
        .where(Response.state == ResponseState.COUNTED, Response.contact_id.is_not(None))
        .group_by(Response.contact_id)
        .having(sa.func.count() > 1)
    )
    rows = session.execute(
        sa.select(Response.contact_id, Response.answered_at, Response.score)
        .where(Response.state == ResponseState.COUNTED, Response.contact_id.in_(several))
        .order_by(Response.contact_id, Response.answered_at, Response.id)
        .limit(MOST_PAIRS)
    ).all()
    return [
        (earlier.score, later.score)
        for earlier, later in pairwise(rows)
        if earlier.contact_id == later.contact_id
        and later.answered_at - earlier.answered_at < PAIRS_WITHIN
    ]


def _standings(
    session: Session, contact_ids: Sequence[int], threshold: float
) -> dict[int, Standing]:
    given: dict[int, list[Given]] = {contact_id: [] for contact_id in contact_ids}
    rows = session.execute(
        sa.select(Response.contact_id, Response.answered_at, Response.score, Response.state)
        # Those that do not count are left out below: asked for the state, SQLite would walk through
        # all answers there are instead of those of these contacts.
        .where(Response.contact_id.in_(contact_ids))
        .order_by(Response.contact_id, Response.answered_at, Response.id)
    )
    for contact_id, answered_at, score, state in rows:
        if state is ResponseState.COUNTED:
            given[contact_id or 0].append(Given(at=answered_at, score=score))
    return {contact_id: _standing(scores, threshold) for contact_id, scores in given.items()}


def _standing(given: Sequence[Given], threshold: float) -> Standing:
    if not given:
        return Standing()
    return Standing(
        last_score=given[-1].score,
        last_answered_at=given[-1].at,
        answers=len(given),
        trend=trend_of(given, threshold),
    )
