"""Pages of imports: upload, check, progress, report."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.foundation import heartbeats
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import unit_of_work
from nps_portal.imports import commands, queries
from nps_portal.imports.forms import MappingForm, UploadForm
from nps_portal.imports.mapping import BadMapping, Field, Mapping
from nps_portal.imports.models import Import, ImportState
from nps_portal.imports.rejection_files import rejection_file
from nps_portal.imports.sources import SOURCES
from nps_portal.imports.tables import UnreadableFile

blueprint = Blueprint("imports", __name__)


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
        read = form.to_upload()
    except PortalError as fault:
        asked = form.file if form.file.data else form.pasted
        asked.errors = [str(fault)]
        return _upload_page(form), 422
    with unit_of_work(current_actor()) as work:
        started = commands.upload(work, read)
    return redirect(url_for("imports.show", import_id=started.id), 303)


@blueprint.get("/contacts/imports/<int:import_id>")
def show(import_id: int) -> ResponseReturnValue:
    """Show where an import stands: what it would bring, how far it is, or what it brought."""
    found = _import(import_id)
    if found.state is ImportState.UPLOADED:
        mapping = _asked_mapping(found)
        chosen = {index: field for field, index in mapping.columns.items()}
        return _check_page(found, mapping, MappingForm.showing(mapping.headers, dict(chosen)))
    if found.state in commands.ENDED:
        refused = queries.rejections(reading(), import_id)
        return render_template("imports/report.html", done=found, refused=refused)
    return render_template("imports/progress.html", running=found, idle=_worker_is_idle())


@blueprint.get("/contacts/imports/<int:import_id>/progress")
def progress(import_id: int) -> ResponseReturnValue:
    """Show the moving part of a running import; htmx asks again and again."""
    found = _import(import_id)
    ended = {"HX-Refresh": "true"} if found.state in commands.ENDED else {}
    page = render_template("imports/_progress.html", running=found, idle=_worker_is_idle())
    return page, 200, ended


@blueprint.post("/contacts/imports/<int:import_id>/confirmation")
def confirm(import_id: int) -> ResponseReturnValue:
    """Start an import, or show the preview of another choice of columns first."""
    found = _import(import_id)
    form = MappingForm()
    headers = commands.mapping_of(found).headers
    if not form.validate_on_submit() or len(form.columns) != len(headers):
        abort(400)
    try:
        mapping = form.to_mapping(headers)
        if "preview" in request.form or not form.is_previewed:
            return redirect(_preview_url(import_id, mapping), 303)
        with unit_of_work(current_actor()) as work:
            commands.confirm_import(work, import_id, mapping)
    except BadMapping as fault:
        form.form_errors.append(str(fault))
        return _check_page(found, commands.mapping_of(found), form, status=422)
    except commands.NotConfirmable as fault:
        flash(str(fault), "error")
    return redirect(url_for("imports.show", import_id=import_id), 303)


@blueprint.get("/contacts/imports/<int:import_id>/rejections.csv")
def rejections(import_id: int) -> ResponseReturnValue:
    """Hand the refused rows over as a file that a spreadsheet opens."""
    found = _import(import_id)
    refused = queries.rejections(reading(), import_id, limit=None)
    headers = {"Content-Disposition": f'attachment; filename="refused-rows-{found.id}.csv"'}
    return rejection_file(refused), 200, {"Content-Type": "text/csv; charset=utf-8", **headers}


def _import(import_id: int) -> Import:
    return queries.import_by_id(reading(), import_id) or abort(404)


def _upload_page(form: UploadForm) -> str:
    return render_template("imports/new.html", form=form, sources=SOURCES)


def _check_page(
    found: Import, mapping: Mapping, form: MappingForm, status: int = 200
) -> ResponseReturnValue:
    try:
        preview = queries.preview(reading(), found, mapping)
    except (queries.DroppedFile, UnreadableFile) as fault:
        flash(str(fault), "error")
        return redirect(url_for("imports.new"), 303)
    page = render_template("imports/check.html", found=found, preview=preview, form=form)
    return page, status


def _asked_mapping(found: Import) -> Mapping:
    """Return the mapping that the page's address asks for, else the proposed one."""
    proposed = commands.mapping_of(found)
    asked = {
        field: index
        for field in Field
        if (index := request.args.get(field.value, type=int)) is not None
        and 0 <= index < len(proposed.headers)
    }
    return Mapping(headers=proposed.headers, columns=asked) if asked else proposed


def _preview_url(import_id: int, mapping: Mapping) -> str:
    columns = {field.value: str(index) for field, index in mapping.columns.items()}
    return url_for("imports.show", import_id=import_id, _external=False, **columns)


def _worker_is_idle() -> bool:
    """Tell whether no worker has shown itself, so that nothing would begin."""
    return not heartbeats.is_alive(reading(), heartbeats.WORKER_NAME, current_clock().now())
