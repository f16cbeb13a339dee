"""The pages of a Survey's further questions."""

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.foundation.database import reading
from nps_portal.foundation.languages import BY_CODE, LANGUAGES, best_language
from nps_portal.foundation.work import unit_of_work
from nps_portal.nps import Category
from nps_portal.surveys import questions
from nps_portal.surveys.models import Survey, SurveyQuestion
from nps_portal.surveys.queries import archived_questions, question_by_id, questions_of
from nps_portal.surveys.question_forms import (
    KIND_WORDS,
    QuestionForm,
    QuestionTextForm,
    question_form,
    translation_form,
)
from nps_portal.surveys.questions import (
    KINDS_WITH_CHOICES,
    MOST_QUESTIONS,
    Direction,
    QuestionText,
    UnusableQuestion,
    own_language,
)
from nps_portal.surveys.shared_pages import saved, settings_page, survey_or_404

blueprint = Blueprint("survey_questions", __name__)


@dataclass(frozen=True, kw_only=True)
class QuestionRow:
    """A question as the list shows it; `lacking` are languages in which choices are missing."""

    id: int
    text: str
    kind: str
    asked: str
    languages: str
    lacking: str


@blueprint.get("/surveys/<int:survey_id>/questions")
@owners_only
def index(survey_id: int) -> ResponseReturnValue:
    """Show the further questions in their order, and the archived ones."""
    survey = survey_or_404(survey_id)
    asked = questions_of(reading(), survey_id)
    return settings_page(
        "surveys/questions.html",
        survey,
        rows=[_row(question, survey) for question in asked],
        archived=[_row(question, survey) for question in archived_questions(reading(), survey_id)],
        most=MOST_QUESTIONS,
    )


@blueprint.get("/surveys/<int:survey_id>/questions/new")
@owners_only
def new(survey_id: int) -> ResponseReturnValue:
    """Show the form of a new question."""
    return _form_page(survey_or_404(survey_id), None, QuestionForm())


@blueprint.post("/surveys/<int:survey_id>/questions")
@owners_only
def create(survey_id: int) -> ResponseReturnValue:
    """Add a question."""
    survey, form = survey_or_404(survey_id), QuestionForm()
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as work:
                questions.add_question(work, survey_id, form.to_draft(survey.language))
            return saved(".index", survey_id, "The question is added.")
        except UnusableQuestion as fault:
            form.blame(fault)
    return _form_page(survey, None, form), 422


@blueprint.get("/surveys/<int:survey_id>/questions/<int:question_id>")
@owners_only
def edit(survey_id: int, question_id: int) -> ResponseReturnValue:
    """Show the form of a question, in its own or in another language."""
    survey = survey_or_404(survey_id)
    question = _question_or_404(survey_id, question_id)
    language = _language(question, survey)
    if language == own_language(question, survey):
        return _form_page(survey, question, question_form(question, language))
    return _translation_page(survey, question, language, translation_form(question, language))


@blueprint.post("/surveys/<int:survey_id>/questions/<int:question_id>")
@owners_only
def update(survey_id: int, question_id: int) -> ResponseReturnValue:
    """Change a question, in its own or in another language."""
    survey = survey_or_404(survey_id)
    question = _question_or_404(survey_id, question_id)
    language = _language(question, survey)
    if language != own_language(question, survey):
        return _translate(survey, question, language)
    form = question_form(question, language)
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as work:
                draft = form.to_draft(language)
                now_asked = questions.change_question(work, question_id, draft)
            return _changed(survey_id, is_another=now_asked.id != question_id)
        except UnusableQuestion as fault:
            form.blame(fault)
    return _form_page(survey, question, form), 422


@blueprint.post("/surveys/<int:survey_id>/questions/<int:question_id>/<direction>")
@owners_only
def move(survey_id: int, question_id: int, direction: str) -> ResponseReturnValue:
    """Move a question up or down."""
    _question_or_404(survey_id, question_id)
    if direction not in {known.value for known in Direction}:
        abort(404)
    with unit_of_work(current_actor()) as work:
        questions.move_question(work, question_id, Direction(direction))
    return redirect(url_for(".index", survey_id=survey_id), 303)


@blueprint.post("/surveys/<int:survey_id>/questions/<int:question_id>/archive")
@owners_only
def archive(survey_id: int, question_id: int) -> ResponseReturnValue:
    """Ask a question no more."""
    _question_or_404(survey_id, question_id)
    with unit_of_work(current_actor()) as work:
        questions.archive_question(work, question_id)
    return saved(".index", survey_id, "The question is archived; its answers stay.")


@blueprint.post("/surveys/<int:survey_id>/questions/<int:question_id>/return")
@owners_only
def restore(survey_id: int, question_id: int) -> ResponseReturnValue:
    """Ask an archived question again."""
    _question_or_404(survey_id, question_id)
    try:
        with unit_of_work(current_actor()) as work:
            questions.restore_question(work, question_id)
        flash("The question is asked again.", "success")
    except UnusableQuestion as fault:
        flash(str(fault), "error")
    return redirect(url_for(".index", survey_id=survey_id), 303)


def _question_or_404(survey_id: int, question_id: int) -> SurveyQuestion:
    return question_by_id(reading(), survey_id, question_id) or abort(404)


def _language(question: SurveyQuestion, survey: Survey) -> str:
    wanted = request.args.get("language")
    return best_language(wanted) if wanted else own_language(question, survey)


def _translate(survey: Survey, question: SurveyQuestion, language: str) -> ResponseReturnValue:
    form = translation_form(question, language)
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as work:
                questions.translate_question(work, question.id, language, form.to_text())
            return saved(".index", survey.id)
        except UnusableQuestion as fault:
            form.blame(fault)
    return _translation_page(survey, question, language, form), 422


def _changed(survey_id: int, *, is_another: bool) -> ResponseReturnValue:
    if is_another:
        return saved(
            ".index",
            survey_id,
            "Saved as a new question, because its answers mean something else now. The former one "
            "is archived with its answers. Write the new one in your other languages, too.",
        )
    return saved(".index", survey_id)


def _row(question: SurveyQuestion, survey: Survey) -> QuestionRow:
    own = own_language(question, survey)
    texts = {code: QuestionText.from_texts(texts) for code, texts in question.texts.items()}
    needed = len(texts[own].choices)
    categories = [category for category in Category if category.value in question.categories]
    return QuestionRow(
        id=question.id,
        text=texts[own].question,
        kind=KIND_WORDS[question.kind],
        asked="everybody"
        if len(categories) == len(Category)
        else " and ".join(f"{category.value}s" for category in reversed(categories)),
        languages=_names([own, *sorted(texts.keys() - {own})]),
        lacking=_names(sorted(code for code in texts if len(texts[code].choices) < needed)),
    )


def _names(codes: list[str]) -> str:
    return ", ".join(BY_CODE[code].own_name if code in BY_CODE else code for code in codes)


def _form_page(survey: Survey, question: SurveyQuestion | None, form: QuestionForm) -> str:
    language = own_language(question, survey) if question else best_language(survey.language)
    return settings_page(
        "surveys/question.html",
        survey,
        form=form,
        question=question,
        language=BY_CODE[language],
        languages=LANGUAGES,
    )


def _translation_page(
    survey: Survey, question: SurveyQuestion, language: str, form: QuestionTextForm
) -> str:
    own = own_language(question, survey)
    return settings_page(
        "surveys/question_translation.html",
        survey,
        form=form,
        question=question,
        original=QuestionText.from_texts(question.texts[own]),
        own=BY_CODE[own],
        has_choices=question.kind in KINDS_WITH_CHOICES,
        language=BY_CODE[language],
        languages=LANGUAGES,
    )
