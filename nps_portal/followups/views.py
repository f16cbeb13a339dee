"""Pages of tasks: what is to be done, and its end."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.followups.commands import close_task, start_task
from nps_portal.followups.forms import ClosingForm
from nps_portal.followups.models import Task, TaskIsClosed
from nps_portal.followups.queries import task_by_id, task_page
from nps_portal.foundation.database import reading
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.work import unit_of_work

blueprint = Blueprint("tasks", __name__)


@blueprint.get("/tasks")
def index() -> str:
    """Show what is to be done, or what was done."""
    closed = request.args.get("state") == "closed"
    found = task_page(reading(), closed=closed, page=request.args.get("page", 1, type=int))
    state = "closed" if closed else None
    return render_template(
        "followups/tasks.html",
        page=found,
        closed=closed,
        links=page_links(found.place, lambda page: url_for(".index", state=state, page=page)),
    )


@blueprint.get("/tasks/<int:task_id>")
def show(task_id: int) -> str:
    """Show a Task."""
    return _page(_task(task_id), ClosingForm())


@blueprint.post("/tasks/<int:task_id>/start")
def start(task_id: int) -> ResponseReturnValue:
    """Say that somebody is at it."""
    _task(task_id)
    try:
        with unit_of_work(current_actor()) as work:
            start_task(work, task_id)
    except TaskIsClosed as fault:
        flash(str(fault), "warning")
    return redirect(url_for(".show", task_id=task_id), 303)


@blueprint.post("/tasks/<int:task_id>/closure")
def close(task_id: int) -> ResponseReturnValue:
    """End it."""
    task, form = _task(task_id), ClosingForm()
    if not form.validate_on_submit():
        return _page(task, form), 422
    try:
        with unit_of_work(current_actor()) as work:
            close_task(work, task_id, form.to_outcome())
        flash("The task is closed.", "success")
    except TaskIsClosed as fault:
        flash(str(fault), "warning")
    return redirect(url_for(".index"), 303)


def _task(task_id: int) -> Task:
    return task_by_id(reading(), task_id) or abort(404)


def _page(task: Task, form: ClosingForm) -> str:
    return render_template("followups/task.html", task=task, form=form)
