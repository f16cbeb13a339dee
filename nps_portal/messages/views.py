"""Who got what, sending again, the state of the mail server, and the test of its settings."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only, visitor
from nps_portal.accounts.limits import TEST_MAILS_PER_CLIENT, limiter
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.accounts.queries import user_names
from nps_portal.delivery import fence
from nps_portal.delivery.mail_server import record_working
from nps_portal.delivery.trial import Verdict, send_trial
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.csv_files import csv_lines
from nps_portal.foundation.database import reading
from nps_portal.foundation.shown_pages import PAGE_SIZE, turn_of, turned_page
from nps_portal.foundation.work import unit_of_work
from nps_portal.messages import queries
from nps_portal.messages.export import COLUMNS, message_rows
from nps_portal.messages.filters import MessageFilter, selection
from nps_portal.messages.forms import (
    SendAllAgainForm,
    as_query,
    asked_for,
    fate_choices,
    send_options,
)
from nps_portal.messages.story import actors, story
from nps_portal.outbox.models import Message
from nps_portal.outbox.queries import is_fenced, message_by_id, outbox_health
from nps_portal.outbox.resending import send_again, send_all_again

blueprint = Blueprint("messages", __name__)

# The pages with a test button; a form could ask for any other, and is not believed.
TESTED_FROM = {"settings": "settings.mail", "set-up": "settings.set_up_mail"}


@blueprint.get("/messages")
def index() -> str:
    """Show what became of every email, and how the mail server is doing."""
    session, wanted, turn = reading(), asked_for(request.args), turn_of(request.args)
    chosen = selection(session, wanted)
    lines = queries.message_lines(session, chosen, turn)
    query, health, settings = as_query(wanted), outbox_health(session), portal_settings(session)
    return render_template(
        "messages/messages.html",
        lines=lines[:PAGE_SIZE],
        links=turned_page(
            turn,
            [line.message.id for line in lines],
            lambda **place: url_for(".index", **query, **place),
        ),
        wanted=wanted,
        query=query,
        fates=fate_choices(health),
        sends=send_options(queries.send_choices(session, wanted.content_id), settings.zone),
        groups=queries.problem_groups(session, wanted.content_id),
        is_cut=chosen.is_cut,
        health=health,
        settings=settings,
    )


@blueprint.get("/messages.csv")
@owners_only
def download() -> ResponseReturnValue:
    """Give the file of the messages that the page would show, all of them."""
    zone = portal_settings(reading()).zone
    day = current_clock().now().astimezone(zone)
    lines = _lines_of_file(asked_for(request.args), zone)
    answer = Response(stream_with_context(lines), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="messages-{day:%Y-%m-%d}.csv"'
    return answer


@blueprint.get("/messages/<int:message_id>")
def show(message_id: int) -> str:
    """Show everything that is known about one email."""
    record = queries.message_record(reading(), _message(message_id))
    names = user_names(reading(), actors(record.events))
    return render_template(
        "messages/message.html", record=record, entries=story(record.events, names)
    )


@blueprint.post("/messages/<int:message_id>/another-try")
@owners_only
def try_again(message_id: int) -> ResponseReturnValue:
    """Queue one message once more, as the owner has decided."""
    message = _message(message_id)
    name = message.recipient_name or message.recipient_email
    with unit_of_work(current_actor()) as work:
        is_queued = send_again(work, message_id)
    if is_queued:
        flash(f"The email to {name} is queued again.", "success")
    else:
        why = "it is on its way, another send has asked the person since, or it must not leave"
        flash(f"The email to {name} was not queued: {why}.", "error")
    if "one" in request.form:
        return redirect(url_for(".show", message_id=message_id), 303)
    return redirect(url_for(".index", **as_query(asked_for(request.form))), 303)


@blueprint.post("/messages/another-try")
@owners_only
def try_all_again() -> ResponseReturnValue:
    """Queue all messages of one state and reason once more, as the owner has decided."""
    form = SendAllAgainForm()
    if not form.validate_on_submit():
        abort(400)
    with unit_of_work(current_actor()) as work:
        count = send_all_again(
            work,
            state=form.chosen_state,
            reason=form.reason.data or "",
            content_id=form.batch.data,
        )
    if count:
        flash(f"{count:,} {'email is' if count == 1 else 'emails are'} queued again.", "success")
    else:
        why = "these emails are on their way, overtaken by another send, or must not leave"
        flash(f"Nothing was queued: {why}.", "error")
    return redirect(url_for(".index", batch=form.batch.data), 303)


@blueprint.post("/messages/mail-server/another-try")
@owners_only
def try_now() -> ResponseReturnValue:
    """Let the worker talk to the mail server at once."""
    _take_up_sending()
    flash("The mail server is tried again within seconds. Reload to see the outcome.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/messages/fence/reconciliation")
@owners_only
def reconcile() -> ResponseReturnValue:
    """Take for sent what is known to have left, and go on."""
    with unit_of_work(current_actor()) as work:
        count = fence.reconcile(work)
    flash(f"{count:,} {'email is' if count == 1 else 'emails are'} marked as sent.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/messages/fence/removal")
@owners_only
def lift_fence() -> ResponseReturnValue:
    """Go on with the database as it is."""
    with unit_of_work(current_actor()) as work:
        fence.lift(work)
    flash("Sending goes on with this database as it is.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/settings/mail/test")
@owners_only
@limiter.limit(TEST_MAILS_PER_CLIENT)
def send_test() -> ResponseReturnValue:
    """Send a test to the owner; one that is taken lets stopped sending go on."""
    trial = send_trial(
        portal_settings(reading()),
        recipient_name=visitor().name,
        recipient=visitor().email,
        now=current_clock().now(),
    )
    if trial.verdict is Verdict.DELIVERED:
        _take_up_sending()
    flash(trial.words, trial.verdict.value)
    return redirect(url_for(TESTED_FROM.get(request.form.get("back", ""), "settings.mail")), 303)


def _lines_of_file(wanted: MessageFilter, zone: ZoneInfo) -> Iterator[str]:
    # The view's own session is closed before the first line leaves, so this asks for another.
    session = reading()
    yield from csv_lines(COLUMNS, message_rows(session, selection(session, wanted), zone))


def _message(message_id: int) -> Message:
    return message_by_id(reading(), message_id) or abort(404)


def _take_up_sending() -> None:
    """Let sending go on that the mail server had stopped; a fence is lifted in its own way."""
    with unit_of_work(current_actor()) as work:
        if not is_fenced(work.session):
            record_working(work)
