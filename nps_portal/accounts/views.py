"""Pages of accounts: not written yet."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/sign-in")
def sign_in(**values: object) -> str:
    """Show the page."""
    return "accounts"


@blueprint.get("/set-up")
def set_up(**values: object) -> str:
    """Show the page."""
    return "accounts"


@blueprint.post("/sign-out")
def sign_out() -> str:
    """Sign out."""
    return ""
