"""Pages of outbox: not written yet."""

from flask import Blueprint

blueprint = Blueprint("outbox", __name__)


@blueprint.get("/messages")
def index(**values: object) -> str:
    """Show the page."""
    return "outbox"
