"""Writing surveys."""

from dataclasses import dataclass

import sqlalchemy as sa

from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.surveys.models import (
    DEFAULT_LANGUAGE,
    DEFAULT_SURVEY,
    Survey,
    SurveyState,
    SurveyWording,
)
from nps_portal.surveys.wording import Wording


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """How often the same may be asked: days between two surveys to one person, people a week."""

    days_between: int
    company_weekly_cap: int


def ensure_default_survey(work: Work) -> Survey:
    """Return the ready-made Survey, making it when it is not there."""
    survey = work.session.scalar(sa.select(Survey).where(Survey.name == DEFAULT_SURVEY))
    if survey is None:
        survey = Survey(
            name=DEFAULT_SURVEY,
            title="Customer survey",
            state=SurveyState.ACTIVE,
            created_at=work.now,
        )
        work.session.add(survey)
        work.session.flush()
    return survey


def change_wording(
    work: Work, survey_id: int, wording: Wording, language: str = DEFAULT_LANGUAGE
) -> None:
    """Replace the texts of a Survey in one language.

    :raises PortalError: a text is missing, too long, or names an unknown merge field.
    """
    wording.check()
    row = work.session.scalar(
        sa.select(SurveyWording)
        .where(SurveyWording.survey_id == survey_id)
        .where(SurveyWording.language == language)
    )
    if row is None:
        row = SurveyWording(survey_id=survey_id, language=language)
        work.session.add(row)
    row.texts, row.changed_at = dict(wording.texts()), work.now
    record(work, "survey.wording_changed", survey_id=survey_id, language=language)


def change_cadence(work: Work, survey_id: int, *, title: str, cadence: Cadence) -> None:
    """Change a Survey's title and how often it may be asked."""
    survey = work.session.get_one(Survey, survey_id)
    survey.title = title
    survey.days_between = cadence.days_between
    survey.company_weekly_cap = cadence.company_weekly_cap
    record(work, "survey.changed", survey_id=survey_id)
