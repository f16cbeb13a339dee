"""One turn of delivery: many lanes side by side, in one thread, with one book for all.

Each round waits until some lanes have something to say, and then one short transaction settles
every message that has ended, passes the commit point for every one that may leave, and claims the
next. No transaction is open while a lane talks.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from nps_portal.delivery import ledger
from nps_portal.delivery.lanes import Lanes
from nps_portal.delivery.pace import Manners, Pace, allowance
from nps_portal.delivery.pool import Pool
from nps_portal.delivery.press import Press
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import WORKER, Work, unit_of_work
from nps_portal.mail.introduction import CannotCarry
from nps_portal.mail.lane import Lane
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Finished, Parcel
from nps_portal.outbox import claims
from nps_portal.outbox.claims import Claim
from nps_portal.outbox.settling import record_outcomes
from nps_portal.outbox.transport import Relay, RelayUnavailable

CLAIMS_A_LANE = 25
MESSAGES_A_LANE = 5
TURN_SECONDS = 60.0
DRAIN_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 0.5
RECORD_ATTEMPTS = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a turn goes by: the mail server, how many lanes, how fast, and the word to stop."""

    relay: Relay
    connections: int
    pace: Pace
    owner: str
    stopping: threading.Event


class Dispatch:
    """Delivers what is due until nothing is, the time is over, or the mail server fails.

    A lane whose server is silent holds up no other: they go on while `is_in_force` says that the
    turn is what it would be if it began now.

    `tried` counts the messages that have ended or were put off, `trouble` is what ended the turn,
    `unsettled` what the database would not take: only this process knows it.
    """

    def __init__(
        self, turn: Turn, press: Press, manners: Manners, is_in_force: Callable[[], bool]
    ) -> None:
        self._turn = turn
        self._is_in_force = is_in_force
        self._press = press
        self._manners = manners
        self._pool = Pool(turn.pace, manners)
        self._lanes = Lanes(turn.relay, turn.connections)
        self._finished: list[Finished[Claim]] = []
        self._returned: list[Claim] = []
        self._resting: list[tuple[float, list[Claim]]] = []
        self._looks_again_at = 0.0
        self._failed_books = 0
        self._ends_at = time.monotonic() + TURN_SECONDS
        self.tried = 0
        self.trouble: PortalError | None = None
        self.unsettled: list[Finished[Claim]] = []

    @property
    def has_worked(self) -> bool:
        """Whether the mail server has greeted us at all."""
        return self._lanes.has_worked

    def run(self) -> None:
        """Deliver; whatever ends the turn, nothing stays in hand.

        :raises DatabaseUnavailable: it was busy too long.
        """
        try:
            self._keep_books()
            while self._goes_on():
                self._introduce()
                self._finished += self._lanes.attend(self._patience())
                self._keep_books()
        finally:
            self._finished += self._lanes.close()
            self._returned += self._pool.empty()
            self._settle_all()
        self.trouble = self.trouble or self._lanes.trouble

    @property
    def _is_ending(self) -> bool:
        """Whether no further message is to begin."""
        return (
            self._turn.stopping.is_set()
            or self.trouble is not None
            or self._lanes.trouble is not None
        )

    def _goes_on(self) -> bool:
        if any(lane.is_open and not lane.is_idle for lane in self._lanes):
            return True
        if self._finished or self._returned:
            return True
        return not self._is_ending and len(self._pool) > 0

    def _patience(self) -> float:
        waits = any(not lane.is_idle for lane in self._lanes) or self._lanes.is_opening
        return LONGEST_WAIT_SECONDS if waits or len(self._pool) else 0.0

    def _introduce(self) -> None:
        """Put the next message on every idle lane, and have as many lanes as it takes."""
        if self._is_ending:
            return
        busy = sum(not lane.is_idle for lane in self._lanes)
        self._lanes.want(math.ceil((busy + len(self._pool)) / MESSAGES_A_LANE))
        for lane in self._lanes:
            while lane.is_idle and (parcel := self._next_parcel()):
                try:
                    lane.introduce(parcel)
                except CannotCarry as error:
                    self._refuse(parcel.ticket, str(error))

    def _next_parcel(self) -> Parcel[Claim] | None:
        """Return the next message ready to leave; what cannot be an email is finished here."""
        while not self._is_ending and (claim := self._pool.take()):
            if not self._is_fresh(claim):
                self._pool.done(claim)
                self._give_back([claim])
                return None
            made = self._press.parcel(claim)
            if isinstance(made, Parcel):
                # Counted before it is known whether the server takes it: it is asked either way.
                self._manners.asks(claim.domain)
                return made
            self._finished.append(made)
        return None

    def _give_back(self, claimed: list[Claim]) -> None:
        """Let go of these and of all that wait; what may still leave is claimed anew."""
        self._returned += [*claimed, *self._pool.empty()]
        self._looks_again_at = 0.0

    def _is_fresh(self, claim: Claim) -> bool:
        """Tell whether enough of the lease is left; else the dot would be refused at the end."""
        return claim.lease_until - current_clock().now() > claims.LEASE / 4

    def _refuse(self, claim: Claim, reply: str) -> None:
        outcome = Outcome(kind=OutcomeKind.NEVER, stage=Stage.MAIL, reply=reply)
        self._finished.append(Finished(ticket=claim, outcome=outcome))

    def _keep_books(self) -> None:
        """Settle what has ended, let leave what may, and claim the next: one transaction."""
        ready = self._ready()
        wanted = self._wanted()
        self._resting += self._pool.resting()
        if not (ready or self._finished or self._returned or self._resting or wanted):
            return
        try:
            with unit_of_work(WORKER) as work:
                self._settle(work)
                passed = claims.pass_commit_point(work, [claim for _, claim in ready])
                more = self._claim(work, wanted)
        except DatabaseUnavailable as error:
            self._wait_for_database(error)
            return
        self._after_books()
        self._pool.add(more)
        self._say_dots(ready, passed, work)

    def _ready(self) -> list[tuple[Lane[Claim], Claim]]:
        """Return the lanes at the commit point, or none of them when all is to stop."""
        at_point = [(lane, lane.at_commit_point) for lane in self._lanes]
        found = [(lane, claim) for lane, claim in at_point if claim is not None]
        if self._turn.stopping.is_set():
            for lane, _ in found:
                lane.abandon()
            return []
        return found

    def _wanted(self) -> int:
        """Return how many messages to claim now."""
        full = self._turn.connections * CLAIMS_A_LANE
        if self._is_ending or time.monotonic() < self._looks_again_at or self._is_over():
            return 0
        return full - len(self._pool) if len(self._pool) < full / 4 else 0

    def _is_over(self) -> bool:
        """Tell whether the time is over; it begins anew while a lane waits long for an answer."""
        now = time.monotonic()
        if now > self._ends_at + DRAIN_SECONDS and self._is_in_force():
            self._ends_at = now + TURN_SECONDS
        return now > self._ends_at

    def _settle(self, work: Work) -> None:
        if record_outcomes(work, self._finished):
            self._give_back([])
        claims.release(work, self._returned)
        for seconds, resting in self._resting:
            claims.postpone(work, resting, work.now + timedelta(seconds=seconds))

    def _claim(self, work: Work, wanted: int) -> list[Claim]:
        if not wanted:
            return []
        room = self._manners.room_in_minute(self._turn.pace.per_minute)
        here = wanted if room is None else min(wanted, room - len(self._pool))
        allowed = allowance(work, self._turn.pace, here)
        more = list(claims.claim(work, self._turn.owner, allowed))
        if len(more) < wanted:
            self._looks_again_at = time.monotonic() + LOOK_AGAIN_SECONDS
        self._press.learn(work, more)
        return more

    def _after_books(self) -> None:
        """Forget what is settled, and draw the lessons from it."""
        self._failed_books = 0
        for one in self._finished:
            self._pool.done(one.ticket)
            self.tried += one.outcome.kind is not OutcomeKind.ABANDONED
            if (one.outcome.enhanced or "").startswith("4.7."):
                self._manners.asked_to_slow_down(one.ticket.domain)
            elif one.outcome.kind is OutcomeKind.SENT:
                self._manners.was_content(one.ticket.domain)
        self._finished, self._returned, self._resting = [], [], []

    def _say_dots(
        self, ready: list[tuple[Lane[Claim], Claim]], passed: set[int], work: Work
    ) -> None:
        """Let the messages leave that have passed; the others stop here."""
        leaving = [claim for _, claim in ready if claim.message_id in passed]
        try:
            ledger.write_lines(leaving, work.now)
        except OSError as error:
            self.trouble = RelayUnavailable(f"The sending journal cannot be written: {error}.")
            leaving, passed = [], set()
        if len(leaving) < len(ready):
            # What stopped one may have stopped its neighbours; those that may leave come back.
            self._give_back([])
        for lane, claim in ready:
            if claim.message_id not in passed:
                lane.abandon()
                continue
            lane.attend()
            if lane.at_commit_point is claim:
                self._say_dot(lane)

    def _say_dot(self, lane: Lane[Claim]) -> None:
        while True:
            following = self._next_parcel() if lane.takes_following else None
            try:
                lane.say_dot(following)
            except CannotCarry as error:
                assert following is not None  # noqa: S101 - nothing else is carried
                self._refuse(following.ticket, str(error))
            else:
                return

    def _wait_for_database(self, error: DatabaseUnavailable) -> None:
        """Keep everything in hand and try again: only this process knows what the server said.

        :raises DatabaseUnavailable: it was busy every time.
        """
        self._failed_books += 1
        log.warning("outcomes not recorded yet", attempt=self._failed_books)
        if self._failed_books >= RECORD_ATTEMPTS:
            raise error
        self._turn.stopping.wait(self._failed_books)

    def _settle_all(self) -> None:
        if self._finished or self._returned or self._resting:
            self.unsettled = self._finished
            with unit_of_work(WORKER) as work:
                self._settle(work)
            self.unsettled = []
            self._after_books()
