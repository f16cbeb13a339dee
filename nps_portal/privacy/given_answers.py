"""What a person has answered, whole: the score, the words, what they said before, and the rest."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation
from nps_portal.responses.models import Response, ResponseAnswer, ResponseRevision
from nps_portal.surveys.models import Survey, SurveyQuestion


@dataclass(frozen=True, kw_only=True)
class FurtherAnswer:
    """The answer to one further question, when it was given."""

    question: SurveyQuestion
    answer: ResponseAnswer

    def question_in(self, languages: Sequence[str]) -> str:
        """Return the question in the first of these languages that it is asked in."""
        return str(self._texts(languages).get("question", ""))

    def words_in(self, languages: Sequence[str]) -> tuple[str, ...]:
        """Return what was answered, as it can be read: a text, the choices, or a number."""
        value = self.answer.value
        if "text" in value:
            return (str(value["text"]),)
        if "choices" in value:
            offered = self._texts(languages).get("choices", [])
            return tuple(_offered(offered, place) for place in value["choices"])
        return (str(value["scale"]),) if "scale" in value else ()

    def _texts(self, languages: Sequence[str]) -> Mapping[str, Any]:
        texts = self.question.texts
        known = [texts[language] for language in languages if language in texts]
        return next(iter([*known, *texts.values()]), {})


@dataclass(frozen=True, kw_only=True)
class GivenResponse:
    """A Response with all that belongs to it; `invitation` is None at every door but the email.

    `revisions` are oldest first; `further` holds every answer to a further question, also former
    ones.
    """

    response: Response
    survey: Survey
    invitation: Invitation | None
    revisions: tuple[ResponseRevision, ...]
    further: tuple[FurtherAnswer, ...]

    @property
    def earlier(self) -> tuple[ResponseRevision, ...]:
        """What the Response said before, latest first; what is held changed nothing yet."""
        said = [revision for revision in self.revisions if not revision.held]
        return tuple(reversed(said[:-1]))

    @property
    def further_in_force(self) -> tuple[FurtherAnswer, ...]:
        """The newest answer to each further question, in the order of the questions."""
        newest = {one.question.id: one for one in self.further}
        order = sorted(newest.values(), key=lambda one: (one.question.position, one.question.id))
        return tuple(order)


def given_responses(session: Session, contact_id: int) -> list[GivenResponse]:
    """Return everything that a Contact has answered, newest first."""
    return _whole(
        session,
        session.scalars(
            sa.select(Response)
            .where(Response.contact_id == contact_id)
            .order_by(Response.answered_at.desc(), Response.id.desc())
        ).all(),
    )


def given_response(session: Session, response_id: int) -> list[GivenResponse]:
    """Return one Response, whole, or nothing."""
    return _whole(
        session, session.scalars(sa.select(Response).where(Response.id == response_id)).all()
    )


def _whole(session: Session, responses: Sequence[Response]) -> list[GivenResponse]:
    ids = [response.id for response in responses]
    asked = {response.survey_id for response in responses}
    surveys = {
        row.id: row for row in session.scalars(sa.select(Survey).where(Survey.id.in_(asked)))
    }
    invited = {one.invitation_id for one in responses if one.invitation_id is not None}
    invitations = {
        row.id: row
        for row in session.scalars(sa.select(Invitation).where(Invitation.id.in_(invited)))
    }
    revisions: dict[int, list[ResponseRevision]] = defaultdict(list)
    for revision in session.scalars(
        sa.select(ResponseRevision)
        .where(ResponseRevision.response_id.in_(ids))
        .order_by(ResponseRevision.id)
    ):
        revisions[revision.response_id].append(revision)
    further: dict[int, list[FurtherAnswer]] = defaultdict(list)
    for answer, question in session.execute(
        sa.select(ResponseAnswer, SurveyQuestion)
        .join(SurveyQuestion, SurveyQuestion.id == ResponseAnswer.question_id)
        .where(ResponseAnswer.response_id.in_(ids))
        .order_by(ResponseAnswer.id)
    ):
        further[answer.response_id].append(FurtherAnswer(question=question, answer=answer))
    return [
        GivenResponse(
            response=response,
            survey=surveys[response.survey_id],
            invitation=invitations.get(response.invitation_id or 0),
            revisions=tuple(revisions[response.id]),
            further=tuple(further[response.id]),
        )
        for response in responses
    ]


def _offered(offered: Sequence[str], place: Any) -> str:
    """Return the words of a choice by its place, or the place when the words are gone."""
    try:
        return str(offered[int(place)])
    except (IndexError, ValueError):
        return str(place)
