"""What comes after the score: answers to further questions, and the permission to quote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.nps import Category
from nps_portal.responses.models import QuotePermission, ResponseAnswer
from nps_portal.responses.revising import locked_response
from nps_portal.surveys.models import SurveyQuestion

MOST_QUESTIONS = 10


@dataclass(frozen=True, kw_only=True)
class GivenAnswer:
    """The answer to one further question; its value is what ResponseAnswer says of it."""

    question_id: int
    value: Mapping[str, Any]


def questions_for(session: Session, survey_id: int, category: Category) -> list[SurveyQuestion]:
    """Return what a Survey further asks of a category, in order, at most ten."""
    rows = session.scalars(
        sa.select(SurveyQuestion)
        .where(SurveyQuestion.survey_id == survey_id, SurveyQuestion.archived_at.is_(None))
        .order_by(SurveyQuestion.position, SurveyQuestion.id)
    )
    return [row for row in rows if category.value in row.categories][:MOST_QUESTIONS]


def answers_in_force(session: Session, response_id: int) -> dict[int, ResponseAnswer]:
    """Return the newest answer to each further question, by the question's id."""
    rows = session.scalars(
        sa.select(ResponseAnswer)
        .where(ResponseAnswer.response_id == response_id)
        .order_by(ResponseAnswer.id)
    )
    return {row.question_id: row for row in rows}


def keep_answers(work: Work, response_id: int, given: Sequence[GivenAnswer]) -> None:
    """Keep answers to further questions beside those given before; the same again adds nothing.

    :raises ContactErased: whose answers they are has been erased meanwhile.
    """
    # Locked, so that two sendings of one page wait for each other.
    response = locked_response(work, response_id)
    before = answers_in_force(work.session, response_id)
    new = [
        answer
        for answer in given
        if answer.question_id not in before
        or before[answer.question_id].value != dict(answer.value)
    ]
    work.session.add_all(
        ResponseAnswer(
            response_id=response_id,
            question_id=answer.question_id,
            at=work.now,
            value=dict(answer.value),
        )
        for answer in new
    )
    if new:
        record(
            work,
            "response.more_answered",
            contact_id=response.contact_id,
            response_id=response_id,
            question_ids=[answer.question_id for answer in new],
        )


def permit_quoting(work: Work, response_id: int, permission: QuotePermission | None) -> None:
    """Write down how a customer's words may be quoted; None for not at all.

    :raises ContactErased: whose words they are has been erased meanwhile.
    """
    response = locked_response(work, response_id)
    if response.quote_permission is permission:
        return
    response.quote_permission = permission
    record(
        work,
        "response.quoting_permitted" if permission else "response.quoting_refused",
        contact_id=response.contact_id,
        response_id=response_id,
        **({"permission": permission.value} if permission else {}),
    )
