"""Pages of surveys: their texts, how often they are asked, and their email as customers see it."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import MERGE_FIELDS
from nps_portal.foundation.work import unit_of_work
from nps_portal.surveys.commands import change_cadence, change_wording, ensure_default_survey
from nps_portal.surveys.email_page import (
    EmailPreview,
    PreviewedEmail,
    email_preview,
    framed,
    previewed,
)
from nps_portal.surveys.forms import CadenceForm, wording_form
from nps_portal.surveys.models import Survey
from nps_portal.surveys.queries import all_surveys, survey_by_id

blueprint = Blueprint("surveys", __name__)

FIELD_HELP = (
    ("{{ first_name }}", "The customer's first name"),
    ("{{ name }}", "Their whole name"),
    ("{{ company }}", "Their company"),
    ("{{ business }}", "Your business's name"),
)


@blueprint.get("/surveys")
def index() -> str:
    """Show the surveys."""
    return render_template("surveys/index.html", surveys=all_surveys(reading()))


@blueprint.post("/surveys")
@owners_only
def create() -> ResponseReturnValue:
    """Make the ready-made Survey where there is none."""
    with unit_of_work(current_actor()) as work:
        survey = ensure_default_survey(work)
    return redirect(url_for("surveys.show", survey_id=survey.id), 303)


@blueprint.get("/surveys/<int:survey_id>")
def show(survey_id: int) -> str:
    """Show a Survey with its email."""
    survey = _survey_or_404(survey_id)
    return render_template("surveys/show.html", survey=survey, preview=_preview(survey, "show"))


@blueprint.get("/surveys/<int:survey_id>/edit")
@owners_only
def edit(survey_id: int) -> ResponseReturnValue:
    """Show the form of the texts."""
    survey = _survey_or_404(survey_id)
    return _edit_page(survey, wording_form(survey))


@blueprint.post("/surveys/<int:survey_id>/edit")
@owners_only
def update(survey_id: int) -> ResponseReturnValue:
    """Replace the texts."""
    survey = _survey_or_404(survey_id)
    form = wording_form(survey)
    if not form.validate_on_submit():
        return _edit_page(survey, form), 422
    with unit_of_work(current_actor()) as work:
        change_wording(work, survey_id, form.to_wording())
    flash("The texts are saved. Sends that were decided before keep theirs.", "success")
    return redirect(url_for("surveys.show", survey_id=survey_id), 303)


@blueprint.get("/surveys/<int:survey_id>/cadence")
@owners_only
def cadence(survey_id: int) -> ResponseReturnValue:
    """Show the form of title and cadence."""
    survey = _survey_or_404(survey_id)
    return render_template("surveys/cadence.html", survey=survey, form=CadenceForm(obj=survey))


@blueprint.post("/surveys/<int:survey_id>/cadence")
@owners_only
def change_how_often(survey_id: int) -> ResponseReturnValue:
    """Change title and cadence."""
    survey = _survey_or_404(survey_id)
    form = CadenceForm()
    if not form.validate_on_submit():
        return render_template("surveys/cadence.html", survey=survey, form=form), 422
    with unit_of_work(current_actor()) as work:
        title = " ".join((form.title.data or "").split())
        change_cadence(work, survey_id, title=title, cadence=form.to_cadence())
    flash("Saved. It holds for everybody who is asked from now on.", "success")
    return redirect(url_for("surveys.show", survey_id=survey_id), 303)


@blueprint.get("/surveys/<int:survey_id>/email")
def email(survey_id: int) -> Response:
    """Show the email alone, for a frame."""
    survey = _survey_or_404(survey_id)
    return framed(_previewed_or_reason(survey).html)


@blueprint.post("/surveys/<int:survey_id>/email")
@owners_only
def unsaved_email(survey_id: int) -> ResponseReturnValue:
    """Show the email that the texts of a form would make, for a frame; nothing is saved."""
    form = wording_form(_survey_or_404(survey_id))
    if not form.validate_on_submit():
        page = render_template("surveys/email_faults.html", form=form)
        return framed(page), 422
    return framed(previewed(form.to_wording(), portal_settings(reading())).html)


def _edit_page(survey: Survey, form: object) -> str:
    return render_template(
        "surveys/edit.html",
        survey=survey,
        form=form,
        preview=_preview(survey, "edit"),
        field_help=[pair for pair in FIELD_HELP if pair[0].strip("{} ") in MERGE_FIELDS],
    )


def _preview(survey: Survey, page: str) -> EmailPreview:
    return email_preview(
        _previewed_or_reason(survey),
        url_for("surveys.email", survey_id=survey.id),
        f"surveys.{page}",
        {"survey_id": survey.id},
    )


def _previewed_or_reason(survey: Survey) -> PreviewedEmail:
    """Return the email, or the reason why it cannot be shown in its place."""
    try:
        return previewed(survey.wording(), portal_settings(reading()))
    except PortalError as error:
        page = render_template("surveys/email_faults.html", reason=str(error))
        return PreviewedEmail(subject="", html=page, text=str(error))


def _survey_or_404(survey_id: int) -> Survey:
    return survey_by_id(reading(), survey_id) or abort(404)
