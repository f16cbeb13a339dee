"""Pages of segments: the list, the builder, and who is in one."""

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.work import unit_of_work
from nps_portal.segments import commands, queries
from nps_portal.segments.forms import Builder, builder_of, row_views, written
from nps_portal.segments.models import Segment
from nps_portal.segments.reading import read
from nps_portal.segments.rules import BadRules, Rules
from nps_portal.segments.suggestions import SUGGESTIONS, suggestion
from nps_portal.segments.wording import group_words, op_words, rules_words

LOST = "It asks for a property or a choice that has been deleted, and so finds nobody."

blueprint = Blueprint("segments", __name__)


@blueprint.get("/segments")
def index() -> str:
    """Show the segments by name; each count is fetched by itself."""
    catalogue = queries.catalogue(reading())
    found = queries.segments(reading())
    taken = {one.name_key for one in found}
    return render_template(
        "segments/index.html",
        lines=[(one, rules_words(read(one.rules, catalogue), catalogue)) for one in found],
        suggestions=[one for one in SUGGESTIONS if one.name.casefold() not in taken],
    )


@blueprint.get("/segments/<int:segment_id>/count")
def count(segment_id: int) -> str:
    """Show how many are in a Segment now, for the list."""
    rules = queries.rules_of(reading(), _segment(segment_id))
    found = queries.member_count(reading(), rules, current_clock().now())
    return render_template("segments/_count.html", count=found)


@blueprint.get("/segments/new")
def new() -> str:
    """Show the builder."""
    return _builder_page(Builder(), None)


@blueprint.post("/segments")
def create() -> ResponseReturnValue:
    """Save a new Segment, or give the form back with a condition more or less."""
    builder = written(request.form)
    if request.form.get("act", "save") != "save":
        return _builder_page(builder.after(request.form["act"]), None)
    try:
        rules = builder.rules(queries.catalogue(reading()))
        with unit_of_work(current_actor()) as work:
            segment = commands.add_segment(work, builder.name, rules)
    except PortalError as error:
        return _builder_page(_faulty(builder, error), None), 422
    return redirect(url_for(".show", segment_id=segment.id), 303)


@blueprint.post("/segments/suggested")
def create_suggested() -> ResponseReturnValue:
    """Save a ready-made Segment."""
    chosen = suggestion(request.form.get("key", "")) or abort(404)
    try:
        with unit_of_work(current_actor()) as work:
            segment = commands.add_segment(work, chosen.name, chosen.rules)
    except commands.SegmentExists as error:
        flash(str(error), "error")
        return redirect(url_for(".index"), 303)
    return redirect(url_for(".show", segment_id=segment.id), 303)


@blueprint.post("/segments/found")
def found() -> str:
    """Show how many the written rules find, and some of them, while somebody builds."""
    return render_template("segments/_found.html", **_found(written(request.form)))


@blueprint.get("/segments/<int:segment_id>")
def show(segment_id: int) -> str:
    """Show a Segment: its rules in words and who is in it."""
    segment, session = _segment(segment_id), reading()
    catalogue, now = queries.catalogue(session), current_clock().now()
    rules = queries.rules_of(session, segment)
    place = queries.member_place(session, rules, now, request.args.get("page", 1, type=int))
    return render_template(
        "segments/show.html",
        segment=segment,
        rules=rules,
        groups=[group_words(group, catalogue) for group in rules.groups],
        members=queries.members(session, rules, now, place),
        place=place,
        links=page_links(
            place, lambda number: url_for(".show", segment_id=segment.id, page=number)
        ),
    )


@blueprint.get("/segments/<int:segment_id>/edit")
def edit(segment_id: int) -> str:
    """Show the builder with a Segment in it."""
    segment = _segment(segment_id)
    builder = builder_of(segment.name, segment.rules)
    if queries.rules_of(reading(), segment).are_lost:
        builder = replace(builder, faults=(LOST,))
    return _builder_page(builder, segment)


@blueprint.post("/segments/<int:segment_id>")
def update(segment_id: int) -> ResponseReturnValue:
    """Save a changed Segment, or give the form back with a condition more or less."""
    segment, builder = _segment(segment_id), written(request.form)
    if request.form.get("act", "save") != "save":
        return _builder_page(builder.after(request.form["act"]), segment)
    try:
        rules = builder.rules(queries.catalogue(reading()))
        with unit_of_work(current_actor()) as work:
            commands.rename_segment(work, segment_id, builder.name)
            commands.change_rules(work, segment_id, rules)
    except PortalError as error:
        return _builder_page(_faulty(builder, error), segment), 422
    return redirect(url_for(".show", segment_id=segment_id), 303)


@blueprint.post("/segments/<int:segment_id>/deletion")
def delete(segment_id: int) -> ResponseReturnValue:
    """Delete a Segment; its people stay."""
    name = _segment(segment_id).name
    with unit_of_work(current_actor()) as work:
        commands.delete_segment(work, segment_id)
    flash(f"The segment «{name}» was deleted. Its people are untouched.", "success")
    return redirect(url_for(".index"), 303)


def _segment(segment_id: int) -> Segment:
    return queries.segment_by_id(reading(), segment_id) or abort(404)


def _faulty(builder: Builder, error: PortalError) -> Builder:
    if isinstance(error, BadRules):
        return builder.with_faults(error)
    return replace(builder, faults=(str(error),))


def _builder_page(builder: Builder, segment: Segment | None) -> str:
    catalogue = queries.catalogue(reading())
    return render_template(
        "segments/form.html",
        builder=builder,
        groups=row_views(builder, catalogue),
        themes=catalogue.by_theme,
        op_words=op_words,
        tags=queries.tag_names(reading()),
        segment=segment,
        **_found(builder),
    )


def _found(builder: Builder) -> dict[str, object]:
    """Return what the rules find; nothing while they cannot be used."""
    rules = _usable(builder)
    if rules is None:
        return {"count": None, "people": []}
    session, now = reading(), current_clock().now()
    return {
        "count": queries.member_count(session, rules, now),
        "people": queries.sample(session, rules, now),
    }


def _usable(builder: Builder) -> Rules | None:
    try:
        return builder.rules(queries.catalogue(reading()))
    except BadRules:
        return None
