"""Pages of contacts: not written yet."""

from flask import Blueprint

blueprint = Blueprint("contacts", __name__)


@blueprint.get("/contacts")
def index(**values: object) -> str:
    """Show the page."""
    return "contacts"
