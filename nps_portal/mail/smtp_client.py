"""An SMTP client on which nothing waits longer than it was allowed to.

The client of the standard library limits each single read, so that a server which sends one byte a
second holds it for ever, and it limits nothing at all unless told to. Here a limit covers a whole
reply, a whole block of bytes sent, and the way to a connection.
"""

import base64
import hmac
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass

from nps_portal.mail.replies import BadReply, ReplyReader


@dataclass(frozen=True, kw_only=True)
class TimeLimits:
    """How long each step may take in all, in seconds."""

    connect_seconds: float = 30.0
    reply_seconds: float = 60.0
    after_dot_seconds: float = 600.0


class TimedClient(smtplib.SMTP):
    """A client that is opened with `open` and closed with `close` or `leave`.

    All its methods raise `smtplib.SMTPServerDisconnected`, with the reason as a sentence, once the
    connection is lost, silent beyond its limit or garbled; it is closed then.
    """

    def __init__(
        self, *, server: str, port: int, limits: TimeLimits, ehlo_name: str | None = None
    ) -> None:
        # Without a host the parent does not connect. It would look for this machine's name,
        # which can take long, if it were not given one.
        super().__init__(local_hostname=ehlo_name or "localhost")
        self._server = server
        self._port = port
        self._limits = limits
        self._ehlo_name = ehlo_name
        self.replies = ReplyReader()

    @property
    def is_encrypted(self) -> bool:
        """Whether what is said now is said inside TLS."""
        return isinstance(self.sock, ssl.SSLSocket)

    def open(self) -> None:
        """Connect, within the limit over all addresses that the server's name has.

        :raises OSError: the name is unknown, or no address answers.
        """
        self.sock = self._connected_socket()
        # Small writes, the final dot above all, must not wait for the acknowledgement of
        # earlier ones.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._ehlo_name is None:
            self.local_hostname = _address_literal(self.sock)

    def secure(self, context: ssl.SSLContext) -> None:
        """Go on inside TLS, with the server's certificate verified by the context.

        :raises ssl.SSLError: no agreement, or a certificate that is not to be trusted.
        """
        if self.sock is None or not self.replies.is_empty:
            # Text sent ahead of the encryption could come from anybody, and would be taken
            # for an answer from inside.
            self.close()
            raise smtplib.SMTPServerDisconnected("The mail server spoke out of turn.")
        self.sock.settimeout(self._limits.reply_seconds)
        self.sock = context.wrap_socket(self.sock, server_hostname=self._server)
        # What was announced in the clear does not count any more.
        self.esmtp_features = {}
        self.ehlo_resp = None
        self.helo_resp = None
        self.does_esmtp = False

    def sign_in(self, username: str, password: str) -> tuple[int, bytes]:
        """Try one mechanism, once, and return the server's verdict.

        Trying the others after a refused password would count as attacks with many servers.

        :raises smtplib.SMTPNotSupportedError: it offers no mechanism known here.
        """
        offered = str(self.esmtp_features.get("auth", "")).upper().split()
        plain = base64.b64encode(f"\0{username}\0{password}".encode()).decode("ascii")
        preferred = ["PLAIN", "LOGIN", "CRAM-MD5"]
        if not self.is_encrypted:
            preferred = ["CRAM-MD5", "PLAIN", "LOGIN"]
        mechanism = next((name for name in preferred if name in offered), None)
        if mechanism is None:
            raise smtplib.SMTPNotSupportedError("The mail server offers no way to sign in.")
        if mechanism == "PLAIN":
            return self.docmd("AUTH", f"PLAIN {plain}")
        code, challenge = self.docmd("AUTH", mechanism)
        if code == 334 and mechanism == "LOGIN":
            code, challenge = self.docmd(base64.b64encode(username.encode()).decode("ascii"))
            answer = password.encode()
        else:
            answer = _cram_md5(username, password, challenge)
        if code != 334:
            return code, challenge
        return self.docmd(base64.b64encode(answer).decode("ascii"))

    def send(self, s: object) -> None:
        """Send text or bytes, all of it within the limit of a reply."""
        content = s.encode() if isinstance(s, str) else s
        if self.sock is None or not isinstance(content, bytes):
            raise smtplib.SMTPServerDisconnected("There is no connection to the mail server.")
        deadline = time.monotonic() + self._limits.reply_seconds
        rest = memoryview(content)
        try:
            while rest:
                self.sock.settimeout(_seconds_until(deadline))
                rest = rest[self.sock.send(rest[:65_536]) :]
        except OSError as error:
            raise self._lost(error, self._limits.reply_seconds) from error

    def getreply(self) -> tuple[int, bytes]:
        """Return the code and the text of the next reply, within the limit of a reply."""
        return self.reply_within(self._limits.reply_seconds)

    def reply_within(self, seconds: float) -> tuple[int, bytes]:
        """Return the code and the text of the next reply, all its lines within the seconds."""
        deadline = time.monotonic() + seconds
        while not (reply := self.replies.next()):
            received = self._received(deadline, seconds)
            try:
                self.replies.feed(received)
            except BadReply as error:
                self.close()
                raise smtplib.SMTPServerDisconnected(
                    "The mail server's answer is not SMTP."
                ) from error
        return reply

    def unblocked_socket(self) -> socket.socket:
        """Return the socket for somebody who waits for many; nothing on it blocks from now on."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("There is no connection to the mail server.")
        self.sock.setblocking(False)
        return self.sock

    def leave(self, seconds: float) -> None:
        """Say QUIT, wait for the answer no longer than the seconds, and close.

        Whatever goes wrong now touches no message, so no error comes out of here.
        """
        try:
            self.send("QUIT\r\n")
            self.reply_within(seconds)
        except smtplib.SMTPServerDisconnected:
            pass
        finally:
            self.close()

    def _connected_socket(self) -> socket.socket:
        deadline = time.monotonic() + self._limits.connect_seconds
        found = socket.getaddrinfo(self._server, self._port, type=socket.SOCK_STREAM)
        refusal: OSError = TimeoutError("timed out")
        for position, (family, kind, protocol, _, address) in enumerate(found):
            # Each address gets its share, so that a dead one leaves time for the next.
            share = _seconds_until(deadline) / (len(found) - position)
            candidate = socket.socket(family, kind, protocol)
            candidate.settimeout(share)
            try:
                candidate.connect(address)
            except OSError as error:
                candidate.close()
                refusal = error
            else:
                return candidate
        raise refusal

    def _received(self, deadline: float, seconds: float) -> bytes:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("There is no connection to the mail server.")
        try:
            self.sock.settimeout(_seconds_until(deadline))
            received = self.sock.recv(4096)
        except OSError as error:
            raise self._lost(error, seconds) from error
        if not received:
            self.close()
            raise smtplib.SMTPServerDisconnected("The mail server closed the connection.")
        return received

    def _lost(self, error: OSError, seconds: float) -> smtplib.SMTPServerDisconnected:
        self.close()
        if isinstance(error, TimeoutError):
            return smtplib.SMTPServerDisconnected(
                f"The mail server did not answer within {seconds:g} seconds."
            )
        return smtplib.SMTPServerDisconnected("The mail server closed the connection.")


def _seconds_until(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


def _address_literal(connected: socket.socket) -> str:
    """Return the name of a client that has none: its address in brackets (RFC 5321, 4.1.3)."""
    host = str(connected.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


def _cram_md5(username: str, password: str, challenge: bytes) -> bytes:
    """Answer the challenge as RFC 2195 says; the password itself does not travel."""
    try:
        decoded = base64.b64decode(challenge)
    except ValueError:
        decoded = b""
    return f"{username} {hmac.new(password.encode(), decoded, 'md5').hexdigest()}".encode()
