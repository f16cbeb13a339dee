"""The page of what a Survey counts as an answer."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from nps_portal.accounts.guards import current_actor, owners_only
from nps_portal.foundation.work import unit_of_work
from nps_portal.responses.reviewing import recount_clicks
from nps_portal.surveys.commands import change_counting
from nps_portal.surveys.settings_forms import CountingForm
from nps_portal.surveys.shared_pages import saved, settings_page, survey_or_404

blueprint = Blueprint("counting", __name__)


@blueprint.get("/surveys/<int:survey_id>/counting")
@owners_only
def edit(survey_id: int) -> ResponseReturnValue:
    """Show which answers count, and how machines are told apart."""
    survey = survey_or_404(survey_id)
    return settings_page("surveys/counting.html", survey, form=CountingForm.of(survey))


@blueprint.post("/surveys/<int:survey_id>/counting")
@owners_only
def save(survey_id: int) -> ResponseReturnValue:
    """Store the rules, and judge the clicks that are there by them."""
    survey = survey_or_404(survey_id)
    form = CountingForm.of(survey)
    if not form.validate_on_submit():
        return settings_page("surveys/counting.html", survey, form=form), 422
    with unit_of_work(current_actor()) as work:
        change_counting(work, survey_id, form.to_rules())
        recount_clicks(work, survey_id)
    return saved(".edit", survey_id, "Saved. The score is counted by these rules from now on.")
