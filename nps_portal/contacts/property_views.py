"""The settings of properties: adding, naming, ordering, choices, kind, deleting."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.settings_views import settings_tabs
from nps_portal.contacts import properties as commands
from nps_portal.contacts import property_changes as changes
from nps_portal.contacts.models import Property, PropertyKind
from nps_portal.contacts.property_forms import (
    KIND_WORDS,
    ChoicesForm,
    NewPropertyForm,
    PropertyKindForm,
    PropertyNameForm,
    choices_form,
)
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("contact_properties", __name__)

SAVED = "Saved."


@blueprint.get("/settings/properties")
@owners_only
def index() -> ResponseReturnValue:
    """Show the properties and the form for another one."""
    return _list_page(NewPropertyForm(formdata=None))


@blueprint.post("/settings/properties")
@owners_only
def create() -> ResponseReturnValue:
    """Add a property."""
    form = NewPropertyForm()
    if not form.validate_on_submit():
        return _list_page(form), 422
    try:
        with unit_of_work(current_actor()) as work:
            commands.add_property(work, form.to_new(), source="by hand")
    except (commands.PropertyExists, commands.TooManyProperties) as fault:
        form.name.errors = [str(fault)]
        return _list_page(form), 422
    flash(SAVED, "success")
    return redirect(url_for("contact_properties.index"), 303)


@blueprint.get("/settings/properties/<int:property_id>")
@owners_only
def edit(property_id: int) -> ResponseReturnValue:
    """Show what can be changed of a property."""
    return _page(_property(property_id))


@blueprint.post("/settings/properties/<int:property_id>/name")
@owners_only
def rename(property_id: int) -> ResponseReturnValue:
    """Give a property another name."""
    changed = _property(property_id)
    form = PropertyNameForm()
    if not form.validate_on_submit():
        return _page(changed, name_form=form), 422
    try:
        with unit_of_work(current_actor()) as work:
            changes.rename_property(work, property_id, form.name.data or "")
    except commands.PropertyExists as fault:
        form.name.errors = [str(fault)]
        return _page(changed, name_form=form), 422
    return _saved(property_id)


@blueprint.post("/settings/properties/<int:property_id>/place")
@owners_only
def move(property_id: int) -> ResponseReturnValue:
    """Move a property one place up or down."""
    _property(property_id)
    with unit_of_work(current_actor()) as work:
        changes.move_property(work, property_id, -1 if request.form.get("to") == "up" else 1)
    return redirect(url_for("contact_properties.index"), 303)


@blueprint.post("/settings/properties/<int:property_id>/choices")
@owners_only
def change_choices(property_id: int) -> ResponseReturnValue:
    """Rename, add and take away choices; what would vanish from contacts is asked first."""
    changed = _property(property_id)
    form = choices_form(changed)
    if not form.validate_on_submit():
        return _page(changed, choices=form), 422
    try:
        with unit_of_work(current_actor()) as work:
            losing = request.form.getlist("losing")
            changes.change_choices(work, property_id, form.to_change(), losing=losing)
    except changes.ChoiceInUse as fault:
        return _page(changed, choices=form, losing=fault), 422
    return _saved(property_id)


@blueprint.post("/settings/properties/<int:property_id>/kind")
@owners_only
def change_kind(property_id: int) -> ResponseReturnValue:
    """Make a property one of another kind."""
    changed = _property(property_id)
    form = PropertyKindForm()
    if not form.validate_on_submit():
        return _page(changed, kind_form=form), 422
    try:
        with unit_of_work(current_actor()) as work:
            changes.change_kind(work, property_id, form.to_spec(changed.name))
    except changes.ValuesDoNotFit as fault:
        form.kind.errors = [str(fault)]
        return _page(changed, kind_form=form), 422
    return _saved(property_id)


@blueprint.post("/settings/properties/<int:property_id>/deletion")
@owners_only
def delete(property_id: int) -> ResponseReturnValue:
    """Delete a property with all it holds."""
    name = _property(property_id).name
    with unit_of_work(current_actor()) as work:
        lost = changes.delete_property(work, property_id)
    flash(f"{name} was deleted, and taken from {lost:,} of your contacts.", "success")
    return redirect(url_for("contact_properties.index"), 303)


def _property(property_id: int) -> Property:
    return commands.property_by_id(reading(), property_id) or abort(404)


def _saved(property_id: int) -> ResponseReturnValue:
    flash(SAVED, "success")
    return redirect(url_for("contact_properties.edit", property_id=property_id), 303)


def _list_page(form: NewPropertyForm) -> str:
    return render_template(
        "contacts/properties.html",
        form=form,
        properties=commands.properties(reading()),
        kind_words=KIND_WORDS,
        tabs=settings_tabs(),
    )


def _page(
    shown: Property,
    *,
    name_form: PropertyNameForm | None = None,
    kind_form: PropertyKindForm | None = None,
    choices: ChoicesForm | None = None,
    losing: changes.ChoiceInUse | None = None,
) -> str:
    is_choice = shown.kind is PropertyKind.CHOICE
    told = {"kind": shown.kind.value, "currency": shown.currency}
    # Forms on one page must not share the id of their hidden field.
    forms: dict[str, Any] = {
        "name_form": name_form or PropertyNameForm(formdata=None, name=shown.name),
        "kind_form": kind_form or PropertyKindForm(formdata=None, data=told),
        "choices": choices or (choices_form(shown) if is_choice else None),
    }
    for name, form in forms.items():
        if form is not None:
            form.csrf_token.id = f"{name}_csrf_token"
    return render_template(
        "contacts/property.html",
        shown=shown,
        losing=losing,
        values=changes.value_count(reading(), shown.id),
        counts=changes.choice_counts(reading(), shown.id, shown.choices) if is_choice else {},
        kind_words=KIND_WORDS,
        tabs=settings_tabs(),
        **forms,
    )
