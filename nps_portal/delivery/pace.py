"""How fast emails may leave: a rate, a plan for warming a new sender up, and the domains' manners.

The database counts for all workers together, by the clock on the wall; each worker counts for
itself as well, by a clock that nobody can set, so that a jump of the former lets no flood out.
"""

import time
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.work import Work
from nps_portal.outbox.models import Message, MessageState

MINUTE = 60.0
# Clocks of several machines differ by less than this.
AHEAD = timedelta(minutes=1)
WARM_UP_DAYS = 30
WARM_UP_GROWTH = 1.5
# A domain that asks us to slow down this often is left alone for a while, and longer each time.
PATIENCE = 3
FIRST_REST_SECONDS = 60.0
LONGEST_REST_SECONDS = 1800.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The limits in force; 0 sets none. `daily` is what today's warming up allows, if any."""

    per_minute: int
    domain_per_minute: int
    domain_connections: int
    daily: int | None
    day_began: datetime


def pace_in_force(settings: PortalSettings, per_minute: int, now: datetime) -> Pace:
    """Return the limits of this moment."""
    zone = ZoneInfo(settings.time_zone)
    today = now.astimezone(zone)
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    return Pace(
        per_minute=per_minute,
        domain_per_minute=settings.domain_rate_per_minute,
        domain_connections=settings.domain_connections,
        daily=warm_up_allowance(settings.warm_up_per_day, settings.warm_up_since, today.date()),
        day_began=midnight.astimezone(UTC),
    )


def warm_up_allowance(per_day: int, since: str, today: date) -> int | None:
    """Return how many emails may leave today; None when nothing is being warmed up.

    The first day has `per_day`, each further day half as many again, and the thirtieth is the last.
    """
    if not per_day or not since:
        return None
    day = max(0, (today - date.fromisoformat(since)).days)
    return None if day >= WARM_UP_DAYS else int(per_day * WARM_UP_GROWTH**day)


def allowance(work: Work, pace: Pace, wanted: int) -> int:
    """Return how many of the wanted messages may be claimed now, over all workers."""
    if pace.per_minute or pace.daily is not None:
        # Two workers that counted side by side would each use up the whole rate.
        lock_for_transaction(work.session, "mail rate")
    if pace.per_minute:
        wanted = min(wanted, pace.per_minute - _used(work, work.now - timedelta(minutes=1)))
    if pace.daily is not None:
        wanted = min(wanted, pace.daily - _used(work, pace.day_began))
    return max(0, wanted)


def _used(work: Work, since: datetime) -> int:
    """Return how many have left since then or are on their way.

    What a clock that was ahead has dated into the future would stop the sending until then.
    """
    left = sa.and_(Message.committed_at > since, Message.committed_at < work.now + AHEAD)
    used = work.session.scalar(
        sa.select(sa.func.count())
        .select_from(Message)
        .where(sa.or_(left, Message.state == MessageState.CLAIMED))
    )
    return int(used or 0)


class Manners:
    """What one worker remembers of its last minute, and of the domains that asked for rest."""

    def __init__(self) -> None:
        self._left: deque[tuple[float, str]] = deque()
        self._by_domain: Counter[str] = Counter()
        self._complaints: Counter[str] = Counter()
        self._rests: dict[str, tuple[float, float]] = {}

    def asks(self, domain: str) -> None:
        """Count an email that the mail server is asked to take now."""
        self._left.append((time.monotonic(), domain))
        self._by_domain[domain] += 1

    def room_in_minute(self, per_minute: int) -> int | None:
        """Return how many more may leave within this minute; None when there is no limit."""
        self._forget()
        return max(0, per_minute - len(self._left)) if per_minute else None

    def seconds_to_wait(self, domain: str, pace: Pace) -> float:
        """Return how long a domain is to be left alone; 0 when it may be written to now."""
        now = time.monotonic()
        until, _ = self._rests.get(domain, (0.0, 0.0))
        if until > now:
            return until - now
        self._forget()
        if pace.domain_per_minute and self._by_domain[domain] >= pace.domain_per_minute:
            oldest = next(at for at, one in self._left if one == domain)
            return oldest + MINUTE - now
        return 0.0

    def asked_to_slow_down(self, domain: str) -> None:
        """Remember that a domain finds us too fast; several times in a row gives it a rest."""
        self._complaints[domain] += 1
        if self._complaints[domain] >= PATIENCE:
            _, former = self._rests.get(domain, (0.0, 0.0))
            rest = min(former * 2, LONGEST_REST_SECONDS) or FIRST_REST_SECONDS
            self._rests[domain] = (time.monotonic() + rest, rest)
            self._complaints[domain] = 0

    def was_content(self, domain: str) -> None:
        """Remember that a domain took an email."""
        if domain in self._complaints or domain in self._rests:
            del self._complaints[domain]
            self._rests.pop(domain, None)

    def _forget(self) -> None:
        """Forget what left more than a minute ago."""
        begin = time.monotonic() - MINUTE
        while self._left and self._left[0][0] < begin:
            _, domain = self._left.popleft()
            self._by_domain[domain] -= 1
            if not self._by_domain[domain]:
                del self._by_domain[domain]
