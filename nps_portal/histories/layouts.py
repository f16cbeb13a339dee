"""The layouts of files of past answers: which column tells what, by the words above it."""

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nps_portal.foundation.errors import PortalError
from nps_portal.imports.vocabulary import HEADERS, comparable
from nps_portal.imports.vocabulary import Field as ContactField


class Part(enum.Enum):
    """What a column tells about an answer."""

    EMAIL = "email"
    SCORE = "score"
    DATE = "date"
    COMMENT = "comment"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    COMPANY = "company"
    SURVEY = "survey"
    KIND = "kind"
    ID = "id"


class UnknownLayout(PortalError):
    """The file does not tell which of its columns holds what an answer needs."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way in which files of answers are written.

    `signs` are headers that such a file has and others lack. `columns` has the headers of each
    part, in their comparable form. `subheaders`: a second row below the headers is no answer.
    """

    name: str
    signs: frozenset[str] = frozenset()
    columns: Mapping[Part, tuple[str, ...]]
    subheaders: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(comparable(word) for word in text.split(","))


_PERSON = {
    Part.EMAIL: HEADERS[ContactField.EMAIL],
    Part.NAME: HEADERS[ContactField.NAME],
    Part.FIRST_NAME: HEADERS[ContactField.FIRST_NAME],
    Part.LAST_NAME: HEADERS[ContactField.LAST_NAME],
    Part.COMPANY: HEADERS[ContactField.COMPANY],
}
DELIGHTED = Layout(
    name="delighted",
    signs=frozenset(_words("person email, score")),
    columns={
        Part.EMAIL: _words("person email, email"),
        Part.SCORE: _words("score"),
        Part.DATE: _words("created at, responded at, response date, date, updated at"),
        Part.COMMENT: _words("comment"),
        Part.NAME: _words("person name, name"),
        Part.COMPANY: _words("company, company name"),
        Part.SURVEY: _words("survey name"),
        Part.KIND: _words("survey type"),
        Part.ID: _words("response id, id"),
    },
)
SURVEYMONKEY = Layout(
    name="surveymonkey",
    signs=frozenset(_words("respondent id, collector id")),
    columns={
        Part.EMAIL: _words("email address"),
        Part.DATE: _words("date modified, date created, end date, start date"),
        Part.FIRST_NAME: _words("first name"),
        Part.LAST_NAME: _words("last name"),
        Part.ID: _words("respondent id"),
    },
    subheaders=True,
)
_SURVEYMONKEY_OLD = Layout(
    name="surveymonkey",
    signs=frozenset(_words("respondentid, collectorid")),
    columns={
        Part.EMAIL: _words("email address"),
        Part.DATE: _words("enddate, startdate"),
        Part.FIRST_NAME: _words("first name"),
        Part.LAST_NAME: _words("lastname, last name"),
        Part.ID: _words("respondentid"),
    },
    subheaders=True,
)
RETENTLY = Layout(
    name="retently",
    signs=frozenset(_words("createddate, score")),
    columns={
        Part.EMAIL: _words("email"),
        Part.SCORE: _words("score"),
        Part.DATE: _words("createddate"),
        Part.COMMENT: _words("comments, feedback, comment"),
        Part.FIRST_NAME: _words("firstname"),
        Part.LAST_NAME: _words("lastname"),
        Part.COMPANY: _words("companyname"),
        Part.ID: _words("id"),
    },
)
ASKNICELY = Layout(
    name="asknicely",
    signs=frozenset(_words("answer, responded")),
    columns={
        **_PERSON,
        Part.SCORE: _words("answer"),
        Part.DATE: _words("responded"),
        Part.COMMENT: _words("comment"),
        Part.KIND: _words("question type"),
        Part.ID: _words("response id"),
    },
)
PLAIN = Layout(
    name="plain",
    columns={
        **_PERSON,
        Part.SCORE: _words(
            "score, nps score, nps, rating, nps rating, likelihood to recommend, final score, "
            "bewertung, punktzahl, wert, note, puntuación, punteggio, nota, cijfer"
        ),
        Part.DATE: _words(
            "answered at, responded at, response date, submitted at, completed at, date, "
            "created at, timestamp, time, submit date, datum, beantwortet am, datum der antwort, "
            "date de réponse, fecha, data, zeitstempel"
        ),
        Part.COMMENT: _words(
            "comment, comments, feedback, reason, verbatim, answer text, kommentar, anmerkung, "
            "commentaire, comentario, commento, opmerking"
        ),
        Part.SURVEY: _words("survey, survey name, umfrage, enquête, encuesta, sondaggio"),
        Part.ID: _words("response id, answer id"),
    },
)
LAYOUTS = (SURVEYMONKEY, _SURVEYMONKEY_OLD, ASKNICELY, RETENTLY, DELIGHTED)
NEEDED = (Part.SCORE, Part.DATE)
_RECOMMEND = re.compile(
    r"recommend|weiterempfehl|recommand|recomend|raccomand|consigli|aanbevel|polec"
)
_SCORE = re.compile(r"(10|\d)(?:\.0+)?(?:\s*[-–—:=(].*)?", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of a file tells what, and which layout that follows."""

    layout: Layout
    places: Mapping[Part, int]


def score_of(cell: str) -> int | None:
    """Return the score that a cell holds, as in «9» or «10 - Extremely likely»; None for none."""
    found = _SCORE.fullmatch(cell.strip())
    return int(found[1]) if found else None


def columns_of(
    headers: Sequence[str], sample: Sequence[Sequence[str]], chosen: Mapping[Part, str]
) -> Columns:
    """Return which column tells what; `chosen` are headers that somebody has named.

    :raises UnknownLayout: the score or the date is in no column, or a named header is not there.
    """
    words = [comparable(header) for header in headers]
    layout = next((one for one in LAYOUTS if one.signs <= set(words)), PLAIN)
    places = {
        part: words.index(word)
        for part, wanted in layout.columns.items()
        if (word := next((one for one in wanted if one in words), None)) is not None
    }
    if layout.subheaders:
        places |= _of_questions(words, sample, max(places.values(), default=0) + 1)
    for part, header in chosen.items():
        if comparable(header) not in words:
            raise UnknownLayout(f"The file has no column «{header}»; it has: {', '.join(headers)}.")
        places[part] = words.index(comparable(header))
    missing = [part.value for part in NEEDED if part not in places]
    if missing:
        raise UnknownLayout(
            f"No column is recognised as the {' or the '.join(missing)}. Nothing was imported; "
            f"name it, as in --column {missing[0]}=«header». The columns are: "
            f"{', '.join(headers)}."
        )
    return Columns(layout=layout, places=places)


def _of_questions(
    words: Sequence[str], sample: Sequence[Sequence[str]], first: int
) -> dict[Part, int]:
    """Return which question asks for the score and which for a comment, in a layout by question."""
    found: dict[Part, int] = {}
    columns = range(first, len(words))
    scores = [one for one in columns if _holds_scores([row[one] for row in sample[1:]])]
    named = [one for one in scores if _RECOMMEND.search(words[one])]
    if named or scores:
        found[Part.SCORE] = (named or scores)[0]
    after = found.get(Part.SCORE, first - 1) + 1
    for one in range(after, len(words)):
        if one not in scores and any(row[one].strip() for row in sample[1:]):
            found[Part.COMMENT] = one
            break
    return found


def _holds_scores(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and all(score_of(cell) is not None for cell in filled)
