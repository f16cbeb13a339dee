"""Pages of contacts: the list, adding, editing, removing and bringing back."""

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.accounts.queries import active_users
from nps_portal.contacts import commands, queries
from nps_portal.contacts.forms import (
    LANGUAGES,
    ContactForm,
    FormMatter,
    contact_form,
    language_name,
    zone_names,
)
from nps_portal.contacts.list_filters import (
    GROUPS,
    NOBODY,
    ORDERS,
    SCORES,
    TREND_WORDS,
    TRENDS,
    ContactAddress,
    ListPlace,
)
from nps_portal.contacts.listing import ContactPage, contact_page
from nps_portal.contacts.models import Contact
from nps_portal.contacts.properties import properties, values_of
from nps_portal.contacts.tags import all_tags, tags_of
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("contacts", __name__)

TAGS_TO_CHOOSE = 200


@dataclass(frozen=True, kw_only=True)
class ListLinks:
    """What the bar below the list shows; `total` is None where nobody has counted."""

    first: int
    last: int
    total: int | None
    previous_url: str | None
    next_url: str | None


@blueprint.get("/contacts")
def index() -> ResponseReturnValue:
    """Show the contacts."""
    address = ContactAddress.of(request.args)
    page = contact_page(reading(), address.to_filter(), address.to_place(), current_clock().now())
    return render_template(
        "contacts/index.html",
        page=page,
        address=address,
        links=_links(address, page),
        choices=_filter_choices(address),
        trend_words=TREND_WORDS,
        none_at_all=not page.contacts and not address.arguments(),
        removed=_just_removed(),
    )


@blueprint.get("/contacts/new")
def new() -> ResponseReturnValue:
    """Show the form for a new Contact."""
    return _form_page(_form(None), None)


@blueprint.post("/contacts")
def create() -> ResponseReturnValue:
    """Add a Contact."""
    form = _form(None)
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
    return _form_page(_form(contact), contact)


@blueprint.post("/contacts/<int:contact_id>/edit")
def update(contact_id: int) -> ResponseReturnValue:
    """Change a Contact."""
    contact = _contact(contact_id)
    form = _form(contact)
    if not form.validate_on_submit():
        return _form_page(form, contact), 422
    try:
        with unit_of_work(current_actor()) as work:
            commands.edit_contact(work, contact_id, form.to_details())
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
    # Of an erased one nothing is left to change, and a merged one stands for another.
    if contact is None or contact.erased_at is not None or contact.merged_into_id is not None:
        abort(404)
    return contact


def _links(address: ContactAddress, page: ContactPage) -> ListLinks:
    found = page.found

    def url(place: ListPlace | None) -> str | None:
        if place is None:
            return None
        number = place.page if place.page > 1 else None
        first = place.first if place.after or place.before else None
        there = address.at(page=number, after=place.after, before=place.before, first=first)
        return url_for("contacts.index", **there)

    return ListLinks(
        first=found.first if found.ids else 0,
        last=found.first + len(found.ids) - 1 if found.ids else 0,
        total=found.total,
        previous_url=url(found.previous),
        next_url=url(found.next),
    )


def _filter_choices(address: ContactAddress) -> dict[str, object]:
    """Return what the filters offer; a language or company that is asked for is among it."""
    session = reading()
    languages = {*LANGUAGES, address.language} - {""}
    return {
        "groups": GROUPS,
        "orders": ORDERS,
        "scores": SCORES,
        "trends": TRENDS,
        "tags": [
            ("", "Any tag"),
            *((str(tag.id), tag.name) for tag in all_tags(session, TAGS_TO_CHOOSE)),
        ],
        "owners": [
            ("", "Any owner"),
            *((str(user.id), user.name) for user in active_users(session)),
            (NOBODY, "Nobody’s"),
        ],
        "languages": [
            ("", "Any language"),
            *sorted(((code, language_name(code)) for code in languages), key=lambda one: one[1]),
        ],
        "companies": queries.company_names(session),
    }


def _just_removed() -> Contact | None:
    """Return the Contact whose removal led here, while it can still be undone."""
    contact_id = request.args.get("removed", type=row_id)
    contact = queries.contact_by_id(reading(), contact_id) if contact_id else None
    return contact if contact and contact.removed_at else None


def _form(contact: Contact | None) -> ContactForm:
    session = reading()
    matter = FormMatter(
        properties=properties(session),
        users=active_users(session),
        values=values_of(session, [contact.id])[contact.id] if contact else {},
        tags=[tag.name for tag in tags_of(session, [contact.id])[contact.id]] if contact else [],
    )
    return contact_form(contact, matter)


def _form_page(form: ContactForm, contact: Contact | None, other: Contact | None = None) -> str:
    return render_template(
        "contacts/form.html",
        form=form,
        contact=contact,
        other=other,
        companies=queries.company_names(reading()),
        tags=all_tags(reading(), TAGS_TO_CHOOSE),
        zones=zone_names(),
    )


def _taken(
    form: ContactForm, contact: Contact | None, fault: commands.ContactExists
) -> ResponseReturnValue:
    form.email.errors = [str(fault)]
    return _form_page(form, contact, queries.contact_by_id(reading(), fault.contact_id)), 422
