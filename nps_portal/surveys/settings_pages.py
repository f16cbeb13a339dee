"""The pages of a Survey's settings, one matter each."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.languages import LANGUAGES
from nps_portal.foundation.work import unit_of_work
from nps_portal.surveys import commands
from nps_portal.surveys.after_forms import AfterForm, after_form
from nps_portal.surveys.email import Invited
from nps_portal.surveys.email_page import EmailPreview, email_preview
from nps_portal.surveys.forms import CadenceForm
from nps_portal.surveys.models import ReminderMode, Survey
from nps_portal.surveys.queries import logo_of
from nps_portal.surveys.settings_forms import (
    LanguageForm,
    LogoForm,
    LookForm,
    ReminderForm,
)
from nps_portal.surveys.shared_pages import (
    email_or_reason,
    saved,
    settings_page,
    survey_or_404,
)
from nps_portal.surveys.swatches import correction_of, swatches_of
from nps_portal.surveys.text_pages import language_states
from nps_portal.surveys.views import SAMPLE_SCORE, EmailKind

blueprint = Blueprint("survey_settings", __name__)


@blueprint.get("/surveys/<int:survey_id>/look")
@owners_only
def look(survey_id: int) -> ResponseReturnValue:
    """Show the colour and the logo."""
    survey = survey_or_404(survey_id)
    return _look_page(survey, _look_form(survey), LogoForm(formdata=None))


@blueprint.post("/surveys/<int:survey_id>/look")
@owners_only
def save_look(survey_id: int) -> ResponseReturnValue:
    """Store the colour, or the nearest that can be seen, and show how it was corrected."""
    survey = survey_or_404(survey_id)
    form = _look_form(survey)
    if not form.validate_on_submit():
        return _look_page(survey, form, LogoForm(formdata=None)), 422
    colour = form.to_colour(survey.accent_colour)
    with unit_of_work(current_actor()) as work:
        kept = commands.change_accent(work, survey_id, colour)
    flash("Saved." if kept == colour else "The colour is corrected and saved.", "success")
    asked = None if kept == colour else colour.removeprefix("#")
    return redirect(url_for(".look", survey_id=survey_id, asked=asked), 303)


@blueprint.post("/surveys/<int:survey_id>/logo")
@owners_only
def save_logo(survey_id: int) -> ResponseReturnValue:
    """Store a logo."""
    survey = survey_or_404(survey_id)
    form, look_form = LogoForm(), _look_form(survey, is_sent=False)
    if not form.validate_on_submit():
        return _look_page(survey, look_form, form), 422
    try:
        with unit_of_work(current_actor()) as work:
            commands.set_logo(work, survey_id, form.to_data())
    except PortalError as error:
        form.logo.errors = [str(error)]
        return _look_page(survey, look_form, form), 422
    return saved(".look", survey_id, "The logo is saved.")


@blueprint.post("/surveys/<int:survey_id>/logo/removal")
@owners_only
def remove_logo(survey_id: int) -> ResponseReturnValue:
    """Remove the logo."""
    survey_or_404(survey_id)
    with unit_of_work(current_actor()) as work:
        commands.remove_logo(work, survey_id)
    return saved(".look", survey_id, "The logo is removed; the name of your business stands there.")


@blueprint.get("/surveys/<int:survey_id>/languages")
@owners_only
def languages(survey_id: int) -> ResponseReturnValue:
    """Show the languages and how customers are addressed."""
    survey = survey_or_404(survey_id)
    return _languages_page(survey, LanguageForm.of(survey))


@blueprint.post("/surveys/<int:survey_id>/languages")
@owners_only
def save_languages(survey_id: int) -> ResponseReturnValue:
    """Store the language of customers without one, and how customers are addressed."""
    survey = survey_or_404(survey_id)
    form = LanguageForm.of(survey)
    if not form.validate_on_submit():
        return _languages_page(survey, form), 422
    with unit_of_work(current_actor()) as work:
        commands.change_language(work, survey_id, form.to_choice())
    return saved(".languages", survey_id)


@blueprint.get("/surveys/<int:survey_id>/reminder")
@owners_only
def reminder(survey_id: int) -> ResponseReturnValue:
    """Show who is reminded, and the reminder."""
    survey = survey_or_404(survey_id)
    return _reminder_page(survey, ReminderForm.of(survey))


@blueprint.post("/surveys/<int:survey_id>/reminder")
@owners_only
def save_reminder(survey_id: int) -> ResponseReturnValue:
    """Store who is reminded; an anonymous Survey reminds nobody."""
    survey = survey_or_404(survey_id)
    if survey.anonymous:
        abort(404)
    form = ReminderForm.of(survey)
    if not form.validate_on_submit():
        return _reminder_page(survey, form), 422
    with unit_of_work(current_actor()) as work:
        commands.change_reminder(work, survey_id, form.to_rules())
    return saved(".reminder", survey_id)


@blueprint.get("/surveys/<int:survey_id>/cadence")
@owners_only
def cadence(survey_id: int) -> ResponseReturnValue:
    """Show title and cadence."""
    survey = survey_or_404(survey_id)
    return settings_page("surveys/cadence.html", survey, form=CadenceForm(obj=survey))


@blueprint.post("/surveys/<int:survey_id>/cadence")
@owners_only
def save_cadence(survey_id: int) -> ResponseReturnValue:
    """Store title and cadence."""
    survey = survey_or_404(survey_id)
    form = CadenceForm()
    if not form.validate_on_submit():
        return settings_page("surveys/cadence.html", survey, form=form), 422
    with unit_of_work(current_actor()) as work:
        title = " ".join((form.title.data or "").split())
        commands.change_cadence(work, survey_id, title=title, cadence=form.to_cadence())
    return saved(".cadence", survey_id, "Saved. It holds for everybody who is asked from now on.")


@blueprint.get("/surveys/<int:survey_id>/after")
@owners_only
def after(survey_id: int) -> ResponseReturnValue:
    """Show what the thank-you page offers."""
    survey = survey_or_404(survey_id)
    return _after_page(survey, after_form(survey))


@blueprint.post("/surveys/<int:survey_id>/after")
@owners_only
def save_after(survey_id: int) -> ResponseReturnValue:
    """Store what the thank-you page offers."""
    survey = survey_or_404(survey_id)
    form = after_form(survey)
    if not form.validate_on_submit():
        return _after_page(survey, form), 422
    with unit_of_work(current_actor()) as work:
        commands.change_after_answer(work, survey_id, form.to_offers())
    return saved(".after", survey_id)


def _look_form(survey: Survey, *, is_sent: bool = True) -> LookForm:
    colour = survey.accent_colour
    sent = {} if is_sent else {"formdata": None}
    return LookForm(**sent, data={"picked": colour, "accent_colour": colour})


def _look_page(survey: Survey, form: LookForm, logo_form: LogoForm) -> str:
    # Two forms on one page must not share the id of their hidden field.
    logo_form.csrf_token.id = "logo_csrf_token"
    return settings_page(
        "surveys/look.html",
        survey,
        form=form,
        logo_form=logo_form,
        logo=logo_of(reading(), survey.id),
        swatches=swatches_of(survey.accent_colour),
        correction=correction_of(f"#{request.args.get('asked', '')}", survey.accent_colour),
    )


def _languages_page(survey: Survey, form: LanguageForm) -> str:
    return settings_page(
        "surveys/languages.html", survey, form=form, states=language_states(survey)
    )


def _reminder_page(survey: Survey, form: ReminderForm) -> str:
    is_clicked = survey.reminder is ReminderMode.CLICKED or "clicked" in request.args
    kind = EmailKind.REMINDER_CLICKED if is_clicked else EmailKind.REMINDER
    return settings_page(
        "surveys/reminder.html",
        survey,
        form=form,
        preview=_reminder_preview(survey, kind),
        is_clicked=is_clicked,
    )


def _reminder_preview(survey: Survey, kind: EmailKind) -> EmailPreview:
    wording = survey.wording()
    is_clicked = kind is EmailKind.REMINDER_CLICKED
    return email_preview(
        email_or_reason(survey, wording, Invited.REMINDED, SAMPLE_SCORE if is_clicked else ""),
        url_for(
            "surveys.email_in", survey_id=survey.id, kind=kind.value, language=wording.language
        ),
        "survey_settings.reminder",
        {"survey_id": survey.id} | ({"clicked": ""} if is_clicked else {}),
    )


def _after_page(survey: Survey, form: AfterForm) -> str:
    return settings_page("surveys/after.html", survey, form=form, language_count=len(LANGUAGES))
