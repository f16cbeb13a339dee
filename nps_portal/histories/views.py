"""The page of past answers: bringing a file in, how far it is, and taking one back."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.settings_views import settings_tabs
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import unit_of_work
from nps_portal.histories import queries
from nps_portal.histories.dates import AmbiguousDates
from nps_portal.histories.forms import HistoryForm
from nps_portal.histories.pieces import begin_undo
from nps_portal.histories.running import run_history_import
from nps_portal.histories.taking import HEADERS, take_history
from nps_portal.histories.undoing import undo_history
from nps_portal.imports.models import Import, ImportState
from nps_portal.imports.queries import all_rejections
from nps_portal.imports.report_files import report_file
from nps_portal.imports.tables import LARGEST_FILE_BYTES

blueprint = Blueprint("histories", __name__)

# What a form adds around its file.
_FORM_BYTES = 1_000_000
# So many come in while the page waits; the worker brings more in.
_AT_ONCE = 1_000


@blueprint.url_value_preprocessor
def _allow_large_file(endpoint: str | None, values: object) -> None:
    """Take a large body at the one address that expects it, before anything reads the form."""
    if endpoint == "histories.bring_in":
        request.max_content_length = LARGEST_FILE_BYTES + _FORM_BYTES


@blueprint.get("/settings/data/answers")
@owners_only
def index() -> ResponseReturnValue:
    """Show which files of past answers came in, and take another."""
    return _page(_form())


@blueprint.post("/settings/data/answers")
@owners_only
def bring_in() -> ResponseReturnValue:
    """Take a file of past answers; a small one is in when the page comes back."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    file = form.file.data
    try:
        name = file.filename or "answers"
        import_id = take_history(current_actor(), file.stream, name, form.to_choices())
        if queries.kept_import(reading(), import_id).rows_total <= _AT_ONCE:
            run_history_import(import_id, current_actor())
    except AmbiguousDates:
        form.dates.errors = ["Some dates can be read in two ways: say how they are meant."]
        return _page(form), 422
    except PortalError as fault:
        form.file.errors = [str(fault)]
        return _page(form), 422
    reading().rollback()
    _tell(queries.kept_import(reading(), import_id))
    return redirect(url_for(".index"), 303)


@blueprint.get("/settings/data/answers/progress")
@owners_only
def progress() -> ResponseReturnValue:
    """Show how far the file is that is coming in; htmx asks again and again."""
    running = queries.running_import(reading())
    ended = {} if running else {"HX-Refresh": "true"}
    return render_template("histories/_progress.html", running=running), 200, ended


@blueprint.get("/settings/data/answers/<int:history_id>/refused.csv")
@owners_only
def refused(history_id: int) -> ResponseReturnValue:
    """Hand the rows that were refused over as a file that a spreadsheet opens."""
    kept = queries.import_of(reading(), history_id) or abort(404)
    lines = report_file(HEADERS, all_rejections(reading(), kept.id))
    disposition = f'attachment; filename="answers-{history_id}-refused.csv"'
    headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": disposition}
    return "".join(lines), 200, headers


@blueprint.post("/settings/data/answers/<int:history_id>/undo")
@owners_only
def undo(history_id: int) -> ResponseReturnValue:
    """Take a file of past answers back; a large one goes by the worker."""
    if queries.answers_of(reading(), history_id) > _AT_ONCE:
        with unit_of_work(current_actor()) as work:
            is_begun = begin_undo(work, history_id)
        if is_begun:
            flash("The worker takes the file back; you may leave this page.", "success")
            return redirect(url_for(".index"), 303)
    undone = undo_history(current_actor(), history_id)
    left = f" {undone.left} were worked with since and stay." if undone.left else ""
    flash(f"Taken back: answers {undone.answers}, contacts {undone.contacts}.{left}", "success")
    return redirect(url_for(".index"), 303)


def _tell(kept: Import) -> None:
    if kept.state is ImportState.FAILED:
        flash(f"0 imported. {kept.reason}", "error")
    elif kept.state is ImportState.FINISHED:
        flash(
            f"Answers added: {kept.added}. Known already: {kept.unchanged}. "
            f"Refused: {kept.rejected}.",
            "success",
        )


def _form() -> HistoryForm:
    return HistoryForm.of(queries.surveys(reading()))


def _page(form: HistoryForm) -> str:
    return render_template(
        "histories/index.html",
        tabs=settings_tabs(),
        form=form,
        files=queries.recent_files(reading()),
        running=queries.running_import(reading()),
        refused=queries.last_refused(reading()),
    )
