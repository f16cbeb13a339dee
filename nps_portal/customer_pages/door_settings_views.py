"""The page of a Survey's other doors: their addresses, the QR code, the website's snippet."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.customer_pages.door_settings import (
    kiosk_url,
    link_url,
    qr_png,
    qr_svg,
    renew_widget_secret,
    widget_snippet,
)
from nps_portal.foundation.database import reading
from nps_portal.foundation.languages import BY_CODE
from nps_portal.foundation.work import unit_of_work
from nps_portal.surveys.commands import open_doors
from nps_portal.surveys.models import Survey, SurveyState
from nps_portal.surveys.settings_forms import DoorsForm
from nps_portal.surveys.shared_pages import saved, settings_page, survey_or_404

blueprint = Blueprint("door_settings", __name__)


@blueprint.get("/surveys/<int:survey_id>/doors")
def show(survey_id: int) -> str:
    """Show where the doors are."""
    survey = survey_or_404(survey_id)
    return _page(survey, DoorsForm(obj=survey))


@blueprint.post("/surveys/<int:survey_id>/doors")
@owners_only
def change(survey_id: int) -> ResponseReturnValue:
    """Open and close the doors."""
    survey, form = survey_or_404(survey_id), DoorsForm()
    if not form.validate_on_submit():
        return _page(survey, form), 422
    with unit_of_work(current_actor()) as work:
        open_doors(work, survey_id, form.to_doors())
    return saved(".show", survey_id)


@blueprint.post("/surveys/<int:survey_id>/doors/secret")
@owners_only
def renew_secret(survey_id: int) -> ResponseReturnValue:
    """Make the website's secret anew."""
    survey_or_404(survey_id)
    with unit_of_work(current_actor()) as work:
        renew_widget_secret(work, survey_id)
    flash("There is a new secret. Seals made with the former one count no more.", "success")
    return redirect(url_for(".show", survey_id=survey_id, _anchor="secret"), 303)


@blueprint.get("/surveys/<int:survey_id>/doors/qr.svg")
def svg(survey_id: int) -> Response:
    """Give the QR code as a drawing."""
    survey = survey_or_404(survey_id)
    return _file(qr_svg(_link(survey)), "image/svg+xml", f"{survey.name}.svg")


@blueprint.get("/surveys/<int:survey_id>/doors/qr.png")
def png(survey_id: int) -> Response:
    """Give the QR code as a picture."""
    survey = survey_or_404(survey_id)
    return _file(qr_png(_link(survey)), "image/png", f"{survey.name}.png")


@blueprint.get("/surveys/<int:survey_id>/doors/sheet")
def sheet(survey_id: int) -> str:
    """Show a sheet to print and to put beside the till."""
    survey = survey_or_404(survey_id)
    language = request.args.get("lang", "")
    business = portal_settings(reading()).business_name
    words = survey.wording(language if language in BY_CODE else "").filled({"business": business})
    return render_template(
        "customer_pages/doors_sheet.html",
        survey=survey,
        words=words,
        business=business,
        link_url=_link(survey),
    )


def _page(survey: Survey, form: DoorsForm) -> str:
    process = process_settings()
    return settings_page(
        "customer_pages/doors.html",
        survey,
        form=form,
        is_active=survey.state is SurveyState.ACTIVE,
        is_local=process.public_url_is_loopback,
        is_plain=process.public_url.startswith("http://"),
        link_url=link_url(process.public_url, survey.name),
        kiosk_url=kiosk_url(process.public_url, survey.name),
        snippet=widget_snippet(process.public_url, survey.name),
    )


def _link(survey: Survey) -> str:
    return link_url(process_settings().public_url, survey.name)


def _file(body: bytes, content_type: str, name: str) -> Response:
    """Return a picture; with ?download it is saved instead of shown."""
    response = Response(body, content_type=content_type)
    if "download" in request.args:
        response.headers["Content-Disposition"] = f'attachment; filename="survey-{name}"'
    return response
