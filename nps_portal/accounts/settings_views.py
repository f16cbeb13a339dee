"""Pages of settings: not written yet."""

from flask import Blueprint

blueprint = Blueprint("settings", __name__)


@blueprint.get("/settings")
def index(**values: object) -> str:
    """Show the page."""
    return "settings"
