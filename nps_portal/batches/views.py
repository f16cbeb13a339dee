"""Pages of batches: not written yet."""

from flask import Blueprint

blueprint = Blueprint("batches", __name__)


@blueprint.get("/batches")
def index(**values: object) -> str:
    """Show the page."""
    return "batches"
