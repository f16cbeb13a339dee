"""Which answer a link means, and which score was chosen on the way to it."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.foundation.tokens import Purpose, read_token
from nps_portal.responses.models import Response
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.models import Verdict, Visit, VisitKind

# Whoever opens links of different scores within this time chooses none of them.
BURST = timedelta(seconds=60)
_LOOKED_AT = 20
# Who opens that many weighs nothing: it is a program that follows every link.
_TOO_MANY_SCORES = 3


def named_answer(session: Session, token: str) -> Response | None:
    """Return the answer without an Invitation that a token names, None for any other text."""
    public_id = read_token(Purpose.ANSWER, token)
    if public_id is None:
        return None
    return session.scalar(sa.select(Response).where(Response.public_id == public_id))


def last_clicked_score(
    session: Session, invitation_id: int, answered: Response | None
) -> int | None:
    """Return the score last chosen in the email by somebody not judged a machine.

    A click before the last answer is settled by it. One that stands among clicks on other scores
    has chosen nothing, whoever it was: a scanner is judged only later.
    """
    query = (
        sa.select(Visit.at, Visit.score)
        .where(Visit.invitation_id == invitation_id, Visit.kind == VisitKind.SURVEY_PAGE)
        .where(Visit.score.is_not(None), Visit.method == "GET")
        .where(sa.or_(Visit.verdict.is_(None), Visit.verdict != Verdict.MACHINE))
        .order_by(Visit.id.desc())
        .limit(_LOOKED_AT)
    )
    if answered is not None:
        query = query.where(Visit.at > (answered.changed_at or answered.answered_at))
    clicks = session.execute(query).all()
    if not clicks:
        return None
    last = clicks[0]
    together = {click.score for click in clicks if last.at - click.at <= BURST}
    return int(last.score) if len(together) == 1 else None


def follows_all_links(
    session: Session, invitation_id: int, visitor: VisitFacts, now: datetime
) -> bool:
    """Tell whether this program has just opened several scores, or the link that nobody sees."""
    opened = session.execute(
        sa.select(Visit.kind, Visit.score)
        .where(Visit.invitation_id == invitation_id, Visit.at >= now - BURST)
        .where(Visit.network == visitor.network, Visit.user_agent == visitor.user_agent)
        .where(Visit.kind.in_([VisitKind.SURVEY_PAGE, VisitKind.DECOY]))
        .distinct()
    ).all()
    scores = {one.score for one in opened if one.score is not None}
    return len(scores) >= _TOO_MANY_SCORES or any(one.kind is VisitKind.DECOY for one in opened)
