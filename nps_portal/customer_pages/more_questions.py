"""The further questions on the thank-you page: what is shown, and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nps_portal.customer_pages.forms import SCORES_AS_TEXT
from nps_portal.foundation.merging import one_line
from nps_portal.responses.answers import GivenAnswer
from nps_portal.responses.commands import COMMENT_LENGTH
from nps_portal.responses.comments import clean_comment
from nps_portal.surveys.models import QuestionKind, SurveyQuestion
from nps_portal.surveys.text_rules import LINE_LENGTH
from nps_portal.surveys.wording import FilledWording


class Sent(Protocol):
    """The fields of a form that was sent."""

    def get(self, name: str, default: str, /) -> str:
        """Return a field's first value."""
        ...

    def getlist(self, name: str, /) -> list[str]:
        """Return all values of a field."""
        ...


@dataclass(frozen=True, kw_only=True)
class QuestionContent:
    """One further question as the page prints it, with what was typed and what is wrong with it.

    `picked` holds the values of the chosen boxes, empty text for none.
    """

    name: str
    kind: str
    question: str
    choices: Sequence[str] = ()
    low: str = ""
    high: str = ""
    typed: str = ""
    picked: frozenset[str] = frozenset({""})
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class MoreAnswers:
    """What was sent: the answers that can be kept, and the faults by the name of the field."""

    given: Sequence[GivenAnswer]
    faults: Mapping[str, str]


class Refused(ValueError):
    """An answer that its question does not take; its text says why."""


def question_contents(
    questions: Sequence[SurveyQuestion],
    languages: Sequence[str],
    sent: Sent | None = None,
    faults: Mapping[str, str] | None = None,
) -> list[QuestionContent]:
    """Return the questions in the first of these languages that each has been written in."""
    return [_content(question, languages, sent, faults or {}) for question in questions]


def read_answers(
    questions: Sequence[SurveyQuestion],
    languages: Sequence[str],
    sent: Sent,
    words: FilledWording,
) -> MoreAnswers:
    """Return what was answered; a question that was left empty is passed over."""
    given: list[GivenAnswer] = []
    faults: dict[str, str] = {}
    for question in questions:
        choices = texts_of(question, languages).get("choices", [])
        try:
            value = _value(question.kind, _name(question), len(choices), sent, words)
        except Refused as fault:
            faults[_name(question)] = str(fault)
            continue
        if value:
            given.append(GivenAnswer(question_id=question.id, value=value))
    return MoreAnswers(given=given, faults=faults)


def texts_of(question: SurveyQuestion, languages: Sequence[str]) -> Mapping[str, Any]:
    """Return a question's texts in the first of these languages that it has, else in any."""
    known = [question.texts[code] for code in languages if code in question.texts]
    return next(iter([*known, *question.texts.values()]), {})


def _content(
    question: SurveyQuestion,
    languages: Sequence[str],
    sent: Sent | None,
    faults: Mapping[str, str],
) -> QuestionContent:
    texts, name = texts_of(question, languages), _name(question)
    return QuestionContent(
        name=name,
        kind=question.kind.value,
        question=texts.get("question", ""),
        choices=texts.get("choices") or (),
        low=texts.get("low", ""),
        high=texts.get("high", ""),
        typed=clean_comment(sent.get(name, "")) if sent else "",
        picked=frozenset(sent.getlist(name) if sent else ()) or frozenset({""}),
        error=faults.get(name, ""),
    )


def _name(question: SurveyQuestion) -> str:
    return f"question-{question.id}"


def _value(
    kind: QuestionKind, name: str, choices: int, sent: Sent, words: FilledWording
) -> dict[str, Any]:
    """Return an answer as it is kept, empty when there is none.

    :raises Refused: it does not fit the kind.
    """
    match kind:
        case QuestionKind.LINE:
            return _text(one_line(sent.get(name, "")), LINE_LENGTH, words)
        case QuestionKind.TEXT:
            return _text(clean_comment(sent.get(name, "")), COMMENT_LENGTH, words)
        case QuestionKind.SCALE:
            chosen = sent.get(name, "")
            if chosen and chosen not in SCORES_AS_TEXT:
                raise Refused(words.no_score)
            return {"scale": SCORES_AS_TEXT[chosen]} if chosen else {}
        case QuestionKind.CHOICE:
            return _picked([sent.get(name, "")], choices, words)
        case QuestionKind.SEVERAL:
            return _picked(sent.getlist(name), choices, words)


def _text(text: str, longest: int, words: FilledWording) -> dict[str, Any]:
    if len(text) > longest:
        raise Refused(words.too_long)
    return {"text": text} if text else {}


def _picked(values: Sequence[str], choices: int, words: FilledWording) -> dict[str, Any]:
    places = {str(place): place for place in range(choices)}
    wanted = [value for value in values if value]
    if any(value not in places for value in wanted):
        # Not a choice of ours, so not from our page.
        raise Refused(words.not_a_choice)
    return {"choices": sorted({places[value] for value in wanted})} if wanted else {}
