"""The page of patterns: every component in every state, for those who build pages here."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from nps_portal.accounts.portal_settings import process_settings
from nps_portal.insights.patterns import pattern_context

blueprint = Blueprint("patterns", __name__)


@blueprint.get("/patterns")
def index() -> ResponseReturnValue:
    """Show the patterns on the builder's own machine; a public portal has no such page."""
    if not process_settings().public_url_is_loopback:
        abort(404)
    return render_template("patterns.html", **pattern_context())
