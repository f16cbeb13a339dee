"""Pages of sends: the list, the send in four steps, and the progress of one."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only, visitor
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches import send_pages
from nps_portal.batches.commands import (
    cancel_batch,
    pause_batch,
    resume_batch,
    schedule_batch,
)
from nps_portal.batches.exclusion_files import exclusion_file
from nps_portal.batches.forms import asked_for, posted
from nps_portal.batches.models import Batch
from nps_portal.batches.queries import (
    PAGE_SIZE,
    batch_by_id,
    batch_count,
    batch_lines,
    batch_of_content,
    excluded_people,
    people_to_exclude,
)
from nps_portal.batches.samples import send_sample
from nps_portal.delivery.rendering import SampleRecipient
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.paging import page_links, place_of
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import unit_of_work
from nps_portal.surveys.email_page import framed
from nps_portal.surveys.queries import active_surveys, survey_by_id

blueprint = Blueprint("batches", __name__)


@blueprint.get("/batches")
def index() -> str:
    """Show the sends, newest first."""
    asked = request.args.get("page", 1, type=int)
    place = place_of(asked, size=PAGE_SIZE, total=batch_count(reading()))
    return render_template(
        "batches/index.html",
        lines=batch_lines(reading(), place.size, place.offset),
        links=page_links(place, lambda number: url_for(".index", page=number)),
        missing=send_pages.missing(),
    )


@blueprint.get("/batches/new")
@owners_only
def new() -> ResponseReturnValue:
    """Show the send in four steps, as far as the address describes it."""
    if not active_surveys(reading()):
        return render_template("batches/no_survey.html")
    form = asked_for(send_pages.terms(), request.args)
    if request.args:
        form.validate()
    return render_template("batches/new.html", page=send_pages.send_page(form))


@blueprint.post("/batches")
@owners_only
def create() -> ResponseReturnValue:
    """Decide a send."""
    if not active_surveys(reading()):
        abort(404)
    form = posted(send_pages.terms())
    if not form.validate_on_submit():
        return render_template("batches/new.html", page=send_pages.send_page(form)), 422
    try:
        with unit_of_work(current_actor()) as work:
            batch = schedule_batch(work, form.to_plan())
    except PortalError as error:
        form.form_errors.append(str(error))
        return render_template("batches/new.html", page=send_pages.send_page(form)), 422
    return redirect(url_for("batches.show", batch_id=batch.id), 303)


@blueprint.post("/batches/test")
@owners_only
def send_test() -> ResponseReturnValue:
    """Send the email with made-up values to whoever is signed in."""
    survey = survey_by_id(reading(), request.form.get("survey_id", 0, type=row_id)) or abort(404)
    settings = portal_settings(reading())
    recipient = SampleRecipient(name=visitor().name, email=visitor().email)
    try:
        result = send_sample(survey, settings, recipient, current_clock().now())
        flash(result.words, result.category)
    except PortalError as error:
        flash(f"The test was not sent. {error}", "error")
    form = asked_for(send_pages.terms(), request.form)
    return redirect(send_pages.send_url(form), 303)


@blueprint.get("/batches/not-asked.csv")
@owners_only
def not_asked_now() -> ResponseReturnValue:
    """Give the file of everybody whom the described send would not ask now."""
    if not active_surveys(reading()):
        abort(404)
    form = asked_for(send_pages.terms(), request.args)
    if not form.validate():
        abort(400)
    at = form.leaves_at or form.terms.now
    people = people_to_exclude(reading(), form.audience, form.survey, at)
    return _file(exclusion_file(people), "not-asked.csv")


@blueprint.get("/batches/<int:batch_id>")
def show(batch_id: int) -> str:
    """Show where a send stands."""
    batch = _batch_or_404(batch_id)
    return render_template(
        "batches/show.html",
        page=send_pages.batch_page(batch),
        preview=send_pages.frozen_preview(batch),
    )


@blueprint.get("/batches/of-email/<int:content_id>")
def of_email(content_id: int) -> ResponseReturnValue:
    """Lead from a frozen email to the send that it belongs to."""
    batch = batch_of_content(reading(), content_id) or abort(404)
    return redirect(url_for("batches.show", batch_id=batch.id), 303)


@blueprint.get("/batches/<int:batch_id>/progress")
def progress(batch_id: int) -> ResponseReturnValue:
    """Show the progress alone; at another stage than the page knows, the page is to reload."""
    page = send_pages.batch_page(_batch_or_404(batch_id))
    response = Response(render_template("batches/_progress.html", page=page))
    if request.args.get("stage") != page.stage:
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.get("/batches/<int:batch_id>/email")
def email(batch_id: int) -> Response:
    """Show the email of a send alone, for a frame."""
    return framed(send_pages.frozen_email(_batch_or_404(batch_id)).html)


@blueprint.get("/batches/<int:batch_id>/not-asked.csv")
@owners_only
def not_asked(batch_id: int) -> ResponseReturnValue:
    """Give the file of everybody whom a send did not ask."""
    people = excluded_people(reading(), _batch_or_404(batch_id).id)
    return _file(exclusion_file(people), f"send-{batch_id}-not-asked.csv")


@blueprint.post("/batches/<int:batch_id>/pause")
@owners_only
def pause(batch_id: int) -> ResponseReturnValue:
    """Let nothing more leave for now."""
    _batch_or_404(batch_id)
    try:
        with unit_of_work(current_actor()) as work:
            pause_batch(work, batch_id)
        flash("Paused. At most the one email that is on its way still leaves.", "info")
    except PortalError as error:
        flash(str(error), "error")
    return redirect(url_for("batches.show", batch_id=batch_id), 303)


@blueprint.post("/batches/<int:batch_id>/resumption")
@owners_only
def resume(batch_id: int) -> ResponseReturnValue:
    """Let a paused send go on."""
    _batch_or_404(batch_id)
    try:
        with unit_of_work(current_actor()) as work:
            resume_batch(work, batch_id)
        flash("It goes on where it stood. Nobody gets the email twice.", "success")
    except PortalError as error:
        flash(str(error), "error")
    return redirect(url_for("batches.show", batch_id=batch_id), 303)


@blueprint.post("/batches/<int:batch_id>/cancellation")
@owners_only
def cancel(batch_id: int) -> ResponseReturnValue:
    """End a send for good."""
    _batch_or_404(batch_id)
    try:
        with unit_of_work(current_actor()) as work:
            cancel_batch(work, batch_id)
        flash("Cancelled. What had not left will never leave.", "info")
    except PortalError as error:
        flash(str(error), "error")
    return redirect(url_for("batches.show", batch_id=batch_id), 303)


def _batch_or_404(batch_id: int) -> Batch:
    return batch_by_id(reading(), batch_id) or abort(404)


def _file(text: str, name: str) -> Response:
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
