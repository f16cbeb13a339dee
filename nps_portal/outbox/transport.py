"""The talk with the mail server, and what its answers mean for a message.

Flask-Mail's connection is the base, but nothing leaves through its `send`: it accepts any
certificate, waits for ever, and reports an accepted message as failed when the server hangs up
early. The commit point is the caller's: `deliver` sends everything but the final dot, asks, and
only then sends the dot, so that a message whose fate is unknown is known to be so.
"""

import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
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
from nps_portal.mail.mime import Envelope, wire_address
from nps_portal.mail.outcomes import (
    Outcome,
    OutcomeKind,
    Stage,
    lost_outcome,
    one_line,
    reply_outcome,
)
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

_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")


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

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self.usable:
            self._client().leave(min(QUIT_SECONDS, self.relay.limits.reply_seconds))
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
        if not _fit_for_the_wire(content):
            raise ValueError("The content of an email has line ends other than CR LF.")
        client = self._client()
        options = _Options.chosen(client, envelope, content)
        if options is None:
            return Outcome(
                kind=OutcomeKind.NEVER,
                stage=Stage.MAIL,
                reply="This mail server cannot carry addresses with letters outside ASCII.",
            )
        refused = self._introduce(client, envelope, options)
        if refused is not None:
            return refused
        unfinished = self._send_content(client, content, before_final_dot)
        if unfinished is not None:
            return unfinished
        return self._finish(client)

    def _client(self) -> TimedClient:
        if not isinstance(self.host, TimedClient) or self.host.sock is None:
            raise RelayUnavailable("The connection to the mail server is not open.")
        return self.host

    def _introduce(
        self, client: TimedClient, envelope: Envelope, options: "_Options"
    ) -> Outcome | None:
        """Say MAIL, RCPT and DATA; return the outcome if the server refuses one of them."""
        steps = (
            (Stage.MAIL, f"MAIL FROM:<{wire_address(envelope.sender)}>{options.mail}", 2),
            (Stage.RCPT, f"RCPT TO:<{wire_address(envelope.recipient)}>{options.rcpt}", 2),
            (Stage.DATA, "DATA", 3),
        )
        for stage, command, expected in steps:
            try:
                code, text = client.docmd(command)
            except smtplib.SMTPServerDisconnected as lost:
                return lost_outcome(OutcomeKind.LATER, stage, lost)
            if code // 100 != expected:
                return self._refusal(client, stage, code, text)
        return None

    def _refusal(self, client: TimedClient, stage: Stage, code: int, text: bytes) -> Outcome:
        """Sort a refusal before the content, and leave the connection ready or closed."""
        if code // 100 in (2, 3) or code == 421:
            # Out of step with the server, or told to go.
            client.close()
        elif stage is Stage.MAIL and code // 100 == 5:
            client.close()
            raise RelayRefused(
                f"The mail server does not accept our sender: {code} {one_line(text)}"
            )
        else:
            _reset(client)
        kind = OutcomeKind.NEVER if code // 100 == 5 else OutcomeKind.LATER
        return reply_outcome(kind, stage, code, text)

    def _send_content(
        self, client: TimedClient, content: bytes, before_final_dot: Callable[[], bool]
    ) -> Outcome | None:
        """Send everything but the dot; return the outcome if the dot must not follow."""
        try:
            client.send(_dot_stuffed(content))
            if not client.is_quiet():
                return _interrupted(client)
            if not before_final_dot():
                client.close()
                return Outcome(
                    kind=OutcomeKind.ABANDONED,
                    stage=Stage.BODY,
                    reply="Stopped before the mail server could accept it.",
                )
            # Asked again, because the commit may have taken a while: without a dot sent the
            # message is certainly not accepted, and that is worth knowing.
            return None if client.is_quiet() else _interrupted(client)
        except smtplib.SMTPServerDisconnected as lost:
            return lost_outcome(OutcomeKind.LATER, Stage.BODY, lost)
        except BaseException:
            client.close()
            raise

    def _finish(self, client: TimedClient) -> Outcome:
        """Send the dot and read the verdict; from here on silence means not knowing."""
        try:
            client.send(b".\r\n")
            code, text = client.reply_within(self.relay.limits.after_dot_seconds)
        except smtplib.SMTPServerDisconnected as lost:
            return lost_outcome(OutcomeKind.UNCERTAIN, Stage.DOT, lost)
        except BaseException:
            client.close()
            raise
        if code == 421 or code // 100 == 3:
            client.close()
        kinds = {2: OutcomeKind.SENT, 4: OutcomeKind.LATER, 5: OutcomeKind.NEVER}
        kind = kinds.get(code // 100, OutcomeKind.UNCERTAIN)
        return reply_outcome(kind, Stage.DOT, code, text)


def _fit_for_the_wire(content: bytes) -> bool:
    """Tell whether every line ends in CR LF; counting is ten times as fast as a pattern."""
    ends = content.count(b"\r\n")
    return (
        content.endswith(b"\r\n")
        and content.count(b"\r") == ends
        and content.count(b"\n") == ends
        and b"\0" not in content
    )


def _dot_stuffed(content: bytes) -> bytes:
    """Double the dot at the beginning of a line (RFC 5321, 4.5.2)."""
    stuffed = content.replace(b"\n.", b"\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What is added to MAIL and RCPT, each with its leading space."""

    mail: str
    rcpt: str

    @classmethod
    def chosen(cls, client: TimedClient, envelope: Envelope, content: bytes) -> "_Options | None":
        """Return the options this server and message call for; None if they do not fit."""
        mail = rcpt = ""
        if client.has_extn("dsn"):
            rcpt = " NOTIFY=FAILURE,DELAY"
            mail = f" RET=HDRS ENVID={_xtext(envelope.envelope_id)}"
        if not (content.isascii() and _local_parts(envelope).isascii()):
            if not client.has_extn("smtputf8"):
                return None
            mail += " SMTPUTF8 BODY=8BITMIME"
        return cls(mail=mail, rcpt=rcpt)


def _local_parts(envelope: Envelope) -> str:
    return envelope.sender.rpartition("@")[0] + envelope.recipient.rpartition("@")[0]


def _xtext(value: str) -> str:
    """Return the value as RFC 3461, section 4, writes it inside a command."""
    return _NOT_XTEXT.sub(lambda found: "".join(f"+{b:02X}" for b in found[0].encode()), value)


def _reset(client: TimedClient) -> None:
    """End the refused transaction; a server that cannot do that is not talked to further."""
    try:
        code, _ = client.docmd("RSET")
    except smtplib.SMTPServerDisconnected:
        return
    if code != 250:
        client.close()


def _interrupted(client: TimedClient) -> Outcome:
    """Read what the server said before the dot, and hang up: nothing was accepted."""
    try:
        code, text = client.getreply()
    finally:
        client.close()
    kind = OutcomeKind.NEVER if code // 100 == 5 else OutcomeKind.LATER
    return reply_outcome(kind, Stage.BODY, code, text)
