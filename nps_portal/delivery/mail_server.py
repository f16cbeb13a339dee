"""The mail server in force, and how it has behaved lately.

A server that cannot be reached is tried again after 10 seconds, then after twice as long each time
up to 30 minutes: most interruptions are a restart, and a batch should not wait a minute for it.
One that refuses our certificate, password or sender stops all sending until the owner has looked.
"""

from datetime import timedelta

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record
from nps_portal.mailbox.local import local_relay
from nps_portal.outbox.models import RelayState, RelayStatus
from nps_portal.outbox.transport import Relay, Security

FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=30)
# 10 seconds doubled eight times is more than the longest wait already.
MOST_DOUBLINGS = 8


def relay_of(settings: PortalSettings) -> Relay:
    """Return the mail server in force; the local mailbox's is started in this process at need."""
    if settings.uses_local_mailbox:
        return local_relay()
    return Relay(
        server=settings.mail_server,
        port=settings.mail_port,
        username=settings.mail_username or None,
        password=settings.mail_password or None,
        security=Security(settings.mail_security.value),
    )


def may_try(work: Work) -> bool:
    """Tell whether it is time to talk to the mail server."""
    state = work.session.get(RelayState, 1)
    if state is None or state.status is RelayStatus.WORKING:
        return True
    return state.status is RelayStatus.UNREACHABLE and state.next_try_at <= work.now


def record_unreachable(work: Work, reason: str) -> None:
    """Write down that the mail server could not be reached, and when to try again."""
    state = _state(work)
    if state.status in {RelayStatus.STOPPED, RelayStatus.FENCED}:
        return
    if state.status is RelayStatus.UNREACHABLE and state.next_try_at > work.now:
        # Another connection of the same moment has said so already.
        return
    if state.status is RelayStatus.WORKING:
        state.status, state.since, state.failures = RelayStatus.UNREACHABLE, work.now, 0
        record(work, "relay.unreachable")
    wait = min(FIRST_WAIT * 2 ** min(state.failures, MOST_DOUBLINGS), LONGEST_WAIT)
    state.failures += 1
    state.reason, state.next_try_at = reason[:500], work.now + wait


def record_stopped(work: Work, reason: str) -> None:
    """Write down that the mail server refuses us and that sending waits for the owner."""
    state = _state(work)
    if state.status is RelayStatus.FENCED:
        return
    if state.status is not RelayStatus.STOPPED:
        state.status, state.since = RelayStatus.STOPPED, work.now
        record(work, "relay.stopped")
    state.reason = reason[:500]


def record_fenced(work: Work, reason: str) -> None:
    """Write down that this database must not send before the owner has decided."""
    state = _state(work)
    if state.status is not RelayStatus.FENCED:
        state.status, state.since = RelayStatus.FENCED, work.now
        record(work, "relay.fenced")
    state.reason = reason[:500]


def record_working(work: Work) -> None:
    """Write down that the mail server takes our mail, or that the owner wants another try."""
    state = _state(work)
    if state.status is not RelayStatus.WORKING:
        state.status, state.since, state.reason = RelayStatus.WORKING, work.now, ""
        state.failures, state.next_try_at = 0, work.now
        record(work, "relay.working")


def _state(work: Work) -> RelayState:
    state = work.session.get(RelayState, 1, with_for_update=True)
    if state is None:
        state = RelayState(
            id=1, status=RelayStatus.WORKING, since=work.now, next_try_at=work.now, failures=0
        )
        work.session.add(state)
    return state
