"""The page of one Contact: who they are, what they said, and everything that happened."""

from datetime import datetime

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.contacts.queries import contact_by_id
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.insights.contact_record import contact_record, story_of
from nps_portal.insights.timeline import import_id_of

blueprint = Blueprint("contact_pages", __name__)


@blueprint.get("/contacts/<int:contact_id>")
def show(contact_id: int) -> ResponseReturnValue:
    """Show the record of a Contact, or an older stretch of the timeline alone."""
    contact = contact_by_id(reading(), contact_id) or abort(404)
    until = _instant(request.args.get("until", ""))
    story = story_of(reading(), contact_id, url_for, until)
    if until is not None:
        return render_template("insights/contact_story.html", contact=contact, story=story)
    return render_template(
        "insights/contact.html",
        record=contact_record(reading(), contact, current_clock().now(), story),
        contact=contact,
        import_id=import_id_of(contact.source),
    )


def _instant(written: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at if at.tzinfo else None
