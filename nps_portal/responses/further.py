"""What was answered to the further questions, as people read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.responses.answers import answers_in_force
from nps_portal.surveys.models import SurveyQuestion


@dataclass(frozen=True, kw_only=True)
class FurtherAnswer:
    """A further question and what was answered to it, in the customer's words or choices."""

    question: str
    words: str


def further_answers(
    session: Session, response_id: int, languages: Sequence[str]
) -> list[FurtherAnswer]:
    """Return the answers in force, in the order of the questions.

    A question is told in the first of these languages that it was written in.
    """
    answers = answers_in_force(session, response_id)
    questions = session.scalars(
        sa.select(SurveyQuestion)
        .where(SurveyQuestion.id.in_(answers))
        .order_by(SurveyQuestion.position, SurveyQuestion.id)
    )
    return [_told(question, answers[question.id].value, languages) for question in questions]


def _told(
    question: SurveyQuestion, value: Mapping[str, Any], languages: Sequence[str]
) -> FurtherAnswer:
    known = [question.texts[code] for code in languages if code in question.texts]
    texts: Mapping[str, Any] = next(iter([*known, *question.texts.values()]), {})
    return FurtherAnswer(question=str(texts.get("question", "")), words=_words(value, texts))


def _words(value: Mapping[str, Any], texts: Mapping[str, Any]) -> str:
    if "choices" in value:
        offered = texts.get("choices", [])
        return ", ".join(_offered(offered, place) for place in value["choices"])
    return str(value["scale"] if "scale" in value else value.get("text", ""))


def _offered(offered: Sequence[str], place: Any) -> str:
    """Return the words of a choice by its place, or the place when the words are gone."""
    try:
        return str(offered[int(place)])
    except (IndexError, ValueError):
        return str(place)
