"""The forms of a further question: in its own language, and in another."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from nps_portal.accounts.forms import on_one_line
from nps_portal.nps import Category
from nps_portal.surveys.models import QuestionKind, SurveyQuestion
from nps_portal.surveys.questions import (
    MOST_CHOICES,
    QuestionDraft,
    QuestionText,
    UnusableQuestion,
)
from nps_portal.surveys.text_rules import BUTTON_LENGTH, LINE_LENGTH

KIND_WORDS = {
    QuestionKind.LINE: "A line of text",
    QuestionKind.TEXT: "A longer text",
    QuestionKind.CHOICE: "One of several choices",
    QuestionKind.SEVERAL: "As many choices as they like",
    QuestionKind.SCALE: "A number from 0 to 10",
}
CATEGORY_WORDS = {
    Category.PROMOTER: "Promoters, 9 and 10",
    Category.PASSIVE: "Passives, 7 and 8",
    Category.DETRACTOR: "Detractors, 0 to 6",
}


class QuestionTextForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A question's words in one language."""

    question = StringField(
        "Question",
        [InputRequired("Write the question.")],
        [on_one_line],
        render_kw={"maxlength": LINE_LENGTH},
    )
    choices = TextAreaField(
        "Choices",
        description=f"One on each line, 2 to {MOST_CHOICES}.",
        render_kw={"rows": 5},
    )
    low = StringField("Words beside 0", [], [on_one_line], render_kw={"maxlength": BUTTON_LENGTH})
    high = StringField("Words beside 10", [], [on_one_line], render_kw={"maxlength": BUTTON_LENGTH})

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        # Where they are asked for at all, the page must not call them optional.
        self.choices.flags.required = True

    def to_text(self) -> QuestionText:
        """Return what the fields hold."""
        lines = (" ".join(line.split()) for line in (self.choices.data or "").splitlines())
        return QuestionText(
            question=self.question.data or "",
            choices=tuple(line for line in lines if line),
            low=self.low.data or "",
            high=self.high.data or "",
        )

    def blame(self, fault: UnusableQuestion) -> None:
        """Put a fault beside its field."""
        self[fault.field].errors = [str(fault)]


class QuestionForm(QuestionTextForm):
    """A question with its kind and who is asked, in its own language."""

    kind = RadioField(
        "How it is answered",
        [InputRequired("Choose one.")],
        choices=[SelectChoice(kind.value, words) for kind, words in KIND_WORDS.items()],
        default=QuestionKind.LINE.value,
    )
    categories = SelectMultipleField(
        "Who is asked",
        [InputRequired("Choose who is asked.")],
        choices=[SelectChoice(category.value, words) for category, words in CATEGORY_WORDS.items()],
        default=[category.value for category in CATEGORY_WORDS],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def to_draft(self, language: str) -> QuestionDraft:
        """Return the question that the fields hold, written in a language."""
        return QuestionDraft(
            kind=QuestionKind(self.kind.data),
            categories=[Category(value) for value in self.categories.data or ()],
            language=language,
            text=self.to_text(),
        )


def question_form(question: SurveyQuestion, language: str) -> QuestionForm:
    """Return the form of a question in its own language."""
    return QuestionForm(
        data=_words(question, language)
        | {"kind": question.kind.value, "categories": question.categories}
    )


def translation_form(question: SurveyQuestion, language: str) -> QuestionTextForm:
    """Return the form of a question in another language."""
    return QuestionTextForm(data=_words(question, language))


def _words(question: SurveyQuestion, language: str) -> dict[str, object]:
    text = QuestionText.from_texts(question.texts.get(language, {}))
    return {
        "question": text.question,
        "choices": "\n".join(text.choices),
        "low": text.low,
        "high": text.high,
    }
