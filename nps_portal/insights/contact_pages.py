"""Pages of contact_pages: not written yet."""

from flask import Blueprint

blueprint = Blueprint("contact_pages", __name__)


@blueprint.get("/contacts/<int:contact_id>")
def show(**values: object) -> str:
    """Show the page."""
    return "contact_pages"
