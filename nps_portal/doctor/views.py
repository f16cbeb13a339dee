"""The doctor's lamps as a page of the settings."""

import os

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import owners_only
from nps_portal.accounts.portal_settings import process_settings
from nps_portal.accounts.settings_views import settings_tabs
from nps_portal.doctor.examination import PAGE_SECONDS, examine

blueprint = Blueprint("doctor", __name__)


@blueprint.get("/settings/check-up")
@owners_only
def index() -> ResponseReturnValue:
    """Look at everything that delivery depends on, and show what was found."""
    examination = examine(process_settings(), os.environ, seconds=PAGE_SECONDS)
    return render_template("doctor/index.html", examination=examination, tabs=settings_tabs())
