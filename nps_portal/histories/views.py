"""The page of past answers: bringing a file in, and taking one back."""

import io
from collections.abc import Sequence

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.settings_views import settings_tabs
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.histories.dates import AmbiguousDates
from nps_portal.histories.forms import HistoryForm
from nps_portal.histories.judging import Rejection
from nps_portal.histories.models import History
from nps_portal.histories.running import run_history
from nps_portal.histories.undoing import undo_history
from nps_portal.surveys.models import Survey

blueprint = Blueprint("histories", __name__)

# Larger ones would keep a page waiting for longer than anybody does.
LARGEST_BYTES = 2_000_000
MOST_SHOWN = 100


@blueprint.get("/settings/data/answers")
@owners_only
def index() -> ResponseReturnValue:
    """Show which files of past answers came in, and take another."""
    return _page(_form())


@blueprint.post("/settings/data/answers")
@owners_only
def bring_in() -> ResponseReturnValue:
    """Bring a file of past answers in."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    content = form.file.data.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        form.file.errors = ["The file is larger than 2 MB. Bring it in with the command."]
        return _page(form), 422
    rejections: list[Rejection] = []
    try:
        history = run_history(
            current_actor(),
            io.BytesIO(content),
            form.file.data.filename or "answers",
            form.to_choices(),
            rejections.append,
        )
    except AmbiguousDates:
        form.dates.errors = ["Some dates can be read in two ways: say how they are meant."]
        return _page(form), 422
    except PortalError as fault:
        form.file.errors = [str(fault)]
        return _page(form, rejections), 422
    flash(
        f"Answers added: {history.added}. Known already: {history.known}. "
        f"Refused: {history.rejected}.",
        "success",
    )
    if rejections:
        # Shown at once, as they are not kept; the same file again adds nothing.
        return _page(_form(), rejections)
    return redirect(url_for(".index"), 303)


@blueprint.post("/settings/data/answers/<int:history_id>/undo")
@owners_only
def undo(history_id: int) -> ResponseReturnValue:
    """Take a file of past answers back."""
    undone = undo_history(current_actor(), history_id)
    left = f" {undone.left} were worked with since and stay." if undone.left else ""
    flash(f"Taken back: answers {undone.answers}, contacts {undone.contacts}.{left}", "success")
    return redirect(url_for(".index"), 303)


def _form() -> HistoryForm:
    surveys = reading().scalars(sa.select(Survey).order_by(Survey.id)).all()
    return HistoryForm.of(surveys)


def _page(form: HistoryForm, rejections: Sequence[Rejection] = ()) -> str:
    histories = reading().scalars(sa.select(History).order_by(History.id.desc()).limit(MOST_SHOWN))
    return render_template(
        "histories/index.html",
        tabs=settings_tabs(),
        form=form,
        histories=histories.all(),
        rejections=rejections[:MOST_SHOWN],
        more=max(len(rejections) - MOST_SHOWN, 0),
    )
