"""Pages of merging: who is likely there twice, two records side by side, and making them one."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.contacts.list_filters import ContactFilter, ListPlace
from nps_portal.contacts.listing import contact_page
from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import contact_by_id, has_many_contacts
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import unit_of_work
from nps_portal.merges import commands
from nps_portal.merges.finding import MOST_COMPARED, suggestions
from nps_portal.merges.records import side_record

blueprint = Blueprint("merges", __name__)

MOST_FOUND = 20


@blueprint.get("/contacts/duplicates")
def duplicates() -> ResponseReturnValue:
    """Show which records are likely one person."""
    before = request.args.get("before", type=row_id)
    number = request.args.get("page", 1, type=int)
    # Among very many people they are compared when the page is shown already.
    if "whole" not in request.args and has_many_contacts(reading()):
        whole = url_for(".duplicates", page=number, before=before, whole=1)
        return render_template("merges/duplicates.html", most=MOST_COMPARED, whole=whole)
    page = suggestions(reading(), number, before)
    links = page_links(
        page.place, lambda number: url_for(".duplicates", page=number, before=before)
    )
    return render_template(
        "merges/duplicates.html", page=page, links=links, before=before, most=MOST_COMPARED
    )


@blueprint.post("/contacts/duplicates/two-people")
def say_distinct() -> ResponseReturnValue:
    """Remember that two records are of two people."""
    first, second = (_contact(request.form.get(name, 0, type=row_id)) for name in ("one", "other"))
    with unit_of_work(current_actor()) as work:
        commands.say_distinct(work, first.id, second.id)
    flash("Noted: these are two people. They are not suggested again.", "success")
    return redirect(url_for(".duplicates"), 303)


@blueprint.get("/contacts/<int:contact_id>/merge")
def search(contact_id: int) -> ResponseReturnValue:
    """Look for the other record of a person."""
    contact = _contact(contact_id)
    query = " ".join(request.args.get("q", "").replace("\0", "").split())[:200]
    found: list[Contact] = []
    if query:
        now = current_clock().now()
        page = contact_page(reading(), ContactFilter(text=query), ListPlace(), now)
        found = [one for one in page.contacts if one.id != contact_id][:MOST_FOUND]
    return render_template("merges/search.html", contact=contact, query=query, found=found)


@blueprint.get("/contacts/<int:contact_id>/merge/<int:other_id>")
def compare(contact_id: int, other_id: int) -> ResponseReturnValue:
    """Show two records side by side."""
    return _compared(contact_id, other_id)


@blueprint.post("/contacts/<int:contact_id>/merge/<int:other_id>")
def merge(contact_id: int, other_id: int) -> ResponseReturnValue:
    """Make two records one."""
    both = {_contact(contact_id).id, _contact(other_id).id}
    keep_id = request.form.get("keep", 0, type=row_id)
    if keep_id not in both or len(both) != 2:
        return _compared(contact_id, other_id, "Choose which of the two records stays."), 422
    [drop_id] = both - {keep_id}
    try:
        with unit_of_work(current_actor()) as work:
            commands.merge_contacts(work, keep_id, drop_id)
    except PortalError as fault:
        return _compared(contact_id, other_id, str(fault)), 422
    flash("The two records are one now. Everything of the other one is here.", "success")
    return redirect(url_for("contact_pages.show", contact_id=keep_id), 303)


def _compared(contact_id: int, other_id: int, fault: str = "") -> str:
    one, other = _contact(contact_id), _contact(other_id)
    if one.id == other.id:
        abort(404)
    records = [side_record(reading(), contact) for contact in (one, other)]
    return render_template("merges/compare.html", records=records, fault=fault)


def _contact(contact_id: int) -> Contact:
    contact = contact_by_id(reading(), contact_id)
    if contact is None or contact.erased_at is not None or contact.merged_into_id is not None:
        abort(404)
    return contact
