"""What a past answer said beside score and comment, kept as answers to archived questions."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from nps_portal.foundation.bulk import insert_rows
from nps_portal.foundation.work import Work
from nps_portal.histories.judging import PastAnswer
from nps_portal.nps import Category
from nps_portal.responses.models import ResponseAnswer
from nps_portal.surveys.models import QuestionKind, Survey, SurveyQuestion

# Nobody is asked archived questions; these stand behind those that were.
_POSITION = 1_000


def keep_further(work: Work, began_at: datetime, answers: Sequence[tuple[int, PastAnswer]]) -> None:
    """Keep what these Responses, by id, said further; their questions are made where missing."""
    wanted = {(one.survey_id, asked) for _, one in answers for asked in one.further}
    if not wanted:
        return
    questions = _questions(work, sorted(wanted), began_at)
    insert_rows(
        work.session,
        ResponseAnswer,
        ("response_id", "question_id", "at", "value"),
        [
            (response_id, questions[one.survey_id, asked], one.at, {"text": told})
            for response_id, one in answers
            for asked, told in one.further.items()
        ],
    )


def drop_unused_questions(work: Work, began_at: datetime) -> None:
    """Delete the archived questions that a file made and that no answer points to."""
    used = sa.exists().where(ResponseAnswer.question_id == SurveyQuestion.id)
    work.session.execute(
        sa.delete(SurveyQuestion)
        .where(SurveyQuestion.archived_at == began_at, ~used)
        .execution_options(synchronize_session=False)
    )


def _questions(
    work: Work, wanted: Sequence[tuple[int, str]], began_at: datetime
) -> dict[tuple[int, str], int]:
    surveys = {
        one.id: one
        for one in work.session.scalars(
            sa.select(Survey).where(Survey.id.in_({survey_id for survey_id, _ in wanted}))
        )
    }
    known: dict[tuple[int, str], int] = {}
    for question in work.session.scalars(
        sa.select(SurveyQuestion)
        .where(
            SurveyQuestion.survey_id.in_(surveys),
            SurveyQuestion.kind == QuestionKind.TEXT,
            SurveyQuestion.archived_at.is_not(None),
        )
        .order_by(SurveyQuestion.id)
    ):
        for texts in question.texts.values():
            known.setdefault((question.survey_id, texts.get("question", "")), question.id)
    missing = [one for one in wanted if one not in known]
    made = [
        SurveyQuestion(
            survey_id=survey_id,
            position=_POSITION,
            kind=QuestionKind.TEXT,
            categories=[category.value for category in Category],
            texts={surveys[survey_id].language: {"question": asked}},
            archived_at=began_at,
        )
        for survey_id, asked in missing
    ]
    work.session.add_all(made)
    work.session.flush()
    return known | dict(zip(missing, (one.id for one in made), strict=True))
