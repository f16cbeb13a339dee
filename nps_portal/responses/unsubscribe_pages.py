"""Pages of unsubscribe_pages: not written yet."""

from flask import Blueprint

blueprint = Blueprint("unsubscribe_pages", __name__)


@blueprint.get("/u/<token>")
def show(**values: object) -> str:
    """Show the page."""
    return "unsubscribe_pages"
