"""The page of an account's data: files to take away at once."""

import tempfile
from pathlib import Path

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.portal_settings import process_settings
from nps_portal.accounts.settings_views import settings_tabs
from nps_portal.exports.downloads import csv_download, sent, workbook_download
from nps_portal.exports.forms import ScheduleForm
from nps_portal.exports.making import ARCHIVE, UNFINISHED, export_archive
from nps_portal.exports.scheduling import folder_of, save_schedule, schedule, stop_schedule
from nps_portal.exports.table import Table
from nps_portal.exports.tables import BY_NAME
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("exports", __name__)

OFFERED = ("contacts", "responses", "companies", "suppressions")


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
    return csv_download(_table(name))


@blueprint.get("/settings/data/<name>.xlsx")
@owners_only
def workbook(name: str) -> ResponseReturnValue:
    """Give a table as a workbook."""
    return workbook_download(_table(name))


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
    return sent(file, "portal.zip", "application/zip")


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


def _table(name: str) -> Table:
    if name not in OFFERED:
        abort(404)
    return BY_NAME[name]
