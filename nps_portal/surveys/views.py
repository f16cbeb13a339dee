"""Pages of surveys: the list, one Survey, and its emails as customers see them."""

import enum

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.database import reading
from nps_portal.foundation.languages import BY_CODE
from nps_portal.foundation.work import unit_of_work
from nps_portal.surveys.commands import create_survey, ensure_default_survey
from nps_portal.surveys.email import Invited
from nps_portal.surveys.email_page import email_preview, framed
from nps_portal.surveys.forms import NewSurveyForm
from nps_portal.surveys.queries import all_surveys, logo_of, questions_of
from nps_portal.surveys.shared_pages import (
    email_or_reason,
    settings_page,
    survey_or_404,
)

blueprint = Blueprint("surveys", __name__)

# What stands in the preview for the number that a customer chose and did not send.
SAMPLE_SCORE = "8"


class EmailKind(enum.Enum):
    """Which email is looked at: the first one, or its reminder to one of two kinds of people."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    REMINDER_CLICKED = "reminder-clicked"


@blueprint.get("/surveys")
def index() -> str:
    """Show the surveys."""
    return render_template(
        "surveys/index.html",
        surveys=all_surveys(reading()),
        business=portal_settings(reading()).business_name or "your business",
    )


@blueprint.post("/surveys")
@owners_only
def create() -> ResponseReturnValue:
    """Make the ready-made Survey where there is none."""
    with unit_of_work(current_actor()) as work:
        survey = ensure_default_survey(work)
    return redirect(url_for("surveys.show", survey_id=survey.id), 303)


@blueprint.get("/surveys/new")
@owners_only
def new() -> str:
    """Show the form of a new Survey."""
    return render_template("surveys/new.html", form=NewSurveyForm(formdata=None))


@blueprint.post("/surveys/new")
@owners_only
def create_another() -> ResponseReturnValue:
    """Make a Survey with the ready-made texts."""
    form = NewSurveyForm()
    if not form.validate_on_submit():
        return render_template("surveys/new.html", form=form), 422
    with unit_of_work(current_actor()) as work:
        survey = create_survey(work, form.to_title(), anonymous=form.anonymous.data)
    return redirect(url_for("surveys.show", survey_id=survey.id), 303)


@blueprint.get("/surveys/<int:survey_id>")
def show(survey_id: int) -> str:
    """Show a Survey with its email."""
    survey = survey_or_404(survey_id)
    preview = email_preview(
        email_or_reason(survey, survey.wording()),
        url_for("surveys.email", survey_id=survey.id),
        "surveys.show",
        {"survey_id": survey.id},
    )
    return settings_page(
        "surveys/show.html",
        survey,
        preview=preview,
        language=BY_CODE[survey.wording().language],
        logo=logo_of(reading(), survey.id),
        question_count=len(questions_of(reading(), survey.id)),
    )


@blueprint.get("/surveys/<int:survey_id>/email")
def email(survey_id: int) -> Response:
    """Show the email alone, for a frame."""
    survey = survey_or_404(survey_id)
    return framed(email_or_reason(survey, survey.wording()).html)


@blueprint.get("/surveys/<int:survey_id>/email/<kind>/<language>")
def email_in(survey_id: int, kind: str, language: str) -> Response:
    """Show the email or its reminder in a language, alone, for a frame."""
    survey = survey_or_404(survey_id)
    if kind not in {known.value for known in EmailKind}:
        abort(404)
    wanted = EmailKind(kind)
    invited = Invited.FIRST if wanted is EmailKind.INVITATION else Invited.REMINDED
    score = SAMPLE_SCORE if wanted is EmailKind.REMINDER_CLICKED else ""
    return framed(email_or_reason(survey, survey.wording(language), invited, score).html)
