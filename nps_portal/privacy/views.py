"""Erasing a person who has asked the owner for it."""

from flask import Blueprint, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.contacts.queries import contact_by_id
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import unit_of_work
from nps_portal.privacy.commands import erase_contact

blueprint = Blueprint("privacy", __name__)


@blueprint.post("/contacts/<int:contact_id>/erasure")
@owners_only
def erase(contact_id: int) -> ResponseReturnValue:
    """Erase a person for good."""
    if contact_by_id(reading(), contact_id) is None:
        abort(404)
    with unit_of_work(current_actor()) as work:
        erase_contact(work, contact_id)
    return redirect(url_for("contact_pages.show", contact_id=contact_id), 303)
