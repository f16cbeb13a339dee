"""Writing further questions: up to ten, asked of chosen categories, in several languages.

An answer holds the places of its choices. So a choice that people may have picked keeps its place;
where kind or places change, a new question follows and the former one is archived with its answers.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.nps import Category
from nps_portal.surveys.models import QuestionKind, Survey, SurveyQuestion
from nps_portal.surveys.queries import questions_of
from nps_portal.surveys.text_rules import BUTTON_LENGTH, LINE_LENGTH

MOST_QUESTIONS = 10
FEWEST_CHOICES, MOST_CHOICES = 2, 10
CHOICE_LENGTH = 120
KINDS_WITH_CHOICES = frozenset({QuestionKind.CHOICE, QuestionKind.SEVERAL})


class UnusableQuestion(PortalError):
    """A further question cannot be asked like this; `field` names what is wrong with it."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Direction(enum.Enum):
    """Where a question goes in the order."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, kw_only=True)
class QuestionText:
    """A further question in one language; `low` and `high` stand at the ends of a scale."""

    question: str
    choices: Sequence[str] = ()
    low: str = ""
    high: str = ""

    @classmethod
    def from_texts(cls, texts: Mapping[str, Any]) -> "QuestionText":
        """Return the text as it is stored in one language."""
        return cls(
            question=texts.get("question", ""),
            choices=tuple(texts.get("choices") or ()),
            low=texts.get("low", ""),
            high=texts.get("high", ""),
        )

    def to_texts(self, kind: QuestionKind) -> dict[str, Any]:
        """Return what is stored: only what the kind asks for."""
        texts: dict[str, Any] = {"question": self.question}
        if kind in KINDS_WITH_CHOICES:
            texts["choices"] = list(self.choices)
        if kind is QuestionKind.SCALE:
            texts |= {"low": self.low, "high": self.high}
        return texts

    def check(self, kind: QuestionKind) -> None:
        """Refuse a text that cannot be shown.

        :raises UnusableQuestion: names the field and what is wrong with it.
        """
        if not self.question:
            raise UnusableQuestion("question", "Write the question.")
        _check_line("question", self.question, LINE_LENGTH)
        if kind in KINDS_WITH_CHOICES:
            _check_choices(self.choices)
        if kind is QuestionKind.SCALE:
            _check_line("low", self.low, BUTTON_LENGTH)
            _check_line("high", self.high, BUTTON_LENGTH)


@dataclass(frozen=True, kw_only=True)
class QuestionDraft:
    """A further question as its owner has written it in one language."""

    kind: QuestionKind
    categories: Sequence[Category]
    language: str
    text: QuestionText

    def check(self) -> None:
        """Refuse a question that cannot be asked.

        :raises UnusableQuestion: names the field and what is wrong with it.
        """
        if not self.categories:
            raise UnusableQuestion("categories", "Choose who is asked.")
        self.text.check(self.kind)


def own_language(question: SurveyQuestion, survey: Survey) -> str:
    """Return the language that the others translate: the Survey's, or the first there is."""
    if survey.language in question.texts or not question.texts:
        return survey.language
    return sorted(question.texts)[0]


def add_question(work: Work, survey_id: int, draft: QuestionDraft) -> SurveyQuestion:
    """Ask a further question after the others.

    :raises UnusableQuestion: it cannot be asked, or there are ten already.
    """
    draft.check()
    survey, others = _locked(work, survey_id), questions_of(work.session, survey_id)
    _refuse_more(others)
    question = _new(work, survey, draft, position=others[-1].position + 1 if others else 1)
    _note(work, survey, "survey.question_added", question)
    return question


def change_question(work: Work, question_id: int, draft: QuestionDraft) -> SurveyQuestion:
    """Change a question in one language, and return the one that is asked from now on.

    It is another one when the kind changes or a choice loses its place.

    :raises UnusableQuestion: it cannot be asked.
    """
    draft.check()
    question = work.session.get_one(SurveyQuestion, question_id)
    survey = _locked(work, question.survey_id)
    before = QuestionText.from_texts(question.texts.get(draft.language, {}))
    if draft.kind is not question.kind or not _keeps_places(before.choices, draft.text.choices):
        question.archived_at = work.now
        follower = _new(work, survey, draft, position=question.position)
        _note(work, survey, "survey.question_replaced", follower, former_id=question.id)
        return follower
    question.categories = [category.value for category in draft.categories]
    question.texts = question.texts | {draft.language: draft.text.to_texts(question.kind)}
    _note(work, survey, "survey.question_changed", question, language=draft.language)
    return question


def translate_question(work: Work, question_id: int, language: str, text: QuestionText) -> None:
    """Write a question in a further language.

    :raises UnusableQuestion: it cannot be shown, or has not as many choices as the original.
    """
    question = work.session.get_one(SurveyQuestion, question_id)
    survey = _locked(work, question.survey_id)
    original = QuestionText.from_texts(question.texts[own_language(question, survey)])
    if question.kind in KINDS_WITH_CHOICES and len(text.choices) != len(original.choices):
        raise UnusableQuestion(
            "choices",
            f"Write {len(original.choices)} choices, in the same order as the original ones; "
            f"these are {len(text.choices)}.",
        )
    text.check(question.kind)
    question.texts = question.texts | {language: text.to_texts(question.kind)}
    _note(work, survey, "survey.question_translated", question, language=language)


def move_question(work: Work, question_id: int, direction: Direction) -> None:
    """Let a question change places with its neighbour; at the end of the list nothing happens."""
    question = work.session.get_one(SurveyQuestion, question_id)
    survey = _locked(work, question.survey_id)
    order = list(questions_of(work.session, survey.id))
    if question not in order:
        return
    place = order.index(question)
    other = place + (1 if direction is Direction.DOWN else -1)
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    for position, one in enumerate(order, start=1):
        one.position = position
    _note(work, survey, "survey.question_moved", question)


def archive_question(work: Work, question_id: int) -> None:
    """Ask a question no more; its answers stay."""
    question = work.session.get_one(SurveyQuestion, question_id)
    survey = _locked(work, question.survey_id)
    if question.archived_at is None:
        question.archived_at = work.now
        _note(work, survey, "survey.question_archived", question)


def restore_question(work: Work, question_id: int) -> None:
    """Ask an archived question again, after the others.

    :raises UnusableQuestion: there are ten already.
    """
    question = work.session.get_one(SurveyQuestion, question_id)
    survey = _locked(work, question.survey_id)
    if question.archived_at is None:
        return
    others = questions_of(work.session, survey.id)
    _refuse_more(others)
    question.position = others[-1].position + 1 if others else 1
    question.archived_at = None
    _note(work, survey, "survey.question_restored", question)


def _locked(work: Work, survey_id: int) -> Survey:
    # Two owners who add a question at once would else both see nine.
    return work.session.get_one(Survey, survey_id, with_for_update=True)


def _new(work: Work, survey: Survey, draft: QuestionDraft, *, position: int) -> SurveyQuestion:
    question = SurveyQuestion(
        survey_id=survey.id,
        position=position,
        kind=draft.kind,
        categories=[category.value for category in draft.categories],
        texts={draft.language: draft.text.to_texts(draft.kind)},
    )
    work.session.add(question)
    work.session.flush()
    return question


def _note(work: Work, survey: Survey, event: str, question: SurveyQuestion, **facts: Any) -> None:
    survey.version += 1
    record(work, event, survey_id=survey.id, question_id=question.id, **facts)


def _refuse_more(others: Sequence[SurveyQuestion]) -> None:
    if len(others) >= MOST_QUESTIONS:
        raise UnusableQuestion(
            "question", f"There are {MOST_QUESTIONS} questions already. Archive one first."
        )


def _keeps_places(before: Sequence[str], now: Sequence[str]) -> bool:
    """Tell whether every former choice is where it was, as it was or in other words."""
    if len(now) < len(before):
        return False
    places = {choice: place for place, choice in enumerate(now)}
    return all(places.get(choice, place) == place for place, choice in enumerate(before))


def _check_choices(choices: Sequence[str]) -> None:
    if not FEWEST_CHOICES <= len(choices) <= MOST_CHOICES:
        raise UnusableQuestion(
            "choices",
            f"Write {FEWEST_CHOICES} to {MOST_CHOICES} choices, one on each line; "
            f"these are {len(choices)}.",
        )
    if len({choice.casefold() for choice in choices}) < len(choices):
        raise UnusableQuestion("choices", "Two of the choices are the same.")
    for choice in choices:
        _check_line("choices", choice, CHOICE_LENGTH)


def _check_line(field: str, text: str, length: int) -> None:
    if len(text) > length:
        raise UnusableQuestion(
            field, f"“{text[:20]}…” has {len(text)} characters; {length} are possible."
        )
    if not text.isprintable():
        raise UnusableQuestion(field, "This contains a character that cannot be shown.")
