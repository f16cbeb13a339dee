"""Whether so many are asked that an anonymous answer does not tell whose it is."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.audience import Audience
from nps_portal.batches.models import Batch, Exclusion, Invitation
from nps_portal.batches.reckoning import all_judged
from nps_portal.foundation.errors import PortalError
from nps_portal.surveys.models import Survey

# Fewer people than this can guess who said what, whatever is left out of an answer.
LEAST_ANONYMOUS = 5


class TooFewToHide(PortalError):
    """So few would be asked that an anonymous answer tells whose it is."""


def refuse_few(session: Session, audience: Audience, survey: Survey, at: datetime) -> None:
    """Refuse an audience of which too few would be asked an anonymous Survey.

    :raises TooFewToHide: the Survey is anonymous, and fewer than `LEAST_ANONYMOUS` would be asked.
    """
    if not survey.anonymous:
        return
    asked = all_judged(session, audience, survey, at).asked
    if asked < LEAST_ANONYMOUS:
        raise TooFewToHide(
            f"This survey is anonymous, and {asked} of these people would be asked: with fewer "
            f"than {LEAST_ANONYMOUS}, everybody could guess who said what. Nothing was sent."
        )


def has_become_too_small(session: Session, batch: Batch, now: datetime) -> bool:
    """Tell whether too few are left of the audience of an anonymous Batch that begins."""
    if not batch.survey.anonymous or has_begun(session, batch.id):
        return False
    audience = Audience.of(batch.audience)
    return all_judged(session, audience, batch.survey, now).asked < LEAST_ANONYMOUS


def has_begun(session: Session, batch_id: int) -> bool:
    """Tell whether anybody of a Batch was decided about."""
    decided = (
        sa.select(table.id).where(table.batch_id == batch_id).exists()
        for table in (Invitation, Exclusion)
    )
    return bool(session.scalar(sa.select(sa.or_(*decided))))
