"""Delivering: claim, leave the database, talk to the mail server, record.

No transaction is open while we talk. The one look back at the database is the commit point,
just before the final dot.
"""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import structlog
from flask import Flask

from nps_portal.accounts.portal_settings import PortalSettings, portal_settings, process_settings
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable, reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.mail.mime import Envelope, Mail, build
from nps_portal.outbox import claims
from nps_portal.outbox.claims import Claim
from nps_portal.outbox.mail_server import (
    may_try,
    record_stopped,
    record_unreachable,
    record_working,
    relay_of,
)
from nps_portal.outbox.models import RelayState, RelayStatus
from nps_portal.outbox.rendering import envelope_of, mail_of
from nps_portal.outbox.settling import record_outcome
from nps_portal.outbox.transport import (
    Outcome,
    OutcomeKind,
    Relay,
    RelayConnection,
    RelayRefused,
    RelayUnavailable,
    Stage,
    TimeLimits,
    open_relay,
)

CHUNK = 20
CHUNKS_A_TURN = 25
PROMPT = TimeLimits(connect_seconds=5, reply_seconds=5, after_dot_seconds=10)
RECORD_ATTEMPTS = 5

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Turn:
    """What the connections of one turn share: the relay, and the word to stop."""

    relay: Relay
    public_url: str
    rate_per_minute: int
    stopping: threading.Event
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> None:
        """Count one message that was settled or put off."""
        with self.lock:
            self.done += 1


def deliver_due_messages(app: Flask, stopping: threading.Event) -> int:
    """Deliver what is due over several connections side by side; return how many were tried."""
    with app.app_context():
        with unit_of_work(WORKER) as work:
            if not may_try(work):
                return 0
            first = list(claims.claim(work, claims.new_owner(), CHUNK, _rate()))
        if not first:
            return 0
        turn = _begin_turn(portal_settings(reading()), stopping)
        connections = process_settings().mail_connections if len(first) == CHUNK else 1
    with ThreadPoolExecutor(max_workers=connections) as pool:
        futures = [
            pool.submit(_deliver_on_one_connection, app, turn, first if number == 0 else [])
            for number in range(connections)
        ]
    for future in futures:
        future.result()
    return turn.done


def deliver_now(settings: PortalSettings, mail: Mail) -> Outcome:
    """Deliver one email outside the queue, such as a test; nothing of it is stored.

    Somebody waits for the outcome, so the mail server gets seconds and not minutes.

    :raises RelayUnavailable: the mail server cannot be reached.
    :raises RelayRefused: it refuses our certificate, password or sender.
    """
    envelope = Envelope(
        sender=mail.sender_email, recipient=mail.recipient_email, envelope_id="test"
    )
    relay = replace(relay_of(settings), limits=PROMPT)
    with open_relay(relay) as connection:
        return connection.deliver(envelope, build(mail), lambda: True)


def _begin_turn(settings: PortalSettings, stopping: threading.Event) -> Turn:
    return Turn(
        relay=relay_of(settings),
        public_url=process_settings().public_url,
        rate_per_minute=_rate(),
        stopping=stopping,
    )


def _rate() -> int:
    return process_settings().mail_rate_per_minute


def _deliver_on_one_connection(app: Flask, turn: Turn, first: list[Claim]) -> None:
    """Deliver chunk after chunk over one connection, opened anew when the server closes it."""
    with app.app_context():
        held = deque(first)
        with _released_at_the_end(held):
            for _ in range(CHUNKS_A_TURN):
                held.extend([] if held else _claim_chunk(turn))
                if not held or not _deliver_held(turn, held):
                    return


def _claim_chunk(turn: Turn) -> list[Claim]:
    if turn.stopping.is_set():
        return []
    with unit_of_work(WORKER) as work:
        return list(claims.claim(work, claims.new_owner(), CHUNK, turn.rate_per_minute))


@contextmanager
def _released_at_the_end(held: deque[Claim]) -> Iterator[None]:
    """Give back what was claimed and not tried, whatever ended the turn."""
    try:
        yield
    finally:
        _give_back(held)


def _give_back(held: deque[Claim]) -> None:
    if held:
        with unit_of_work(WORKER) as work:
            for claim in held:
                claims.release(work, claim)
        held.clear()


def _is_fresh(claim: Claim) -> bool:
    """Tell whether enough of the lease is left for one message.

    With a slow server the last of a chunk would be stopped at the commit point, after all of it
    had been sent, and cost the connection.
    """
    lease_until = claim.message.lease_until
    return lease_until is not None and lease_until - current_clock().now() > claims.LEASE / 4


def _deliver_held(turn: Turn, held: deque[Claim]) -> bool:
    """Deliver the claimed messages; False when the mail server is not to be had."""
    try:
        while held and not turn.stopping.is_set():
            with open_relay(turn.relay) as connection:
                _note_working()
                while held and connection.usable and not turn.stopping.is_set():
                    if not _is_fresh(held[0]):
                        _give_back(held)
                        break
                    _deliver_one(turn, connection, held)
    except RelayUnavailable as error:
        log.warning("mail server unreachable", reason=str(error))
        with unit_of_work(WORKER) as work:
            record_unreachable(work, str(error))
        return False
    except RelayRefused as error:
        log.error("mail server refuses us", reason=str(error))
        with unit_of_work(WORKER) as work:
            record_stopped(work, str(error))
        return False
    return not turn.stopping.is_set()


def _note_working() -> None:
    state = reading().get(RelayState, 1)
    if state is not None and state.status is not RelayStatus.WORKING:
        with unit_of_work(WORKER) as work:
            record_working(work)


def _deliver_one(turn: Turn, connection: RelayConnection, held: deque[Claim]) -> None:
    """Deliver the first of the claimed messages and record what became of it.

    It leaves `held` once its fate is the record's, so a broken connection gives it back.
    """
    claim = held[0]
    try:
        content = build(
            mail_of(
                claim.message,
                claim.content,
                public_url=turn.public_url,
                date=current_clock().now(),
            )
        )
        envelope = envelope_of(claim.message, claim.content)
    except PortalError as error:
        outcome = Outcome(kind=OutcomeKind.NEVER, stage=Stage.MAIL, reply=str(error))
    else:
        outcome = connection.deliver(envelope, content, lambda: _may_leave(claim))
    held.popleft()
    _record(turn, claim, outcome)
    turn.count()


def _record(turn: Turn, claim: Claim, outcome: Outcome) -> None:
    """Write the outcome down, trying again while the database is busy.

    Only this process knows that the mail server said 250; if it were given up at once, the
    message would be listed as uncertain although its fate is known.

    :raises DatabaseUnavailable: it was busy every time.
    """
    for attempt in range(1, RECORD_ATTEMPTS + 1):
        try:
            with unit_of_work(WORKER) as work:
                record_outcome(work, claim, outcome)
            return
        except DatabaseUnavailable:
            log.warning("outcome not recorded yet", message=claim.message.id, attempt=attempt)
            if attempt == RECORD_ATTEMPTS:
                raise
            turn.stopping.wait(attempt)


def _may_leave(claim: Claim) -> bool:
    with unit_of_work(WORKER) as work:
        return claims.pass_commit_point(work, claim)
