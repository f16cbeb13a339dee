"""Pages of responses: the inbox, one response, and its place in the score."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.paging import page_links
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses import commands, inbox, queries
from nps_portal.responses.history import history
from nps_portal.responses.inbox import InboxAddress
from nps_portal.responses.models import Response
from nps_portal.responses.visit_lines import VisitLine, visit_line
from nps_portal.surveys.queries import active_surveys, survey_by_id

blueprint = Blueprint("responses", __name__)


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
        links=page_links(
            found.place, lambda page: url_for(".index", **address.on_page(page).arguments())
        ),
        none_at_all=not found.place.total and address.filters_nothing,
        categories=inbox.CATEGORIES,
        states=inbox.STATES,
        comments=inbox.COMMENTS,
        scores=inbox.SCORE_CHOICES,
        answers=inbox.ANSWERS,
        periods=inbox.period_choices(address.period, now, zone),
        surveys=_survey_choices(),
    )


@blueprint.get("/responses/<int:response_id>")
def show(response_id: int) -> ResponseReturnValue:
    """Show a Response with its story and its evidence."""
    response = _response(response_id)
    return render_template(
        "responses/show.html",
        response=response,
        survey=survey_by_id(reading(), response.survey_id),
        entries=history(reading(), response),
        visits=_visits(response),
    )


@blueprint.post("/responses/<int:response_id>/exclusion")
def exclude(response_id: int) -> ResponseReturnValue:
    """Take a Response out of the score."""
    _response(response_id)
    with unit_of_work(current_actor()) as work:
        commands.exclude_response(work, response_id)
    return redirect(url_for(".show", response_id=response_id), 303)


@blueprint.post("/responses/<int:response_id>/inclusion")
def count(response_id: int) -> ResponseReturnValue:
    """Count a Response that was held or taken out."""
    _response(response_id)
    with unit_of_work(current_actor()) as work:
        commands.count_response(work, response_id)
    return redirect(url_for(".show", response_id=response_id), 303)


def _response(response_id: int) -> Response:
    response = queries.response_by_id(reading(), response_id)
    if response is None:
        abort(404)
    return response


def _visits(response: Response) -> list[VisitLine]:
    if response.invitation_id is None:
        return []
    return [visit_line(visit) for visit in queries.visits(reading(), response.invitation_id)]


def _survey_choices() -> list[inbox.Choice]:
    surveys = active_surveys(reading())
    return [("", "All surveys"), *((str(survey.id), survey.title) for survey in surveys)]
