"""Pages of overview: not written yet."""

from flask import Blueprint

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
def index(**values: object) -> str:
    """Show the page."""
    return "overview"
