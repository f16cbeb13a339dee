"""The layouts of files of past answers: which column tells what, by words and by cells."""

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nps_portal.foundation.errors import PortalError
from nps_portal.imports.vocabulary import HEADERS, comparable, header_words, squeezed
from nps_portal.imports.vocabulary import Field as ContactField

MOST_FURTHER = 100
# A column of stars ends at five; so many of them are no chance.
FEWEST_STARS, MOST_STARS = 10, 5


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
class Columns:
    """What a file is called, which column tells what, and how many rows are headers still.

    `further` has what was asked, or known, in the columns beside.
    """

    layout: str
    places: Mapping[Part, int]
    further: Mapping[int, str] = field(default_factory=dict)
    subheaders: int = 0


# Headers that only the files of one system have; the first that has all of them names the file.
_SIGNS = {
    "surveymonkey": ("respondentid", "collectorid"),
    "qualtrics": ("startdate", "enddate", "recordeddate"),
    "typeform": ("submitdateutc", "networkid"),
    "asknicely": ("answer", "responded"),
    "retently": ("createddate", "score"),
    "delighted": ("personemail", "score"),
}
PLAIN = "plain"
# The likelier word of each part stands first; in them «First name» and «firstname» agree.
_WORDS = {
    Part.EMAIL: """
        person email, recipient email, respondent email, customer email, email address, email,
        contact email, user email
        """,
    Part.SCORE: """
        score, nps score, nps, final score, net promoter score, promoter score, answer, rating,
        nps rating, likelihood to recommend, bewertung, punktzahl, wert, note, puntuación,
        punteggio, nota, cijfer
        """,
    Part.DATE: """
        responded at, response date, responded, answered at, submit date (utc), submitted at,
        date submitted, completed at, completion date, recorded date, end date, date modified,
        created at, created date, created, date created, timestamp, date, date and time, time,
        submit date, start date, updated at, datum, beantwortet am, datum der antwort, zeitstempel,
        horodateur, date de réponse, fecha, marca temporal, data, informazioni cronologiche
        """,
    Part.COMMENT: """
        comment, comments, feedback, feedback text, score comment, score reason, reason, verbatim,
        answer text, response text, text, kommentar, anmerkung, commentaire, comentario, commento,
        opmerking
        """,
    Part.NAME: "person name, recipient name",
    Part.FIRST_NAME: "recipient first name",
    Part.LAST_NAME: "recipient last name",
    Part.COMPANY: "company, company name",
    Part.SURVEY: """
        survey, survey name, campaign, campaign name, umfrage, enquête, encuesta, sondaggio
        """,
    Part.KIND: "survey type, question type, metric, survey metric",
    Part.ID: "response id, respondent id, answer id, response key, submission id, id",
}
_PEOPLE = {
    Part.EMAIL: ContactField.EMAIL,
    Part.NAME: ContactField.NAME,
    Part.FIRST_NAME: ContactField.FIRST_NAME,
    Part.LAST_NAME: ContactField.LAST_NAME,
    Part.COMPANY: ContactField.COMPANY,
}
_HEADERS = {
    part: (
        *(squeezed(word) for word in words.split(",")),
        *(HEADERS[_PEOPLE[part]] if part in _PEOPLE else ()),
    )
    for part, words in _WORDS.items()
}
# These are used of stars too.
_OF_STARS = frozenset(
    map(squeezed, ("answer", "rating", "bewertung", "note", "nota", "cijfer", "wert", "punktzahl"))
)
NEEDED = (Part.SCORE, Part.DATE)
_RECOMMEND = re.compile(
    r"recommend|weiterempfehl|empfehl|recommand|recomend|raccomand|consigli|aanbevel|polec"
    r"|anbefal|rekommender|suositel|doporuc|ajanl|tavsiye"
)
_SCORE = re.compile(r"(10|\d)(?:\.0+)?(?:\s*[-–—:=(/].*)?", re.DOTALL)
# Columns about the sending, and such as hold what nobody may keep: where somebody was.
_ASIDE = re.compile(
    r"\b(ip|user agent|browser|os|device|latitude|longitude|geo|urls?|links?|permalink|referr?er"
    r"|tokens?|ids?|network|progress|duration|finished|status|sent|opened|delivered|sent at"
    r"|started|created|updated|modified|timestamp|time|date|group|category|collector|password"
    r"|distribution channel|phone|telephone|recaptcha|user language|response type)\b"
)
_UNNAMED = re.compile(r"Column \d+")
_QUALTRICS = '{"ImportId"'
_ANY_ANSWER = frozenset(["", "response", "open ended response", "antwort", "reponse"])


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
    words = [squeezed(header) for header in headers]
    layout = next((name for name, signs in _SIGNS.items() if set(signs) <= set(words)), PLAIN)
    subheaders = _subheaders(layout, words, sample)
    questions = _questions(headers, sample[:subheaders])
    rows = sample[subheaders:]
    places: dict[Part, int] = {}
    for part in Part:
        named = [words.index(word) for word in _HEADERS[part] if word in words]
        if part is Part.SCORE:
            named = _scores_first(named, words, rows, part in chosen)
        if named:
            places[part] = named[0]
    _find_asked(places, questions, rows)
    for part, header in chosen.items():
        if squeezed(header) not in words:
            raise UnknownLayout(f"The file has no column «{header}»; it has: {', '.join(headers)}.")
        places[part] = words.index(squeezed(header))
    _refuse_without(places, headers)
    further = {
        place: text
        for place, text in questions.items()
        if place not in places.values() and text and not _is_aside(headers[place], text)
    }
    return Columns(
        layout=layout,
        places=places,
        further=dict(list(further.items())[:MOST_FURTHER]),
        subheaders=subheaders,
    )


def _subheaders(layout: str, words: Sequence[str], sample: Sequence[Sequence[str]]) -> int:
    """Return how many of the first rows go on with the headers."""
    if len(sample) > 1 and any(cell.startswith(_QUALTRICS) for cell in sample[1]):
        return 2
    is_second = (
        layout == "surveymonkey" and sample and not sample[0][words.index("respondentid")].strip()
    )
    return int(bool(is_second))


def _questions(headers: Sequence[str], below: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return what each column asks: a question over several columns stands above the first."""
    asked: dict[int, str] = {}
    last = ""
    for place, header in enumerate(headers):
        is_named = not _UNNAMED.fullmatch(header)
        last = header if is_named else last
        under = below[0][place].strip() if below else ""
        if len(below) > 1:
            # The question of Qualtrics stands below its short name.
            asked[place] = under or header
        elif comparable(under) in _ANY_ANSWER:
            asked[place] = header if is_named else ""
        else:
            asked[place] = f"{last}: {under}" if last else under
    return asked


def _scores_first(
    named: list[int], words: Sequence[str], rows: Sequence[Sequence[str]], is_chosen: bool
) -> list[int]:
    """Return the columns that may hold the score, those first whose cells are scores."""
    stars = [one for one in named if words[one] in _OF_STARS and _holds_stars(rows, one)]
    if stars and len(stars) == len(named) and not is_chosen:
        raise UnknownLayout(
            "The scores of this file go from 1 to 5, as stars do, and not from 0 to 10. Nothing "
            "was imported; if they are meant so, name the column, as in --column score=«header»."
        )
    left = [one for one in named if one not in stars]
    return sorted(left, key=lambda one: _share_of_scores(rows, one) < 0.5)


def _find_asked(
    places: dict[Part, int], questions: Mapping[int, str], rows: Sequence[Sequence[str]]
) -> None:
    """Find a score, and the comment after it, under headers that are the questions themselves."""
    score = places.get(Part.SCORE)
    if score is not None and _share_of_scores(rows, score) > 0:
        return
    free = [one for one in questions if one not in places.values()]
    scores = [one for one in free if _share_of_scores(rows, one) == 1]
    asking = [one for one in scores if _RECOMMEND.search(comparable(questions[one]))]
    # Where nothing asks for it, a column of scores alone is one only in a file of answers.
    if not asking:
        asking = [one for one in scores if questions[one].endswith("?")]
    if not asking:
        return
    places[Part.SCORE] = asking[0]
    if Part.COMMENT in places:
        return
    for one in free:
        told = [row[one] for row in rows if row[one].strip()]
        if one > asking[0] and told and one not in scores and not _is_aside(questions[one]):
            places[Part.COMMENT] = one
            return


def _refuse_without(places: Mapping[Part, int], headers: Sequence[str]) -> None:
    missing = [part.value for part in NEEDED if part not in places]
    if missing:
        raise UnknownLayout(
            f"No column is recognised as the {' or the '.join(missing)}. Nothing was imported; "
            f"name it, as in --column {missing[0]}=«header». The columns are: "
            f"{', '.join(headers)}."
        )


def _is_aside(*words: str) -> bool:
    return any(_ASIDE.search(header_words(one)) for one in words)


def _share_of_scores(rows: Sequence[Sequence[str]], place: int) -> float:
    filled = [row[place] for row in rows if row[place].strip()]
    return sum(score_of(cell) is not None for cell in filled) / len(filled) if filled else 0.0


def _holds_stars(rows: Sequence[Sequence[str]], place: int) -> bool:
    scores = [score for row in rows if (score := score_of(row[place])) is not None]
    return len(scores) >= FEWEST_STARS and min(scores) >= 1 and max(scores) == MOST_STARS
