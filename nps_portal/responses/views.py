"""Pages of responses: the inbox, one response, and its place in the score."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.contacts.erasures import ContactErased
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.csv_files import csv_lines
from nps_portal.foundation.database import reading
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.row_ids import row_id
from nps_portal.foundation.work import Work, unit_of_work
from nps_portal.responses import commands, inbox, queries
from nps_portal.responses.export import COLUMNS, response_rows
from nps_portal.responses.further import further_answers
from nps_portal.responses.history import history
from nps_portal.responses.inbox import InboxAddress
from nps_portal.responses.labels import channel_words, evidence_words, quoting_words
from nps_portal.responses.models import Response, ResponseRevision, ResponseState
from nps_portal.responses.queries import ResponseFilter
from nps_portal.responses.reviewing import NewerAnswer
from nps_portal.responses.standing import said_in
from nps_portal.surveys.queries import active_surveys, survey_by_id
from nps_portal.visits.lines import VisitLine, visit_line
from nps_portal.visits.queries import visits
from nps_portal.visits.reasons import rule_words

INBOX = "inbox"

blueprint = Blueprint("responses", __name__)
blueprint.add_app_template_filter(channel_words)
blueprint.add_app_template_filter(evidence_words)
blueprint.add_app_template_filter(quoting_words)


@blueprint.get("/responses")
def index() -> ResponseReturnValue:
    """Show the inbox as its address asks for it."""
    now, zone = current_clock().now(), portal_settings(reading()).zone
    address = InboxAddress.of(request.args)
    found = queries.response_page(reading(), address.to_filter(now, zone))
    return render_template(
        "responses/index.html",
        address=address,
        page=found,
        newest_held=inbox.newest_held(reading(), [one.id for one in found.responses]),
        links=page_links(
            found.place, lambda page: url_for(".index", **address.on_page(page).arguments())
        ),
        none_at_all=not found.place.total and address.filters_nothing,
        categories=inbox.CATEGORIES,
        states=inbox.STATES,
        channels=inbox.CHANNELS,
        comments=inbox.COMMENTS,
        scores=inbox.SCORE_CHOICES,
        answers=inbox.ANSWERS,
        periods=inbox.period_choices(address.period, now, zone),
        surveys=_survey_choices(),
    )


@blueprint.get("/responses/export.csv")
@owners_only
def download() -> ResponseReturnValue:
    """Give the file of the answers that the inbox would show, those of all its pages."""
    now, zone = current_clock().now(), portal_settings(reading()).zone
    lines = _lines_of_file(InboxAddress.of(request.args).to_filter(now, zone))
    answer = current_app.response_class(stream_with_context(lines), mimetype="text/csv")
    name = f"answers-{now.astimezone(zone):%Y-%m-%d}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.get("/responses/<int:response_id>")
def show(response_id: int) -> ResponseReturnValue:
    """Show a Response with its story and its evidence."""
    # Asked before the rest: what arrives in between must not pass for seen.
    newest_held = inbox.newest_held(reading(), [response_id]).get(response_id, 0)
    response = _response(response_id)
    survey = survey_by_id(reading(), response.survey_id)
    languages = [survey.language if survey else "", response.language]
    return render_template(
        "responses/show.html",
        response=response,
        survey=survey,
        entries=history(reading(), response),
        visits=_visits(response),
        reasons=[rule_words(name) for name in response.marks.get("rules", ())],
        held_change=_held_change(response),
        newest_held=newest_held,
        further=further_answers(reading(), response_id, languages),
    )


@blueprint.post("/responses/<int:response_id>/exclusion")
def exclude(response_id: int) -> ResponseReturnValue:
    """Take a Response out of the score."""
    return _decide(response_id, commands.exclude_response)


@blueprint.post("/responses/<int:response_id>/inclusion")
def count(response_id: int) -> ResponseReturnValue:
    """Count a Response that was held or taken out."""
    return _decide(response_id, partial(commands.count_response, seen=_seen()))


@blueprint.post("/responses/<int:response_id>/acceptance")
def accept(response_id: int) -> ResponseReturnValue:
    """Let what was held be in force."""
    return _decide(response_id, partial(commands.accept_response, seen=_seen()))


@blueprint.post("/responses/<int:response_id>/rejection")
def reject(response_id: int) -> ResponseReturnValue:
    """Keep out what was held: it was a machine."""
    return _decide(response_id, partial(commands.reject_response, seen=_seen()))


def _decide(response_id: int, act: Callable[[Work, int], None]) -> ResponseReturnValue:
    """Do it, unless it is about what was not seen, and go back to where the button stood."""
    _response(response_id)
    try:
        with unit_of_work(current_actor()) as work:
            act(work, response_id)
    except (NewerAnswer, ContactErased) as fault:
        flash(str(fault), "error")
    if request.form.get("back") == INBOX:
        return redirect(url_for(".index", **InboxAddress.of(request.form).arguments()), 303)
    return redirect(url_for(".show", response_id=response_id), 303)


def _seen() -> int:
    """Return the newest held revision that the page with the button has shown, 0 for none."""
    return request.form.get("seen", default=0, type=row_id)


def _lines_of_file(wanted: ResponseFilter) -> Iterator[str]:
    # The view's own session is closed before the first line leaves, so this asks for another.
    yield from csv_lines(COLUMNS, response_rows(reading(), wanted))


def _response(response_id: int) -> Response:
    response = queries.response_by_id(reading(), response_id)
    if response is None:
        abort(404)
    return response


def _held_change(response: Response) -> ResponseRevision | None:
    """Return the change that waits for a look beside an answer that counts, None without one."""
    if response.state is ResponseState.HELD or not response.marks.get("held_revision"):
        return None
    waiting = said_in(response, queries.revisions(reading(), response.id)).waiting
    return waiting[-1] if waiting else None


def _visits(response: Response) -> list[VisitLine]:
    if response.invitation_id is None:
        return []
    return [visit_line(visit) for visit in visits(reading(), response.invitation_id)]


def _survey_choices() -> list[inbox.Choice]:
    surveys = active_surveys(reading())
    return [("", "All surveys"), *((str(survey.id), survey.title) for survey in surveys)]
