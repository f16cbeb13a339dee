"""Pages of mailbox: not written yet."""

from flask import Blueprint

blueprint = Blueprint("mailbox", __name__)


@blueprint.get("/mailbox")
def index(**values: object) -> str:
    """Show the page."""
    return "mailbox"


def is_open() -> bool:
    """Tell."""
    return True
