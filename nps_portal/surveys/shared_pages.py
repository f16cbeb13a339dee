"""What the pages of a Survey share: the Survey of the address, the tabs, the way back."""

from dataclasses import dataclass

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import visitor
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.surveys.email import Invited
from nps_portal.surveys.email_page import PreviewedEmail, previewed
from nps_portal.surveys.models import Survey
from nps_portal.surveys.queries import survey_by_id
from nps_portal.surveys.wording import Wording

SAVED = "Saved."

_TABS = (
    ("Survey", "surveys.show"),
    ("Texts", "survey_texts.edit"),
    ("Look", "survey_settings.look"),
    ("Questions", "survey_questions.index"),
    ("Languages", "survey_settings.languages"),
    ("Afterwards", "survey_settings.after"),
    ("Reminder", "survey_settings.reminder"),
    ("How often", "survey_settings.cadence"),
    ("Counting", "counting.edit"),
    ("Link, tablet, website", "door_settings.show"),
)


@dataclass(frozen=True, kw_only=True)
class SurveyTab:
    """One page of a Survey's settings."""

    label: str
    url: str
    current: bool


def survey_or_404(survey_id: int) -> Survey:
    """Return the Survey of an address, or end with 404."""
    return survey_by_id(reading(), survey_id) or abort(404)


def survey_tabs(survey: Survey) -> list[SurveyTab]:
    """Return the pages of a Survey's settings, in every room; only owners have more than one."""
    return [
        SurveyTab(
            label=label,
            url=url_for(endpoint, survey_id=survey.id),
            current=_is_current(endpoint),
        )
        for label, endpoint in _TABS
        if visitor().is_owner and endpoint.split(".")[0] in current_app.blueprints
    ]


def settings_page(template: str, survey: Survey, **values: object) -> str:
    """Return a page of a Survey's settings."""
    return render_template(template, survey=survey, tabs=survey_tabs(survey), **values)


def saved(endpoint: str, survey_id: int, message: str = SAVED) -> ResponseReturnValue:
    """Say that something was saved, and lead back to its page."""
    flash(message, "success")
    return redirect(url_for(endpoint, survey_id=survey_id), 303)


def email_or_reason(
    survey: Survey, wording: Wording, kind: Invited = Invited.FIRST, score: str = ""
) -> PreviewedEmail:
    """Return a Survey's email, or the reason why it cannot be shown in its place."""
    try:
        return previewed(wording, portal_settings(reading()), survey, kind, score)
    except PortalError as error:
        page = render_template("surveys/email_faults.html", reason=str(error))
        return PreviewedEmail(subject="", html=page, text=str(error))


def _is_current(endpoint: str) -> bool:
    asked, _, page = (request.endpoint or "").partition(".")
    room, _, own = endpoint.partition(".")
    # A blueprint of one matter has several pages under its one tab.
    return asked == room and (page == own or room not in {"surveys", "survey_settings"})
