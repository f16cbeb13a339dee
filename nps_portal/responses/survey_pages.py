"""Pages of survey_pages: not written yet."""

from flask import Blueprint

blueprint = Blueprint("survey_pages", __name__)


@blueprint.get("/s/<token>")
def show(**values: object) -> str:
    """Show the page."""
    return "survey_pages"
