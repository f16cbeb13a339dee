"""What the overview shows: the score, where it goes, what needs the owner, what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.batches.commands import missing_settings
from nps_portal.batches.queries import BatchLine, batch_lines
from nps_portal.contacts.queries import contact_count
from nps_portal.foundation import heartbeats
from nps_portal.insights.estimates import Estimate, change_sentence, difference, estimate
from nps_portal.insights.machines import MachineEffect, machine_effect
from nps_portal.insights.queries import (
    SMALLEST_PART,
    ResponseRate,
    Window,
    channels_in_use,
    clicked_count,
    counts_clicks,
    counts_of,
    distribution,
    distributions_between,
    distributions_by_channel,
    response_rate,
)
from nps_portal.nps import CategoryCounts
from nps_portal.outbox.models import RelayStatus
from nps_portal.outbox.queries import OutboxHealth, failed_since, outbox_health
from nps_portal.responses.models import Channel, Evidence, Response
from nps_portal.responses.periods import Period, last_months
from nps_portal.responses.queries import answered_by_batch, held_count, latest_responses
from nps_portal.segments.models import Segment
from nps_portal.segments.queries import member_query, rules_of

LATEST = 8
SENDS = 3
LATELY = timedelta(days=14)
COMPARED_DAYS = timedelta(days=90)
BEFORE_THAT = "the 90 days before"


@dataclass(frozen=True, kw_only=True)
class MonthScore:
    """The score of one calendar month."""

    period: Period
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class ChannelScore:
    """The score of the answers that came by one channel."""

    channel: Channel
    estimate: Estimate

    @property
    def is_hidden(self) -> bool:
        """Tell whether there are too few answers to show any score of them."""
        return self.estimate.counts.n < SMALLEST_PART


@dataclass(frozen=True, kw_only=True)
class Evidences:
    """What the answers of a score rest on: how many people sent one, how many only clicked.

    `sent` is the score of the sent answers alone, None where no click counts.
    """

    answered: int
    clicked: int
    sent: Estimate | None


@dataclass(frozen=True, kw_only=True)
class SendLine:
    """One send, and how many have answered it."""

    batch: BatchLine
    answered: int

    @property
    def answered_share(self) -> float | None:
        """Return the share of those it reached who have answered, None before the first."""
        return self.answered / self.batch.sent if self.batch.sent else None


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What somebody should look at today; `worker_seen_at` is None when there never was one.

    `failed_lately` counts two weeks: an address that failed a year ago needs nobody today.
    """

    held: int
    failed_lately: int
    outbox: OutboxHealth
    worker_seen_at: datetime | None
    worker_is_alive: bool
    missing_settings: Sequence[str]
    contacts: int
    has_sent: bool

    @property
    def mail_is_stuck(self) -> bool:
        """Tell whether the mail server does not take our mail."""
        return self.outbox.status is not RelayStatus.WORKING

    @property
    def set_up_is_done(self) -> bool:
        """Tell whether everything that a first send takes has happened."""
        return not self.missing_settings and self.contacts > 0 and self.has_sent

    @property
    def nothing(self) -> bool:
        """Tell whether all is well."""
        return (
            self.set_up_is_done
            and self.worker_is_alive
            and not self.mail_is_stuck
            and not (self.held or self.outbox.uncertain or self.failed_lately)
        )


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Everything on the overview; `change` says in words whether the last quarter differs.

    `segment` is whose answers alone count. `channel` is the one that is asked for, None for all;
    `channels` holds the score of each where
    there are several. `machines` is None where machines clicked nothing.
    """

    period: Period
    channel: Channel | None
    segment: Segment | None
    channels_in_use: Sequence[Channel]
    estimate: Estimate
    evidences: Evidences
    machines: MachineEffect | None
    channels: Sequence[ChannelScore]
    scores: Sequence[int]
    rate: ResponseRate
    months: Sequence[MonthScore]
    change: str
    needs: Needs
    latest: Sequence[Response]
    sends: Sequence[SendLine]

    @property
    def is_hidden(self) -> bool:
        """Tell whether a Segment has too few answers to show anything of them but their number."""
        return self.segment is not None and 0 < self.estimate.counts.n < SMALLEST_PART

    @property
    def is_first_visit(self) -> bool:
        """Tell whether nobody has been asked and nobody has answered."""
        return not self.latest and not self.sends


def overview(
    session: Session,
    settings: PortalSettings,
    period: Period,
    now: datetime,
    channel: Channel | None = None,
    segment: Segment | None = None,
) -> Overview:
    """Return the overview; the number of queries does not grow with the rows behind it."""
    people = member_query(session, rules_of(session, segment), now) if segment else None
    window = Window(since=period.since, until=period.until, channel=channel, people=people)
    scores = distribution(session, window)
    found = estimate(CategoryCounts.of_distribution(scores))
    used = channels_in_use(session)
    sends = _sends(session)
    return Overview(
        period=period,
        channel=channel,
        segment=segment,
        channels_in_use=used,
        estimate=found,
        evidences=_evidences(session, window, found),
        # Neither is told of a Segment.
        machines=None
        if segment
        else machine_effect(session, window, last_months(now, settings.zone, 1)[0]),
        channels=_channels(session, window) if len(used) > 1 and not (channel or segment) else [],
        scores=scores,
        rate=response_rate(session, window),
        months=_months(session, now, settings.zone, window),
        change=_change(session, now, window),
        needs=_needs(session, settings, now, has_sent=bool(sends)),
        latest=latest_responses(session, LATEST),
        sends=sends,
    )


def _evidences(session: Session, window: Window, found: Estimate) -> Evidences:
    sent = None
    if counts_clicks(session):
        sent = estimate(counts_of(session, replace(window, evidence=Evidence.SUBMITTED)))
    return Evidences(
        answered=(sent or found).counts.n,
        clicked=clicked_count(session, window),
        sent=sent,
    )


def _channels(session: Session, window: Window) -> list[ChannelScore]:
    found = distributions_by_channel(session, window)
    lines = [
        ChannelScore(
            channel=channel, estimate=estimate(CategoryCounts.of_distribution(found[channel]))
        )
        for channel in Channel
        if channel in found
    ]
    return lines if len(lines) > 1 else []


def _months(session: Session, now: datetime, zone: ZoneInfo, window: Window) -> list[MonthScore]:
    months = last_months(now, zone)
    starts = [month.since for month in months if month.since is not None]
    ends = [month.until for month in months if month.until is not None]
    found = distributions_between(session, [*starts, ends[-1]], window)
    return [
        MonthScore(period=month, estimate=estimate(CategoryCounts.of_distribution(scores)))
        for month, scores in zip(months, found, strict=True)
    ]


def _change(session: Session, now: datetime, window: Window) -> str:
    """Compare the last 90 days with the 90 before; empty while there is no former answer."""
    # The end lies ahead, because the span is half-open and an answer may be of this very second.
    boundaries = [now - 2 * COMPARED_DAYS, now - COMPARED_DAYS, now + timedelta(minutes=1)]
    former, latter = (
        CategoryCounts.of_distribution(scores)
        for scores in distributions_between(session, boundaries, window)
    )
    fewest = 1 if window.people is None else SMALLEST_PART
    if former.n < fewest or latter.n < fewest:
        return ""
    words = change_sentence(difference(former, latter), BEFORE_THAT)
    return f"Last 90 days: {words[0].lower()}{words[1:]}"


def _needs(session: Session, settings: PortalSettings, now: datetime, *, has_sent: bool) -> Needs:
    seen_at = heartbeats.last_beat(session, heartbeats.WORKER_NAME)
    return Needs(
        held=held_count(session),
        failed_lately=failed_since(session, now - LATELY),
        outbox=outbox_health(session),
        worker_seen_at=seen_at,
        worker_is_alive=seen_at is not None and now - seen_at < heartbeats.MISSED_AFTER,
        missing_settings=missing_settings(settings),
        contacts=contact_count(session),
        has_sent=has_sent,
    )


def _sends(session: Session) -> list[SendLine]:
    lines = batch_lines(session, SENDS)
    answered = answered_by_batch(session, [line.batch.id for line in lines])
    return [SendLine(batch=line, answered=answered.get(line.batch.id, 0)) for line in lines]
