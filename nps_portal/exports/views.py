"""The page of an account's data: files to take away at once."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    send_file,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.accounts.settings_views import settings_tabs
from nps_portal.exports.forms import ScheduleForm
from nps_portal.exports.making import ARCHIVE, UNFINISHED, csv_of, export_archive
from nps_portal.exports.reader import snapshot
from nps_portal.exports.scheduling import folder_of, save_schedule, schedule, stop_schedule
from nps_portal.exports.table import Table
from nps_portal.exports.tables import BY_NAME
from nps_portal.exports.workbook import Workbook
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("exports", __name__)

OFFERED = ("contacts", "responses", "companies", "suppressions")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/settings/data")
@owners_only
def index() -> ResponseReturnValue:
    """Show which files there are to take away."""
    return _page(_form())


@blueprint.post("/settings/data/schedule")
@owners_only
def save() -> ResponseReturnValue:
    """Store when and where exports are made by themselves."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    with unit_of_work(current_actor()) as work:
        save_schedule(work, form.to_plan())
    flash("Saved.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/settings/data/schedule/stop")
@owners_only
def stop() -> ResponseReturnValue:
    """Make no more exports by themselves."""
    with unit_of_work(current_actor()) as work:
        stop_schedule(work)
    flash("No more exports are made by themselves. The files that are there stay.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.get("/settings/data/<name>.csv")
@owners_only
def csv(name: str) -> ResponseReturnValue:
    """Give a table as CSV, in a stream."""
    lines = stream_with_context(_lines(_table(name)))
    answer = current_app.response_class(lines, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(name)}.csv"'
    return answer


@blueprint.get("/settings/data/<name>.xlsx")
@owners_only
def workbook(name: str) -> ResponseReturnValue:
    """Give a table as a workbook."""
    table = _table(name)
    # It is sent when this function has ended, and has no name that could stay behind.
    file = tempfile.TemporaryFile(prefix=UNFINISHED, dir=process_settings().instance_dir)  # noqa: SIM115
    with snapshot() as reader, closing(Workbook(file)) as book:
        book.add(name, table.columns(reader), table.rows(reader))
    return _sent(file, f"{_file_name(name)}.xlsx", _XLSX)


@blueprint.get("/settings/data/everything.zip")
@owners_only
def archive() -> ResponseReturnValue:
    """Give all tables as one ZIP, which an empty portal imports."""
    with tempfile.TemporaryDirectory(
        prefix=UNFINISHED, dir=process_settings().instance_dir
    ) as place:
        target = Path(place) / ARCHIVE
        export_archive(target, current_clock().now())
        # Opened, it stays readable when its name is gone.
        file = target.open("rb")
    return _sent(file, f"{_file_name('portal')}.zip", "application/zip")


def _form() -> ScheduleForm:
    return ScheduleForm.of(schedule(reading()), process_settings().instance_dir)


def _page(form: ScheduleForm) -> str:
    kept = schedule(reading())
    folder = folder_of(process_settings().instance_dir, kept.folder) if kept else None
    return render_template(
        "exports/index.html",
        tabs=settings_tabs(),
        offered=[BY_NAME[name] for name in OFFERED],
        form=form,
        schedule=kept,
        folder=folder,
    )


def _lines(table: Table) -> Iterator[str]:
    with snapshot() as reader:
        yield from csv_of(table, reader)


def _table(name: str) -> Table:
    if name not in OFFERED:
        abort(404)
    return BY_NAME[name]


def _file_name(name: str) -> str:
    zone = portal_settings(reading()).zone
    return f"nps-{name}-{current_clock().now().astimezone(zone):%Y-%m-%d}"


def _sent(file: IO[bytes], name: str, media_type: str) -> ResponseReturnValue:
    file.seek(0)
    return send_file(file, mimetype=media_type, as_attachment=True, download_name=name)
