"""The overview."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.row_ids import row_id
from nps_portal.insights.charts import distribution_chart, share_bar
from nps_portal.insights.first_steps import first_steps
from nps_portal.insights.overview import MonthScore, Overview, overview
from nps_portal.insights.queries import SMALLEST_PART
from nps_portal.insights.score import DEFAULT_PERIOD
from nps_portal.insights.trend_charts import TrendChart, TrendPoint, trend_chart
from nps_portal.nps import SCORES, Category
from nps_portal.responses.labels import channel_words
from nps_portal.responses.models import Channel
from nps_portal.responses.periods import ALL_TIME, Period, period_of
from nps_portal.segments.models import Segment
from nps_portal.segments.queries import segment_by_id, segments

PERIODS = ("90d", "12m", ALL_TIME)

blueprint = Blueprint("overview", __name__)


@dataclass(frozen=True, kw_only=True)
class PeriodTab:
    """One period to switch to."""

    label: str
    url: str
    current: bool


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Show where the business stands with its customers, and what there is to do."""
    session, now = reading(), current_clock().now()
    settings = portal_settings(session)
    asked_for = request.args.get("period", DEFAULT_PERIOD)
    key = asked_for if asked_for in PERIODS else DEFAULT_PERIOD
    channel = {one.value: one for one in Channel}.get(request.args.get("channel", ""))
    segment = _segment()
    shown = overview(session, settings, period_of(key, now, settings.zone), now, channel, segment)
    if shown.is_first_visit:
        return render_template(
            "insights/first_visit.html", steps=first_steps(shown.needs), needs=shown.needs
        )
    return render_template(
        "insights/overview.html",
        overview=shown,
        needs=shown.needs,
        tabs=[_tab(period_of(one, now, settings.zone), key, shown) for one in PERIODS],
        channels=_channel_choices(shown),
        segments=_segment_choices(),
        shares=share_bar(shown.estimate.counts),
        bars_chart=distribution_chart(shown.scores),
        trend=_trend(shown),
        urls=_answer_urls(shown),
    )


def _segment() -> Segment | None:
    """Return the Segment that is asked for; one that is gone must not become everybody."""
    asked_for = request.args.get("segment", "")
    if not asked_for:
        return None
    return segment_by_id(reading(), request.args.get("segment", 0, type=row_id)) or abort(404)


def _tab(period: Period, chosen: str, shown: Overview) -> PeriodTab:
    channel, segment = shown.channel, shown.segment
    return PeriodTab(
        label=period.label,
        url=url_for(
            ".index",
            period=period.key,
            channel=channel.value if channel else None,
            segment=segment.id if segment else None,
        ),
        current=period.key == chosen,
    )


def _segment_choices() -> list[tuple[str, str]]:
    """Return the segments to choose from, nothing where there is none."""
    found = [(str(one.id), one.name) for one in segments(reading())]
    return [("", "Everybody"), *found] if found else []


def _channel_choices(shown: Overview) -> list[tuple[str, str]]:
    """Return the channels to choose from, nothing where there is no choice."""
    used = [one for one in Channel if one in shown.channels_in_use or one is shown.channel]
    if len(used) < 2 and shown.channel is None:
        return []
    return [("", "However it came"), *((one.value, channel_words(one)) for one in used)]


def _answers(period: Period, channel: Channel | None, state: str = "counted", **more: Any) -> str:
    """Return where the answers are of which a figure of the period is made."""
    return url_for(
        "responses.index",
        period=period.key,
        channel=channel.value if channel else None,
        state=state,
        answers="latest",
        **more,
    )


def _answer_urls(shown: Overview) -> dict[str, str]:
    """Return the answers behind each figure: of all, of a category, of a score, of an evidence."""
    if shown.segment:
        # The list of answers knows no segments, and would show others than were counted.
        return {}
    place = (shown.period, shown.channel)
    return {
        "all": _answers(*place),
        "answered": _answers(*place, state="answered"),
        "clicked": _answers(*place, state="clicked"),
        "machines": url_for("machines.index", period=shown.period.key),
        **{one.value: _answers(*place, category=one.value) for one in Category},
        **{str(score): _answers(*place, score=str(score)) for score in SCORES},
        **{one.channel.value: _answers(shown.period, one.channel) for one in shown.channels},
    }


def _trend(shown: Overview) -> TrendChart:
    return trend_chart([_trend_point(month, shown) for month in shown.months])


def _trend_point(month: MonthScore, shown: Overview) -> TrendPoint:
    found = month.estimate
    if shown.segment and found.counts.n < SMALLEST_PART:
        return TrendPoint(
            label=month.period.short_label, value=None, low=None, high=None, n=found.counts.n
        )
    return TrendPoint(
        label=month.period.short_label,
        value=found.nps,
        low=found.interval.low if found.interval else None,
        high=found.interval.high if found.interval else None,
        n=found.counts.n,
        url=_answers(month.period, shown.channel) if found.counts.n and not shown.segment else None,
    )
