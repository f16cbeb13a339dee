"""Pages of tags: which there are, another spelling, two made one, deleting."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField, ValidationError
from wtforms.validators import InputRequired

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.contacts import tag_changes
from nps_portal.contacts.models import Tag
from nps_portal.contacts.tags import BadTag, tags_in
from nps_portal.foundation.database import reading
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("contact_tags", __name__)


class TagForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """The spelling of a tag."""

    name = StringField("Name", [InputRequired("Write a name.")])

    def validate_name(self, field: StringField) -> None:
        """Refuse what is no single tag."""
        try:
            names = tags_in(field.data or "")
        except BadTag as fault:
            raise ValidationError(str(fault)) from fault
        if len(names) != 1:
            raise ValidationError("A comma would part it into several tags. Write one.")


@blueprint.get("/contacts/tags")
def index() -> ResponseReturnValue:
    """Show the tags."""
    page = tag_changes.tag_page(reading(), request.args.get("page", 1, type=int))
    links = page_links(page.place, lambda number: url_for("contact_tags.index", page=number))
    return render_template("contacts/tags.html", page=page, links=links)


@blueprint.get("/contacts/tags/<int:tag_id>")
@owners_only
def edit(tag_id: int) -> ResponseReturnValue:
    """Show what can be changed of a tag."""
    tag = _tag(tag_id)
    return _page(tag, TagForm(formdata=None, name=tag.name))


@blueprint.post("/contacts/tags/<int:tag_id>")
@owners_only
def update(tag_id: int) -> ResponseReturnValue:
    """Spell a tag otherwise; to make two into one is asked first."""
    tag = _tag(tag_id)
    form = TagForm()
    if not form.validate_on_submit():
        return _page(tag, form), 422
    try:
        with unit_of_work(current_actor()) as work:
            tag_changes.rename_tag(work, tag_id, form.name.data or "")
    except tag_changes.TagExists as fault:
        return _page(tag, form, fault.other), 422
    flash("Saved.", "success")
    return redirect(url_for("contact_tags.index"), 303)


@blueprint.post("/contacts/tags/<int:tag_id>/merger")
@owners_only
def merge(tag_id: int) -> ResponseReturnValue:
    """Make two tags into one."""
    tag = _tag(tag_id)
    into = _tag(request.form.get("into", 0, type=row_id))
    if tag.id == into.id:
        abort(404)
    words = f"{tag.name} is {into.name} now."
    with unit_of_work(current_actor()) as work:
        tag_changes.merge_tags(work, tag.id, into.id)
    flash(words, "success")
    return redirect(url_for("contact_tags.index"), 303)


@blueprint.post("/contacts/tags/<int:tag_id>/deletion")
@owners_only
def delete(tag_id: int) -> ResponseReturnValue:
    """Delete a tag."""
    name = _tag(tag_id).name
    with unit_of_work(current_actor()) as work:
        lost = tag_changes.delete_tag(work, tag_id)
    flash(f"{name} was deleted, and taken from {lost:,} of your contacts.", "success")
    return redirect(url_for("contact_tags.index"), 303)


def _tag(tag_id: int) -> Tag:
    return tag_changes.tag_by_id(reading(), tag_id) or abort(404)


def _page(tag: Tag, form: TagForm, other: Tag | None = None) -> str:
    return render_template(
        "contacts/tag.html",
        tag=tag,
        form=form,
        other=other,
        contacts=tag_changes.tagged_count(reading(), tag.id),
    )
