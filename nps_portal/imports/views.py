"""Pages of imports: not written yet."""

from flask import Blueprint

blueprint = Blueprint("imports", __name__)


@blueprint.get("/contacts/imports")
def index(**values: object) -> str:
    """Show the page."""
    return "imports"
