"""Pages of imports: upload, check, progress, report, Undo."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, refuse_unless_theirs
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.contacts.properties import PropertySpec, TooManyProperties
from nps_portal.foundation import heartbeats
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import unit_of_work
from nps_portal.imports import commands, previews, queries
from nps_portal.imports.forms import MappingForm, UploadForm
from nps_portal.imports.keeping import known_specs
from nps_portal.imports.mapping import BadMapping
from nps_portal.imports.models import ENDED, Import, ImportState
from nps_portal.imports.report_files import report_file
from nps_portal.imports.sources import SOURCES
from nps_portal.imports.tables import LARGEST_FILE_BYTES
from nps_portal.imports.taking_in import take_in
from nps_portal.imports.undo_commands import NotUndoable, start_undo

# What a form adds around its file.
_FORM_BYTES = 2_000_000
_MOVING = (ImportState.CONFIRMED, ImportState.RUNNING, ImportState.UNDOING)

blueprint = Blueprint("imports", __name__)


@blueprint.url_value_preprocessor
def _allow_large_file(endpoint: str | None, values: object) -> None:
    """Take a large body at the one address that expects it, before anything reads the form."""
    if endpoint == "imports.create":
        request.max_content_length = LARGEST_FILE_BYTES + _FORM_BYTES


@blueprint.get("/contacts/imports")
def index() -> ResponseReturnValue:
    """Show the imports that were started."""
    return render_template("imports/index.html", imports=queries.recent_imports(reading()))


@blueprint.get("/contacts/imports/new")
def new() -> ResponseReturnValue:
    """Show how to bring a list in."""
    return _upload_page(UploadForm())


@blueprint.post("/contacts/imports")
def create() -> ResponseReturnValue:
    """Keep a file, to be checked on the next page."""
    form = UploadForm()
    if not form.validate_on_submit():
        return _upload_page(form), 422
    try:
        import_id = take_in(current_actor(), *form.to_file())
    except PortalError as fault:
        asked = form.file if form.file.data else form.pasted
        asked.errors = [str(fault)]
        return _upload_page(form), 422
    return redirect(url_for("imports.show", import_id=import_id), 303)


@blueprint.get("/contacts/imports/<int:import_id>")
def show(import_id: int) -> ResponseReturnValue:
    """Show where an import stands: what it would bring, how far it is, or what it brought."""
    found = _import(import_id)
    if found.state is ImportState.READING:
        abort(404)
    if found.state is ImportState.UPLOADED:
        return _check_page(found, None)
    if found.state in _MOVING:
        return render_template("imports/progress.html", running=found, idle=_worker_is_idle())
    return render_template(
        "imports/report.html",
        done=found,
        refused=queries.rejections(reading(), import_id),
        left=queries.left_alone(reading(), import_id),
    )


@blueprint.get("/contacts/imports/<int:import_id>/progress")
def progress(import_id: int) -> ResponseReturnValue:
    """Show the moving part of a running import; htmx asks again and again."""
    found = _import(import_id)
    ended = {} if found.state in _MOVING else {"HX-Refresh": "true"}
    page = render_template("imports/_progress.html", running=found, idle=_worker_is_idle())
    return page, 200, ended


@blueprint.post("/contacts/imports/<int:import_id>/confirmation")
def confirm(import_id: int) -> ResponseReturnValue:
    """Start an import, or show the preview of another choice of columns first."""
    found = _import(import_id)
    form = MappingForm()
    headers = commands.choice_of(found).mapping.headers
    if not form.validate_on_submit() or len(form.columns) != len(headers):
        abort(400)
    try:
        choice = form.to_choice(headers, _guessed(found), known_specs(reading()))
        act = commands.confirm_import
        if "preview" in request.form or not form.is_previewed:
            act = commands.choose
        with unit_of_work(current_actor()) as work:
            act(work, import_id, choice)
    except (BadMapping, TooManyProperties) as fault:
        form.form_errors.append(str(fault))
        return _check_page(found, form, status=422)
    except (commands.NotConfirmable, previews.DroppedFile) as fault:
        flash(str(fault), "error")
    return redirect(url_for("imports.show", import_id=import_id), 303)


@blueprint.post("/contacts/imports/<int:import_id>/cancellation")
def cancel(import_id: int) -> ResponseReturnValue:
    """Stop an import; what has come in stays."""
    _import(import_id)
    try:
        with unit_of_work(current_actor()) as work:
            commands.cancel_import(work, import_id)
    except commands.NotCancellable as fault:
        flash(str(fault), "error")
    return redirect(url_for("imports.show", import_id=import_id), 303)


@blueprint.get("/contacts/imports/<int:import_id>/undo")
def undo_question(import_id: int) -> ResponseReturnValue:
    """Ask whether an import shall be taken back, and say what that means."""
    found = _own_import(import_id)
    if found.state not in ENDED:
        return redirect(url_for("imports.show", import_id=import_id), 303)
    return render_template("imports/undo.html", done=found)


@blueprint.post("/contacts/imports/<int:import_id>/undo")
def undo(import_id: int) -> ResponseReturnValue:
    """Let the worker take an import back."""
    _own_import(import_id)
    try:
        with unit_of_work(current_actor()) as work:
            start_undo(work, import_id)
    except NotUndoable as fault:
        flash(str(fault), "error")
    return redirect(url_for("imports.show", import_id=import_id), 303)


@blueprint.get("/contacts/imports/<int:import_id>/report.csv")
def report(import_id: int) -> ResponseReturnValue:
    """Hand the rows that did not come in over as a file that a spreadsheet opens."""
    found = _import(import_id)
    headers = commands.choice_of(found).mapping.headers
    # Read to its end here: a page's session is gone while a stream is sent.
    lines = report_file(headers, queries.all_rejections(reading(), import_id))
    disposition = f'attachment; filename="import-{found.id}-report.csv"'
    return (
        "".join(lines),
        200,
        {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": disposition},
    )


def _import(import_id: int) -> Import:
    return queries.import_by_id(reading(), import_id) or abort(404)


def _own_import(import_id: int) -> Import:
    """Return an import that the visitor may take back."""
    found = _import(import_id)
    refuse_unless_theirs(found.created_by)
    return found


def _upload_page(form: UploadForm) -> str:
    return render_template(
        "imports/new.html",
        form=form,
        sources=SOURCES,
        largest_megabytes=LARGEST_FILE_BYTES // 1_000_000,
    )


def _check_page(
    found: Import, form: MappingForm | None, *, status: int = 200
) -> ResponseReturnValue:
    choice = commands.choice_of(found)
    try:
        preview = previews.preview(reading(), found, choice)
    except previews.DroppedFile as fault:
        flash(str(fault), "error")
        return redirect(url_for("imports.new"), 303)
    known = known_specs(reading())
    shown = form or MappingForm.showing(choice, known)
    shown.offer([column.guessed for column in preview.columns], known)
    at = found.created_at.astimezone(portal_settings(reading()).zone)
    page = render_template(
        "imports/check.html",
        found=found,
        preview=preview,
        form=shown,
        suggested_tag=f"{found.filename[:50]} {at:%Y-%m-%d %H:%M}",
    )
    return page, status


def _guessed(found: Import) -> list[PropertySpec]:
    return previews.guessed_properties(reading(), found)


def _worker_is_idle() -> bool:
    """Tell whether no worker has shown itself, so that nothing would begin."""
    return not heartbeats.is_alive(reading(), heartbeats.WORKER_NAME, current_clock().now())
