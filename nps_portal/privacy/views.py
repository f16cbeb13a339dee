"""Pages of privacy: one person's data and its erasure, rules of retention, who looked at whom."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.json import dumps
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.portal_settings import change_settings, portal_settings
from nps_portal.accounts.settings_views import settings_tabs
from nps_portal.contacts.queries import contact_by_id
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import unit_of_work
from nps_portal.privacy.commands import erase_contact
from nps_portal.privacy.forms import RetentionForm
from nps_portal.privacy.queries import personal_data
from nps_portal.privacy.retention import comments_to_forget, people_to_expire
from nps_portal.privacy.tracing import looks

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


@blueprint.get("/contacts/<int:contact_id>/data.json")
@owners_only
def take_out(contact_id: int) -> ResponseReturnValue:
    """Hand over all that is known of a person as a file."""
    if contact_by_id(reading(), contact_id) is None:
        abort(404)
    return Response(
        dumps(personal_data(reading(), contact_id), indent=2, ensure_ascii=False),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="contact-{contact_id}.json"'},
    )


@blueprint.get("/settings/privacy")
@owners_only
def retention() -> ResponseReturnValue:
    """Show for how long people and their words are kept."""
    return _retention_page(RetentionForm.of(portal_settings(reading())))


@blueprint.post("/settings/privacy")
@owners_only
def save_retention() -> ResponseReturnValue:
    """Store for how long people and their words are kept, once what goes at once was seen."""
    form = RetentionForm.of(portal_settings(reading()))
    if not form.validate_on_submit():
        return _retention_page(form), 422
    if request.form.get("sure") != "yes" and any(_going(form)):
        return _retention_page(form, asks=True)
    with unit_of_work(current_actor()) as work:
        change_settings(work, form.to_settings())
    flash("Saved.", "success")
    return redirect(url_for(".retention"), 303)


@blueprint.get("/settings/privacy/looks")
@owners_only
def who_looked() -> ResponseReturnValue:
    """Show who looked at whose data."""
    contact_id = request.args.get("contact_id", type=row_id)
    contact = contact_by_id(reading(), contact_id) if contact_id else None
    found = looks(reading(), request.args.get("page", 1, type=int), contact.id if contact else None)
    links = page_links(
        found.place, lambda page: url_for(".who_looked", contact_id=contact_id, page=page)
    )
    return render_template(
        "privacy/looks.html", page=found, links=links, contact=contact, tabs=settings_tabs()
    )


def _going(form: RetentionForm) -> tuple[int, int]:
    """Return how many people and comments would go at once by what the form says."""
    now = current_clock().now()
    people = form.expire_after_months.data or 0
    comments = form.forget_comments_after_months.data or 0
    return (
        people_to_expire(reading(), people, now) if people else 0,
        comments_to_forget(reading(), comments, now) if comments else 0,
    )


def _retention_page(form: RetentionForm, *, asks: bool = False) -> str:
    people, comments = _going(form) if asks else (0, 0)
    return render_template(
        "privacy/retention.html",
        form=form,
        tabs=settings_tabs(),
        asks=asks,
        people=people,
        comments=comments,
    )
