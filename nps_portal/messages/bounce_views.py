"""The bounce desk: why an email came back, the corrected address, and asking again."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.contacts.commands import ContactExists, edit_contact
from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import contact_by_id
from nps_portal.contacts.suppressions import lift_suppression
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.work import unit_of_work
from nps_portal.messages.bounce_queries import Desk, Trouble, bounce_desk
from nps_portal.messages.forms import AddressForm

blueprint = Blueprint("bounces", __name__)


@blueprint.get("/messages/came-back")
def index() -> str:
    """Show whose address or last email needs a person."""
    trouble = {one.value: one for one in Trouble}.get(request.args.get("kind", ""))
    desk = bounce_desk(reading(), trouble, request.args.get("page", 1, type=int))
    kind = trouble.value if trouble else None
    return render_template(
        "messages/came_back.html",
        desk=desk,
        trouble=trouble,
        kinds=_choices(desk),
        links=page_links(desk.place, lambda page: url_for(".index", kind=kind, page=page)),
    )


@blueprint.get("/messages/came-back/<int:contact_id>/address")
@owners_only
def edit(contact_id: int) -> ResponseReturnValue:
    """Show the form for a better address."""
    return _form_page(AddressForm(_contact(contact_id)))


@blueprint.post("/messages/came-back/<int:contact_id>/address")
@owners_only
def update(contact_id: int) -> ResponseReturnValue:
    """Correct an address, and lead on to asking again when that was pressed."""
    contact = _contact(contact_id)
    form = AddressForm(contact)
    if not form.validate_on_submit():
        return _form_page(form), 422
    try:
        with unit_of_work(current_actor()) as work:
            edit_contact(work, contact_id, form.to_details())
    except ContactExists as fault:
        form.email.errors = [str(fault)]
        return _form_page(form), 422
    flash(f"The address of {contact.shown_name} is corrected.", "success")
    if "ask" in request.form:
        return redirect(url_for("batches.new", contact_ids=contact_id), 303)
    return redirect(url_for(".index"), 303)


@blueprint.post("/messages/came-back/<int:contact_id>/recovery")
@owners_only
def recover(contact_id: int) -> ResponseReturnValue:
    """Let an address that works again be mailed."""
    contact = _contact(contact_id)
    try:
        with unit_of_work(current_actor()) as work:
            lift_suppression(work, contact.email_key, contact_id=contact_id)
    except PortalError as fault:
        flash(str(fault), "error")
    else:
        flash(f"{contact.email} may be mailed again.", "success")
    return redirect(url_for(".index"), 303)


def _choices(desk: Desk) -> list[tuple[str, str]]:
    """Return the kinds that there are, each with its number of people."""
    kinds = [(one.value, f"{one.words} ({count:,})") for one, count in desk.counts.items()]
    return [("", f"Every kind ({sum(desk.counts.values()):,})"), *sorted(kinds)]


def _contact(contact_id: int) -> Contact:
    return contact_by_id(reading(), contact_id) or abort(404)


def _form_page(form: AddressForm) -> str:
    return render_template("messages/address.html", form=form, contact=form.contact)
