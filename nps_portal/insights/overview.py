"""What the overview shows: the score, where it goes, what needs the owner, what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.batches.commands import missing_settings
from nps_portal.batches.queries import BatchLine, batch_lines
from nps_portal.contacts.queries import contact_count
from nps_portal.foundation import heartbeats
from nps_portal.insights.estimates import Estimate, change_sentence, difference, estimate
from nps_portal.insights.queries import (
    ResponseRate,
    Window,
    distribution,
    distributions_between,
    response_rate,
)
from nps_portal.nps import CategoryCounts
from nps_portal.outbox.models import RelayStatus
from nps_portal.outbox.queries import OutboxHealth, failed_since, outbox_health
from nps_portal.responses.models import Response
from nps_portal.responses.periods import Period, last_months
from nps_portal.responses.queries import answered_by_batch, held_count, latest_responses

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
    """Everything on the overview; `change` says in words whether the last quarter differs."""

    period: Period
    estimate: Estimate
    scores: Sequence[int]
    rate: ResponseRate
    months: Sequence[MonthScore]
    change: str
    needs: Needs
    latest: Sequence[Response]
    sends: Sequence[SendLine]

    @property
    def is_first_visit(self) -> bool:
        """Tell whether nobody has been asked and nobody has answered."""
        return not self.latest and not self.sends


def overview(session: Session, settings: PortalSettings, period: Period, now: datetime) -> Overview:
    """Return the overview; the number of queries does not grow with the rows behind it."""
    window = Window(since=period.since, until=period.until)
    scores = distribution(session, window)
    sends = _sends(session)
    return Overview(
        period=period,
        estimate=estimate(CategoryCounts.of_distribution(scores)),
        scores=scores,
        rate=response_rate(session, window),
        months=_months(session, now, settings.zone),
        change=_change(session, now),
        needs=_needs(session, settings, now, has_sent=bool(sends)),
        latest=latest_responses(session, LATEST),
        sends=sends,
    )


def _months(session: Session, now: datetime, zone: ZoneInfo) -> list[MonthScore]:
    months = last_months(now, zone)
    starts = [month.since for month in months if month.since is not None]
    ends = [month.until for month in months if month.until is not None]
    found = distributions_between(session, [*starts, ends[-1]])
    return [
        MonthScore(period=month, estimate=estimate(CategoryCounts.of_distribution(scores)))
        for month, scores in zip(months, found, strict=True)
    ]


def _change(session: Session, now: datetime) -> str:
    """Compare the last 90 days with the 90 before; empty while there is no former answer."""
    # The end lies ahead, because the span is half-open and an answer may be of this very second.
    boundaries = [now - 2 * COMPARED_DAYS, now - COMPARED_DAYS, now + timedelta(minutes=1)]
    former, latter = (
        CategoryCounts.of_distribution(scores)
        for scores in distributions_between(session, boundaries)
    )
    if not former.n or not latter.n:
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
