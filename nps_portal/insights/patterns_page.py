"""Pages of patterns: not written yet."""

from flask import Blueprint

blueprint = Blueprint("patterns", __name__)


@blueprint.get("/patterns")
def index(**values: object) -> str:
    """Show the page."""
    return "patterns"
