"""Messages that need a person, the state of the mail server, and the test of its settings."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only, visitor
from nps_portal.accounts.limits import TEST_MAILS_PER_CLIENT, limiter
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import unit_of_work
from nps_portal.outbox import commands, queries
from nps_portal.outbox.mail_server import record_working
from nps_portal.outbox.paging import PAGE_SIZE, ShownPage, offset_of, shown_page
from nps_portal.outbox.trial import Verdict, send_trial

blueprint = Blueprint("outbox", __name__)

# The pages with a test button; a form could ask for any other, and is not believed.
TESTED_FROM = {"settings": "settings.mail", "set-up": "settings.set_up_mail"}


@blueprint.get("/messages")
def index() -> ResponseReturnValue:
    """Show the uncertain and failed messages, and how the mail server is doing."""
    number = request.args.get("page", 1, type=int)
    found = queries.problems(reading(), PAGE_SIZE + 1, offset_of(number))
    health = queries.outbox_health(reading())
    return render_template(
        "outbox/messages.html",
        problems=found[:PAGE_SIZE],
        health=health,
        settings=portal_settings(reading()),
        page=_page(number, len(found), health),
        is_owner=visitor().is_owner,
    )


@blueprint.post("/messages/<int:message_id>/another-try")
@owners_only
def send_again(message_id: int) -> ResponseReturnValue:
    """Queue one message once more, as the owner has decided."""
    message = queries.message_by_id(reading(), message_id) or abort(404)
    name = message.recipient_name or message.recipient_email
    with unit_of_work(current_actor()) as work:
        is_queued = commands.send_again(work, message_id)
    if is_queued:
        flash(f"The email to {name} is queued again.", "success")
    else:
        flash(f"The email to {name} was not queued: it is on its way, or cancelled.", "error")
    return redirect(url_for("outbox.index"), 303)


@blueprint.post("/messages/mail-server/another-try")
@owners_only
def try_now() -> ResponseReturnValue:
    """Let the worker talk to the mail server at once."""
    with unit_of_work(current_actor()) as work:
        record_working(work)
    flash("The mail server is tried again within seconds. Reload to see the outcome.", "success")
    return redirect(url_for("outbox.index"), 303)


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
        with unit_of_work(current_actor()) as work:
            record_working(work)
    flash(trial.words, trial.verdict.value)
    return redirect(url_for(TESTED_FROM.get(request.form.get("back", ""), "settings.mail")), 303)


def _page(number: int, found: int, health: queries.OutboxHealth) -> ShownPage:
    return shown_page(
        number,
        found,
        health.uncertain + health.failed,
        lambda page: url_for("outbox.index", page=page),
    )
