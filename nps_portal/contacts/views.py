"""Pages of contacts: the list, adding, editing, removing and bringing back."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.contacts import commands, queries
from nps_portal.contacts.forms import ContactForm
from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import ContactFilter, ContactGroup
from nps_portal.foundation.database import reading
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("contacts", __name__)

GROUPS = (
    ("", "All contacts"),
    (ContactGroup.SUPPRESSED.value, "Not to be mailed"),
    (ContactGroup.REMOVED.value, "Removed"),
)


@blueprint.get("/contacts")
def index() -> ResponseReturnValue:
    """Show the contacts."""
    wanted = _filter()
    page = queries.contact_page(reading(), wanted)
    return render_template(
        "contacts/index.html",
        page=page,
        links=page_links(page.place, _url_of_page),
        wanted=wanted,
        groups=GROUPS,
        none_at_all=not page.place.total and wanted == ContactFilter(),
        removed=_just_removed(),
    )


@blueprint.get("/contacts/new")
def new() -> ResponseReturnValue:
    """Show the form for a new Contact."""
    return _form_page(ContactForm(), None)


@blueprint.post("/contacts")
def create() -> ResponseReturnValue:
    """Add a Contact."""
    form = ContactForm()
    if not form.validate_on_submit():
        return _form_page(form, None), 422
    try:
        with unit_of_work(current_actor()) as work:
            contact = commands.add_contact(work, form.to_details(), source="by hand")
    except commands.ContactExists as fault:
        return _taken(form, None, fault)
    return redirect(url_for("contact_pages.show", contact_id=contact.id), 303)


@blueprint.get("/contacts/<int:contact_id>/edit")
def edit(contact_id: int) -> ResponseReturnValue:
    """Show the form of a Contact."""
    contact = _contact(contact_id)
    return _form_page(ContactForm(contact), contact)


@blueprint.post("/contacts/<int:contact_id>/edit")
def update(contact_id: int) -> ResponseReturnValue:
    """Change a Contact."""
    contact = _contact(contact_id)
    form = ContactForm(contact)
    if not form.validate_on_submit():
        return _form_page(form, contact), 422
    try:
        with unit_of_work(current_actor()) as work:
            commands.edit_contact(work, contact_id, form.to_details(contact.time_zone))
    except commands.ContactExists as fault:
        return _taken(form, contact, fault)
    return redirect(url_for("contact_pages.show", contact_id=contact_id), 303)


@blueprint.post("/contacts/<int:contact_id>/removal")
def remove(contact_id: int) -> ResponseReturnValue:
    """Take a Contact off the lists."""
    _contact(contact_id)
    with unit_of_work(current_actor()) as work:
        commands.remove_contact(work, contact_id)
    return redirect(url_for("contacts.index", removed=contact_id), 303)


@blueprint.post("/contacts/<int:contact_id>/restoration")
def restore(contact_id: int) -> ResponseReturnValue:
    """Bring a removed Contact back."""
    _contact(contact_id)
    with unit_of_work(current_actor()) as work:
        commands.restore_contact(work, contact_id)
    return redirect(url_for("contact_pages.show", contact_id=contact_id), 303)


def _contact(contact_id: int) -> Contact:
    contact = queries.contact_by_id(reading(), contact_id)
    # Of an erased one nothing is left to change.
    return contact if contact and contact.erased_at is None else abort(404)


def _filter() -> ContactFilter:
    known = {group.value: group for group in ContactGroup}
    return ContactFilter(
        text=request.args.get("q", "").strip(),
        group=known.get(request.args.get("group", ""), ContactGroup.CURRENT),
        page=request.args.get("page", 1, type=int),
    )


def _url_of_page(number: int) -> str:
    text, group = request.args.get("q"), request.args.get("group")
    return url_for("contacts.index", q=text or None, group=group or None, page=number)


def _just_removed() -> Contact | None:
    """Return the Contact whose removal led here, while it can still be undone."""
    contact_id = request.args.get("removed", type=row_id)
    contact = queries.contact_by_id(reading(), contact_id) if contact_id else None
    return contact if contact and contact.removed_at else None


def _form_page(form: ContactForm, contact: Contact | None, other: Contact | None = None) -> str:
    return render_template(
        "contacts/form.html",
        form=form,
        contact=contact,
        other=other,
        companies=queries.company_names(reading()),
    )


def _taken(
    form: ContactForm, contact: Contact | None, fault: commands.ContactExists
) -> ResponseReturnValue:
    form.email.errors = [str(fault)]
    return _form_page(form, contact, queries.contact_by_id(reading(), fault.contact_id)), 422
