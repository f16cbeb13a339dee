"""The page of the machines: what they opened, and what the score would read with them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.insights.machines import machine_report
from nps_portal.insights.queries import Window
from nps_portal.insights.score import DEFAULT_PERIOD
from nps_portal.insights.views import PERIODS, PeriodTab
from nps_portal.responses.periods import Period, last_months, period_of

blueprint = Blueprint("machines", __name__)


@blueprint.get("/insights/machines")
def index() -> ResponseReturnValue:
    """Show what machines opened, and what the score would read with their clicks."""
    now, zone = current_clock().now(), portal_settings(reading()).zone
    period = period_of(request.args.get("period", DEFAULT_PERIOD), now, zone)
    return render_template(
        "insights/machines.html",
        period=period,
        tabs=_tabs(period, now, zone),
        report=machine_report(reading(), Window(since=period.since, until=period.until)),
        answers_url=url_for(
            "responses.index", period=period.key, state="counted", answers="latest"
        ),
    )


def _tabs(chosen: Period, now: datetime, zone: ZoneInfo) -> list[PeriodTab]:
    """Return the present month, the usual periods, and the one that is shown."""
    offered = [*last_months(now, zone, 1), *(period_of(key, now, zone) for key in PERIODS)]
    if chosen.key not in {period.key for period in offered}:
        offered.insert(0, chosen)
    return [
        PeriodTab(
            label=period.label,
            url=url_for(".index", period=period.key),
            current=period.key == chosen.key,
        )
        for period in offered
    ]
