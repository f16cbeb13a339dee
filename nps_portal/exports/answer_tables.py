"""The tables of answers: responses, what each said before, further answers, and tasks."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.models import Company, Contact
from nps_portal.exports.cells import fields_of, written_json
from nps_portal.exports.reader import Reader
from nps_portal.exports.table import Column, Table, cells_of, columns_of
from nps_portal.followups.models import Task
from nps_portal.foundation.work import ActorKind
from nps_portal.responses.models import Response, ResponseAnswer, ResponseRevision
from nps_portal.surveys.models import Survey, SurveyQuestion

RESPONSE = fields_of(
    Response,
    *("score", "comment", "state", "evidence", "channel", "language", "answered_at"),
    *("changed_at", "quote_permission", "said_to_be", "late", "first_clicked_score"),
    *("public_id", "submission_key"),
)
REVISION = fields_of(ResponseRevision, "at", "score", "comment", "actor_kind", "held")
ANSWER = fields_of(ResponseAnswer, "at", "value")
TASK = fields_of(
    Task,
    *("kind", "state", "title", "wishes", "due_at", "outcome", "created_at", "closed_at"),
)
REVIEWED = "reviewed_revision"
_NUMBER = Column(name="number", is_number=True)
_RESPONSE_NUMBER = Column(name="response", is_number=True)


def _response_rows(reader: Reader) -> Iterator[Sequence[str]]:
    query = (
        sa.select(
            Response.id,
            *(getattr(Response, one.name) for one in RESPONSE),
            Response.marks,
            Response.contact_id,
            Contact.email,
            Contact.erased_at,
            Contact.name.label("person"),
            Company.name.label("company"),
            Survey.name.label("survey"),
        )
        .join(Survey, Survey.id == Response.survey_id)
        .outerjoin(Contact, Contact.id == Response.contact_id)
        .outerjoin(Company, Company.id == Contact.company_id)
    )
    number = 0
    for page in reader.pages(query, Response.id):
        places = _reviewed_places(reader, page)
        for row in page:
            number += 1
            marks = dict(row.marks)
            if REVIEWED in marks:
                marks[REVIEWED] = places[row.id]
            yield (
                str(number),
                reader.person(row.contact_id, row.email, row.erased_at),
                row.person or "",
                row.company or "",
                row.survey,
                *cells_of(RESPONSE, row),
                written_json(marks),
            )


def _reviewed_places(reader: Reader, page: Sequence[Any]) -> dict[int, int]:
    """Return of each Response the number of the last revision that somebody has looked at."""
    looked = {row.id: int(row.marks[REVIEWED]) for row in page if REVIEWED in row.marks}
    places = dict.fromkeys(looked, 0)
    if looked:
        for response_id, revision_id in reader.session.execute(
            sa.select(ResponseRevision.response_id, ResponseRevision.id).where(
                ResponseRevision.response_id.in_(looked)
            )
        ):
            places[response_id] += revision_id <= looked[response_id]
    return places


def _numbered(reader: Reader) -> Iterator[dict[int, int]]:
    """Give the numbers of answers by their ids, page by page."""
    number = 0
    for page in reader.pages(sa.select(Response.id), Response.id):
        yield {row.id: number + place for place, row in enumerate(page, start=1)}
        number += len(page)


def _revision_rows(reader: Reader) -> Iterator[Sequence[str]]:
    for numbers in _numbered(reader):
        rows = reader.session.execute(
            sa.select(
                ResponseRevision.response_id,
                ResponseRevision.actor_id,
                *(getattr(ResponseRevision, one.name) for one in REVISION),
                Contact.id.label("contact_id"),
                Contact.email,
                Contact.erased_at,
            )
            .outerjoin(
                Contact,
                sa.and_(
                    Contact.id == ResponseRevision.actor_id,
                    ResponseRevision.actor_kind == ActorKind.CUSTOMER,
                ),
            )
            .where(ResponseRevision.response_id.between(min(numbers), max(numbers)))
            .order_by(ResponseRevision.response_id, ResponseRevision.id)
        )
        for row in rows:
            actor = reader.person(row.contact_id, row.email, row.erased_at)
            if row.actor_kind is ActorKind.USER:
                actor = reader.user(row.actor_id)
            yield (str(numbers[row.response_id]), *cells_of(REVISION, row), actor)


def _answer_rows(reader: Reader) -> Iterator[Sequence[str]]:
    places = _question_places(reader)
    for numbers in _numbered(reader):
        rows = reader.session.execute(
            sa.select(
                ResponseAnswer.response_id,
                ResponseAnswer.question_id,
                *(getattr(ResponseAnswer, one.name) for one in ANSWER),
            )
            .where(ResponseAnswer.response_id.between(min(numbers), max(numbers)))
            .order_by(ResponseAnswer.response_id, ResponseAnswer.id)
        )
        for row in rows:
            survey, place, question = places[row.question_id]
            number = str(numbers[row.response_id])
            yield (number, survey, str(place), question, *cells_of(ANSWER, row))


def _question_places(reader: Reader) -> dict[int, tuple[str, int, str]]:
    """Return of each question its Survey, its number there, and its words."""
    places: dict[int, tuple[str, int, str]] = {}
    counts: dict[str, int] = {}
    for question_id, texts, survey, language in reader.session.execute(
        sa.select(SurveyQuestion.id, SurveyQuestion.texts, Survey.name, Survey.language)
        .join(Survey, Survey.id == SurveyQuestion.survey_id)
        .order_by(SurveyQuestion.id)
    ):
        counts[survey] = counts.get(survey, 0) + 1
        written: dict[str, Any] = texts.get(language) or next(iter(texts.values()), {})
        places[question_id] = (survey, counts[survey], str(written.get("question", "")))
    return places


def _task_rows(reader: Reader) -> Iterator[Sequence[str]]:
    query = sa.select(
        Task.id,
        *(getattr(Task, one.name) for one in TASK),
        Task.closed_by,
        Task.contact_id,
        Task.response_id,
        Contact.email,
        Contact.erased_at,
    ).outerjoin(Contact, Contact.id == Task.contact_id)
    for page in reader.pages(query, Task.id):
        numbers = _numbers_of(reader, sorted({row.response_id for row in page} - {None}))
        for row in page:
            yield (
                reader.person(row.contact_id, row.email, row.erased_at),
                str(numbers[row.response_id]) if row.response_id else "",
                *cells_of(TASK, row),
                reader.user(row.closed_by),
            )


def _numbers_of(reader: Reader, ids: Sequence[int]) -> dict[int, int]:
    """Return the numbers of some answers: how many there are up to each."""
    numbers: dict[int, int] = {}
    last = number = 0
    for response_id in ids:
        number += (
            reader.session.scalar(
                sa.select(sa.func.count(Response.id)).where(
                    Response.id > last, Response.id <= response_id
                )
            )
            or 0
        )
        numbers[response_id], last = number, response_id
    return numbers


RESPONSES = Table(
    name="responses",
    words="Answers",
    columns=lambda reader: [
        _NUMBER,
        *columns_of((), "contact", "name", "company", "survey"),
        *columns_of(RESPONSE, "marks"),
    ],
    rows=_response_rows,
)
REVISIONS = Table(
    name="revisions",
    words="What answers said before",
    columns=lambda reader: [_RESPONSE_NUMBER, *columns_of(REVISION, "actor")],
    rows=_revision_rows,
)
FURTHER_ANSWERS = Table(
    name="further_answers",
    words="Further answers",
    columns=lambda reader: [
        _RESPONSE_NUMBER,
        *columns_of((), "survey"),
        Column(name="question_number", is_number=True),
        *columns_of((), "question"),
        *columns_of(ANSWER),
    ],
    rows=_answer_rows,
)
TASKS = Table(
    name="tasks",
    words="Tasks",
    columns=lambda reader: [
        *columns_of((), "contact"),
        _RESPONSE_NUMBER,
        *columns_of(TASK, "closed_by"),
    ],
    rows=_task_rows,
)
