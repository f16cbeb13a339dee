"""Reading surveys."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.surveys.models import Survey, SurveyLogo, SurveyQuestion, SurveyState

MOST_ARCHIVED = 50


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


def logo_of(session: Session, survey_id: int) -> SurveyLogo | None:
    """Return a Survey's logo."""
    return session.get(SurveyLogo, survey_id)


def logo_by_digest(session: Session, digest: str) -> SurveyLogo | None:
    """Return a logo by what names it in its address; surveys with the same one share it."""
    return session.scalars(sa.select(SurveyLogo).where(SurveyLogo.digest == digest)).first()


def questions_of(session: Session, survey_id: int) -> Sequence[SurveyQuestion]:
    """Return the further questions that a Survey asks, in their order."""
    return session.scalars(
        sa.select(SurveyQuestion)
        .where(SurveyQuestion.survey_id == survey_id, SurveyQuestion.archived_at.is_(None))
        .order_by(SurveyQuestion.position, SurveyQuestion.id)
    ).all()


def archived_questions(session: Session, survey_id: int) -> Sequence[SurveyQuestion]:
    """Return the further questions that a Survey asked once, the latest taken away first."""
    return session.scalars(
        sa.select(SurveyQuestion)
        .where(SurveyQuestion.survey_id == survey_id, SurveyQuestion.archived_at.is_not(None))
        .order_by(SurveyQuestion.archived_at.desc(), SurveyQuestion.id.desc())
        .limit(MOST_ARCHIVED)
    ).all()


def question_by_id(session: Session, survey_id: int, question_id: int) -> SurveyQuestion | None:
    """Return a further question of a Survey."""
    question = session.get(SurveyQuestion, question_id)
    return question if question is not None and question.survey_id == survey_id else None
