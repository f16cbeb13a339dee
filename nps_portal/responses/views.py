"""Pages of responses: not written yet."""

from flask import Blueprint

blueprint = Blueprint("responses", __name__)


@blueprint.get("/responses")
def index(**values: object) -> str:
    """Show the page."""
    return "responses"
