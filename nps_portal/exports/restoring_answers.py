"""Bringing back answers, what each said before, further answers, and tasks."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from nps_portal.exports.answer_tables import ANSWER, RESPONSE, REVIEWED, REVISION, TASK
from nps_portal.exports.archive_rows import Archive, Row
from nps_portal.exports.cells import Field
from nps_portal.exports.restoring_known import Known
from nps_portal.followups.models import Task
from nps_portal.foundation.bulk import insert_rows, next_ids
from nps_portal.foundation.work import ActorKind, Work
from nps_portal.responses.models import Response, ResponseAnswer, ResponseRevision


def restore_answers(work: Work, archive: Archive, known: Known) -> None:
    """Bring back all that anybody has answered; nobody is told of it."""
    for chunk in archive.chunks("responses"):
        _responses(work, chunk, known)
    places: dict[int, int] = {}
    for chunk in archive.chunks("revisions"):
        _revisions(work, chunk, known, places)
    for chunk in archive.chunks("further_answers"):
        _further_answers(work, chunk, known)


def restore_tasks(work: Work, archive: Archive, known: Known) -> None:
    """Bring back what is to be done and what was done."""
    names = ("contact_id", "response_id", "closed_by", *_names(TASK))
    for chunk in archive.chunks("tasks"):
        people = known.people(work, [row["contact"] for row in chunk])
        rows: list[Sequence[Any]] = []
        for row in chunk:
            with row.checked():
                contact_id = people[row["contact"]] if row["contact"] else None
                response_id = known.response(row["response"]) if row["response"] else None
                closed_by = known.user(row["closed_by"])
            rows.append((contact_id, response_id, closed_by, *row.values(TASK)))
        insert_rows(work.session, Task, names, rows)


def _responses(work: Work, chunk: Sequence[Row], known: Known) -> None:
    ids = next_ids(work.session, Response, len(chunk))
    people = known.people(work, [row["contact"] for row in chunk])
    rows: list[Sequence[Any]] = []
    for response_id, row in zip(ids, chunk, strict=True):
        with row.checked():
            marks = json.loads(row["marks"])
            contact_id = people[row["contact"]] if row["contact"] else None
            survey_id = known.surveys[row["survey"]]
        if REVIEWED in marks:
            known.reviewed[response_id] = marks[REVIEWED]
        rows.append((response_id, contact_id, survey_id, marks, *row.values(RESPONSE)))
    names = ("id", "contact_id", "survey_id", "marks", *_names(RESPONSE))
    insert_rows(work.session, Response, names, rows)
    known.responses.extend(ids)


def _further_answers(work: Work, chunk: Sequence[Row], known: Known) -> None:
    rows: list[Sequence[Any]] = []
    for row in chunk:
        with row.checked():
            response_id = known.response(row["response"])
            question_id = known.questions[row["survey"], int(row["question_number"])]
        rows.append((response_id, question_id, *row.values(ANSWER)))
    names = ("response_id", "question_id", *_names(ANSWER))
    insert_rows(work.session, ResponseAnswer, names, rows)


def _revisions(work: Work, chunk: Sequence[Row], known: Known, places: dict[int, int]) -> None:
    ids = next_ids(work.session, ResponseRevision, len(chunk))
    customers = [row["actor"] for row in chunk if row["actor_kind"] == ActorKind.CUSTOMER.value]
    people = known.people(work, customers)
    rows: list[Sequence[Any]] = []
    for revision_id, row in zip(ids, chunk, strict=True):
        with row.checked():
            response_id = known.response(row["response"])
        # Who acted and was not kept stays nobody.
        is_user = row["actor_kind"] == ActorKind.USER.value
        actor = known.users.get(row["actor"]) if is_user else people.get(row["actor"])
        rows.append((revision_id, response_id, actor, *row.values(REVISION)))
        if response_id in known.reviewed:
            places[response_id] = places.get(response_id, 0) + 1
            if places[response_id] == known.reviewed[response_id]:
                _note_reviewed(work, response_id, revision_id)
    insert_rows(
        work.session, ResponseRevision, ("id", "response_id", "actor_id", *_names(REVISION)), rows
    )


def _note_reviewed(work: Work, response_id: int, revision_id: int) -> None:
    marks = work.session.scalar(sa.select(Response.marks).where(Response.id == response_id))
    work.session.execute(
        sa.update(Response)
        .where(Response.id == response_id)
        .values(marks={**(marks or {}), REVIEWED: revision_id})
        .execution_options(synchronize_session=False)
    )


def _names(fields: Sequence[Field]) -> tuple[str, ...]:
    return tuple(one.name for one in fields)
