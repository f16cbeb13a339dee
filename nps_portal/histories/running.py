"""Bringing a file of past answers in, chunk by chunk, each a unit of work."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Actor, unit_of_work
from nps_portal.histories.bringing import (
    CHUNK,
    begin_history,
    bring_answers,
    count_rejected,
)
from nps_portal.histories.dates import reader_of
from nps_portal.histories.judging import FindSurvey, HistoryJudge, PastAnswer, Rejection
from nps_portal.histories.layouts import Part
from nps_portal.histories.models import History
from nps_portal.histories.reading import read_source
from nps_portal.imports.vocabulary import comparable
from nps_portal.surveys.models import DEFAULT_SURVEY, Survey


class NothingImported(PortalError):
    """No row of the file is an answer; each refused one has been told."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What somebody has said about a file.

    Without `survey_id` each row's own word tells the Survey, and the ready-made one where it has
    none. `day_first` is None where the dates themselves are to tell; `columns` are headers.
    """

    survey_id: int | None = None
    day_first: bool | None = None
    columns: Mapping[Part, str] = field(default_factory=dict)


def run_history(
    actor: Actor,
    file: BinaryIO,
    filename: str,
    choices: Choices,
    told: Callable[[Rejection], None],
    step: Callable[[int], None] = lambda rows: None,
) -> History:
    """Bring all answers of a file in, telling each row that is refused, and return what came of it.

    A second run of the same file adds nothing, so that one that was cut short is simply repeated.

    :raises UnreadableFile: it cannot be read.
    :raises UnknownLayout: its columns do not tell what they hold.
    :raises AmbiguousDates: its dates can be read in two ways.
    :raises NothingImported: none of its rows is an answer.
    """
    source = read_source(file, filename, choices.columns)
    zone = portal_settings(reading()).zone
    dates = reader_of((row[Part.DATE] for row in source.rows()), zone, choices.day_first)
    judge = HistoryJudge(
        dates=dates,
        now=current_clock().now(),
        find_survey=_surveys(reading(), choices.survey_id),
    )
    with unit_of_work(actor) as work:
        history_id = begin_history(work, filename, source.layout).id
    rows = (judge.judge(cells) for cells in source.rows())
    while chunk := list(islice(rows, CHUNK)):
        _bring(actor, history_id, source.layout, chunk, told)
        step(len(chunk))
    history = reading().get_one(History, history_id)
    if history.added == history.known == 0:
        raise NothingImported("0 imported. No row of this file is an answer; see the reasons.")
    return history


def _bring(
    actor: Actor,
    history_id: int,
    layout: str,
    chunk: Sequence[PastAnswer | Rejection],
    told: Callable[[Rejection], None],
) -> None:
    answers = [one for one in chunk if isinstance(one, PastAnswer)]
    refused = [one for one in chunk if isinstance(one, Rejection)]
    with unit_of_work(actor) as work:
        count_rejected(work, history_id, len(refused))
        brought = bring_answers(work, history_id, layout, answers)
    for rejection in _by_line([*refused, *brought.rejections]):
        told(rejection)


def _by_line(rejections: Sequence[Rejection]) -> Iterator[Rejection]:
    yield from sorted(rejections, key=lambda one: one.line)


def _surveys(session: Session, survey_id: int | None) -> FindSurvey:
    known = session.execute(sa.select(Survey.id, Survey.name, Survey.title)).all()
    ids = {comparable(row.title): row.id for row in known}
    ids |= {comparable(row.name): row.id for row in known}

    @cache
    def find(name: str) -> int | None:
        if survey_id is not None:
            return survey_id
        return ids.get(comparable(name or DEFAULT_SURVEY))

    return find
