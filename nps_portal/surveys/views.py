"""Pages of surveys: not written yet."""

from flask import Blueprint

blueprint = Blueprint("surveys", __name__)


@blueprint.get("/surveys")
def index(**values: object) -> str:
    """Show the page."""
    return "surveys"
