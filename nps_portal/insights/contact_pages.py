"""The page of one Contact: who they are, what they said, and everything that happened."""

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue

from nps_portal.contacts.queries import contact_by_id
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.insights.contact_record import contact_record
from nps_portal.insights.timeline import import_id_of

blueprint = Blueprint("contact_pages", __name__)


@blueprint.get("/contacts/<int:contact_id>")
def show(contact_id: int) -> ResponseReturnValue:
    """Show the record of a Contact."""
    contact = contact_by_id(reading(), contact_id) or abort(404)
    return render_template(
        "insights/contact.html",
        record=contact_record(reading(), contact, current_clock().now(), url_for),
        contact=contact,
        import_id=import_id_of(contact.source),
    )
