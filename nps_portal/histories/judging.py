"""Judging rows of past answers: what each says, or why it cannot come in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from nps_portal.foundation.addresses import BadEmail, EmailAddress, parse_email
from nps_portal.histories.dates import BadDate, DateReader
from nps_portal.histories.layouts import Part, score_of
from nps_portal.histories.reading import Cells
from nps_portal.imports.cells import one_line
from nps_portal.imports.vocabulary import comparable
from nps_portal.responses.comments import clean_comment
from nps_portal.surveys.text_rules import LINE_LENGTH

LONGEST_NAME = 200
LONGEST_ID = 200
LONGEST_FURTHER = 2_000
# Ten times what our own page takes; a page that shows many of them must still open.
LONGEST_COMMENT = 50_000


@dataclass(frozen=True, kw_only=True)
class PastAnswer:
    """One answer as it was given elsewhere; `email` is None where nobody is named."""

    line: int
    survey_id: int
    score: int
    at: datetime
    comment: str = ""
    email: EmailAddress | None = None
    name: str = ""
    first_name: str = ""
    company: str = ""
    other_id: str = ""
    further: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A row that cannot come in, and why."""

    line: int
    reason: str


class FindSurvey(Protocol):
    """Finds the Survey that a cell names; None when there is none."""

    def __call__(self, name: str) -> int | None:
        """Find it."""
        ...


@dataclass(frozen=True, kw_only=True)
class HistoryJudge:
    """Reads the rows of one file."""

    dates: DateReader
    now: datetime
    find_survey: FindSurvey

    def judge(self, cells: Cells) -> PastAnswer | Rejection:
        """Return what a row says, or why it cannot come in."""
        try:
            return self._answer(cells)
        except _Unusable as fault:
            return Rejection(line=cells.line, reason=str(fault))

    def _answer(self, cells: Cells) -> PastAnswer:
        if cells.fault is not None:
            raise _Unusable(cells.fault)
        kind = comparable(cells[Part.KIND])
        if kind and "nps" not in kind.split() and "net promoter" not in kind:
            raise _Unusable(f"«{cells[Part.KIND][:40]}» is another kind of question.")
        score = self._score(cells[Part.SCORE])
        survey_id = self.find_survey(cells[Part.SURVEY])
        if survey_id is None:
            raise _Unusable(
                f"There is no survey called «{cells[Part.SURVEY][:60]}»; make it, or say "
                "--survey to put all answers into one."
            )
        try:
            email = parse_email(cells[Part.EMAIL]) if cells[Part.EMAIL] else None
            at = self.dates.read(cells[Part.DATE], self.now)
        except (BadEmail, BadDate) as fault:
            raise _Unusable(str(fault)) from fault
        first = one_line(cells[Part.FIRST_NAME])
        name = one_line(cells[Part.NAME]) or f"{first} {one_line(cells[Part.LAST_NAME])}".strip()
        return PastAnswer(
            line=cells.line,
            survey_id=survey_id,
            score=score,
            at=at,
            comment=_comment(cells[Part.COMMENT]),
            email=email,
            name=name[:LONGEST_NAME],
            first_name=first[:LONGEST_NAME],
            company=one_line(cells[Part.COMPANY])[:LONGEST_NAME],
            other_id=clean_comment(cells[Part.ID])[:LONGEST_ID],
            further={
                one_line(asked)[:LINE_LENGTH]: clean_comment(told)[:LONGEST_FURTHER]
                for asked, told in cells.further.items()
            },
        )

    def _score(self, cell: str) -> int:
        if not cell:
            raise _Unusable("There is no score.")
        score = score_of(cell)
        if score is None:
            raise _Unusable(f"«{cell[:40]}» is not a score from 0 to 10.")
        return score


def _comment(cell: str) -> str:
    comment = clean_comment(cell)
    if len(comment) > LONGEST_COMMENT:
        raise _Unusable(f"The comment is longer than {LONGEST_COMMENT:,} characters.")
    return comment


class _Unusable(Exception):
    """A row cannot come in; the text says why."""
