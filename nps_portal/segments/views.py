"""Pages of segments: the list, the builder, and who is in one."""

from dataclasses import dataclass, replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, refuse_unless_theirs
from nps_portal.contacts.list_filters import ListPlace
from nps_portal.contacts.queries import has_many_contacts
from nps_portal.contacts.walks import Found
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.row_ids import row_id
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


@dataclass(frozen=True, kw_only=True)
class MemberLinks:
    """What the bar below the members shows; `total` is None where nobody has counted."""

    first: int
    last: int
    total: int | None
    previous_url: str | None
    next_url: str | None


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
    return render_template("segments/_count.html", count=found, in_words="words" in request.args)


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
    """Show some of those whom the written rules find, while somebody builds."""
    return render_template("segments/_found.html", **_found(written(request.form)))


@blueprint.post("/segments/found/count")
def found_count() -> str:
    """Show how many the written rules find, where some of them are shown already."""
    rules = _usable(written(request.form))
    now = current_clock().now()
    found = queries.member_count(reading(), rules, now) if rules else 0
    return render_template("segments/_count.html", count=found, in_words=True)


@blueprint.get("/segments/<int:segment_id>")
def show(segment_id: int) -> str:
    """Show a Segment: its rules in words and who is in it."""
    segment, session = _segment(segment_id), reading()
    catalogue, now = queries.catalogue(session), current_clock().now()
    rules = queries.rules_of(session, segment)
    find = queries.members_of_all if "whole" in request.args else queries.members
    page = find(session, rules, now, _place())
    total = page.found.total
    if total is None and "count" in request.args:
        total = queries.member_count(session, rules, now)
    return render_template(
        "segments/show.html",
        segment=segment,
        rules=rules,
        groups=[group_words(group, catalogue) for group in rules.groups],
        page=page,
        total=total,
        links=_links(segment, page.found),
        whole_url=_whole_url(segment) if page.found.is_cut else None,
    )


@blueprint.get("/segments/<int:segment_id>/edit")
def edit(segment_id: int) -> str:
    """Show the builder with a Segment in it."""
    segment = _own_segment(segment_id)
    builder = builder_of(segment.name, segment.rules)
    if queries.rules_of(reading(), segment).are_lost:
        builder = replace(builder, faults=(LOST,))
    return _builder_page(builder, segment)


@blueprint.post("/segments/<int:segment_id>")
def update(segment_id: int) -> ResponseReturnValue:
    """Save a changed Segment, or give the form back with a condition more or less."""
    segment, builder = _own_segment(segment_id), written(request.form)
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
    name = _own_segment(segment_id).name
    with unit_of_work(current_actor()) as work:
        commands.delete_segment(work, segment_id)
    flash(f"The segment «{name}» was deleted. Its people are untouched.", "success")
    return redirect(url_for(".index"), 303)


def _place() -> ListPlace:
    return ListPlace(
        page=request.args.get("page", 1, type=row_id),
        after=request.args.get("after", type=row_id),
        before=request.args.get("before", type=row_id),
        first=request.args.get("first", 1, type=row_id),
    )


def _whole_url(segment: Segment) -> str | None:
    """Return where everybody is looked at for this page; None where that has been done."""
    if "whole" in request.args:
        return None
    place = _place()
    return url_for(
        ".show",
        segment_id=segment.id,
        after=place.after,
        before=place.before,
        first=place.first,
        whole=1,
    )


def _links(segment: Segment, found: Found) -> MemberLinks:
    def url(place: ListPlace | None) -> str | None:
        if place is None:
            return None
        is_walk = place.after is not None or place.before is not None
        return url_for(
            ".show",
            segment_id=segment.id,
            after=place.after,
            before=place.before,
            first=place.first if is_walk else None,
            page=None if is_walk else place.page,
            whole=request.args.get("whole"),
        )

    return MemberLinks(
        first=found.first if found.ids else 0,
        last=found.first + len(found.ids) - 1 if found.ids else 0,
        total=found.total,
        previous_url=url(found.previous),
        next_url=url(found.next),
    )


def _segment(segment_id: int) -> Segment:
    return queries.segment_by_id(reading(), segment_id) or abort(404)


def _own_segment(segment_id: int) -> Segment:
    """Return a Segment that the visitor may change: sends of others may go to it."""
    segment = _segment(segment_id)
    refuse_unless_theirs(segment.created_by)
    return segment


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
    """Return whom the rules find; nothing while they cannot be used.

    `count` is None among very many people: it is asked for when the others are shown already.
    """
    rules = _usable(builder)
    if rules is None:
        return {"some": None, "count": None}
    session, now = reading(), current_clock().now()
    some = queries.sample(session, rules, now)
    count = len(some.people) if some.is_all else None
    if count is None and (not has_many_contacts(session) or request.form.get("act") == "count"):
        count = queries.member_count(session, rules, now)
    return {"some": some, "count": count}


def _usable(builder: Builder) -> Rules | None:
    try:
        return builder.rules(queries.catalogue(reading()))
    except BadRules:
        return None
