"""The talk with the mail server, and what its answers mean for a message.

Flask-Mail's connection is the base, but nothing leaves through its `send`: it accepts any
certificate, waits for ever, and reports an accepted message as failed when the server hangs up
early. The commit point is the caller's: `deliver` sends everything but the final dot, asks, and
only then sends the dot, so that a message whose fate is unknown is known to be so.
"""

import selectors
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

import flask_mail

from nps_portal.mail.handshake import (
    Relay,
    RelayRefused,
    RelayUnavailable,
    Security,
    connect,
)
from nps_portal.mail.introduction import CannotCarry
from nps_portal.mail.lane import Lane
from nps_portal.mail.mime import Envelope
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage
from nps_portal.mail.parcels import Parcel, check_line_ends, dot_stuffed
from nps_portal.mail.smtp_client import TimedClient, TimeLimits

__all__ = [
    "Outcome",
    "OutcomeKind",
    "Relay",
    "RelayConnection",
    "RelayRefused",
    "RelayUnavailable",
    "Security",
    "Stage",
    "TimeLimits",
    "open_relay",
]

# A server that does not answer QUIT has already answered for every message.
QUIT_SECONDS = 2.0


def open_relay(relay: Relay) -> "RelayConnection":
    """Return a connection that opens on entering its `with` block and says QUIT on leaving.

    Entering raises:

    :raises RelayUnavailable: no connection, or no greeting.
    :raises RelayRefused: no encryption that can be trusted, or the sign-in is refused.
    """
    settings = {
        "MAIL_SERVER": relay.server,
        "MAIL_PORT": relay.port,
        "MAIL_USERNAME": relay.username,
        "MAIL_PASSWORD": relay.password,
        "MAIL_USE_TLS": relay.security is Security.STARTTLS,
        "MAIL_USE_SSL": relay.security is Security.TLS,
    }
    state = flask_mail.Mail().init_mail(settings, debug=False, testing=False)
    return RelayConnection(state, relay)


class RelayConnection(flask_mail.Connection):
    """One connection to the mail server, for any number of messages one after the other."""

    def __init__(self, mail: Any, relay: Relay) -> None:
        super().__init__(mail)
        self.relay = relay
        self._lane: Lane[Any] | None = None

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if isinstance(self.host, TimedClient) and self.host.sock is not None:
            self.host.leave(min(QUIT_SECONDS, self.relay.limits.reply_seconds))
        self.host = None

    @property
    def usable(self) -> bool:
        """Whether another message may be delivered here; if not, open a new connection."""
        return isinstance(self.host, TimedClient) and self.host.sock is not None

    def configure_host(self) -> TimedClient:
        """Connect, encrypt and sign in; Flask-Mail calls it on entering.

        :raises RelayUnavailable: no connection, or no greeting.
        :raises RelayRefused: no encryption that can be trusted, or the sign-in is refused.
        """
        return connect(self.relay)

    def send(
        self, message: flask_mail.Message, envelope_from: str | tuple[str, str] | None = None
    ) -> NoReturn:
        """Refuse: a message sent past `deliver` has no commit point and may leave twice."""
        raise TypeError("Email leaves through deliver(), not through Flask-Mail's send().")

    def deliver(
        self, envelope: Envelope, content: bytes, before_final_dot: Callable[[], bool]
    ) -> Outcome:
        """Hand one message over and return what became of it.

        `before_final_dot` is called once the server has everything but the dot. If it returns
        False, or raises, the connection is dropped without the dot, and the server must discard
        the message. Without an outcome of `sent` look at `usable` before the next message.

        :raises RelayRefused: the server does not accept our sender, so no message will pass.
        :raises RelayUnavailable: the connection is not open.
        :raises ValueError: the content has a bare CR or LF or a NUL, which could end it early.
        """
        check_line_ends(content)
        lane = self.lane()
        try:
            parcel = Parcel(ticket=envelope, envelope=envelope, content=dot_stuffed(content))
            lane.introduce(parcel)
        except CannotCarry as error:
            return Outcome(kind=OutcomeKind.NEVER, stage=Stage.MAIL, reply=str(error))
        while not lane.finished and lane.refused is None:
            if lane.at_commit_point:
                _pass_commit_point(lane, before_final_dot)
            else:
                _wait_for(lane)
        if lane.refused:
            raise lane.refused
        return lane.finished.pop().outcome

    def lane(self) -> Lane[Any]:
        """Return a lane over this connection, for somebody who waits for many at once.

        :raises RelayUnavailable: the connection is not open.
        """
        if not isinstance(self.host, TimedClient) or self.host.sock is None:
            raise RelayUnavailable("The connection to the mail server is not open.")
        if self._lane is None:
            self._lane = Lane(self.host, self.relay.limits)
        return self._lane


def _pass_commit_point(lane: Lane[Any], before_final_dot: Callable[[], bool]) -> None:
    lane.attend()
    if not lane.at_commit_point:
        return
    try:
        may_leave = before_final_dot()
    except BaseException:
        lane.abandon()
        raise
    if not may_leave:
        lane.abandon()
        return
    # Looked at again, because the commit may have taken a while: without a dot said the message
    # is certainly not accepted, and that is worth knowing.
    lane.attend()
    if lane.at_commit_point:
        lane.say_dot(None)


def _wait_for(lane: Lane[Any]) -> None:
    """Let a lane go on as soon as it can, or give it up at its deadline."""
    with selectors.DefaultSelector() as selector:
        selector.register(lane, lane.interest)
        selector.select(max(0.0, (lane.deadline or 0.0) - time.monotonic()))
    lane.attend()
