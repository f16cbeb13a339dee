"""Reading surveys."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.surveys.models import Survey, SurveyState


def active_surveys(session: Session) -> Sequence[Survey]:
    """Return the surveys that can be sent, oldest first."""
    return session.scalars(
        sa.select(Survey).where(Survey.state == SurveyState.ACTIVE).order_by(Survey.id)
    ).all()


def all_surveys(session: Session) -> Sequence[Survey]:
    """Return every Survey, oldest first."""
    return session.scalars(sa.select(Survey).order_by(Survey.id)).all()


def survey_by_name(session: Session, name: str) -> Survey | None:
    """Return the Survey that commands call by this name."""
    return session.scalar(sa.select(Survey).where(Survey.name == name))


def survey_by_id(session: Session, survey_id: int) -> Survey | None:
    """Return a Survey."""
    return session.get(Survey, survey_id)
