"""One client's talk with the tests' SMTP server."""

import base64
import contextlib
import hmac
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field

from tests.support.smtp_faults import Delay, FaultPlans, HangUp, Say, Silence, Stage, Trickle
from tests.support.smtp_record import Accepted, Answer, Command, Record

CHALLENGE = "<1896.697170952@sink.example>"


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How a server presents itself; without a context it has no encryption to offer."""

    context: ssl.SSLContext | None
    tls_from_the_start: bool
    credentials: tuple[str, str] | None
    mechanisms: str
    extensions: tuple[str, ...]


class _Gone(Exception):
    """The connection is over."""


@dataclass
class _Transaction:
    has_sender: bool = False
    sender: str = ""
    mail_options: str = ""
    recipient: str = ""
    rcpt_options: str = ""
    content: bytearray = field(default_factory=bytearray)


class Session:
    """One client, from banner to QUIT, in a thread of its own."""

    def __init__(
        self,
        *,
        client: socket.socket,
        number: int,
        manners: Manners,
        faults: FaultPlans,
        record: Record,
        stopped: threading.Event,
    ) -> None:
        self.manners = manners
        self.faults = faults
        self.record = record
        self.stopped = stopped
        self.client = client
        self.number = number
        self.unread = b""
        self.encrypted = False
        self.signed_in = manners.credentials is None
        self.transaction = _Transaction()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def hang_up(self) -> None:
        """Close the socket, which also wakes the thread that reads from it."""
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)
        self.client.close()

    def _run(self) -> None:
        try:
            self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.manners.tls_from_the_start:
                self._encrypt()
            self._answer("banner", "220 sink.example ESMTP")
            while True:
                self._command(self._line().decode("utf-8", "replace"))
        except (_Gone, OSError):
            pass
        finally:
            # Also when the test's own callback fails: the client must not wait for ever.
            self.hang_up()

    def _command(self, line: str) -> None:
        self.record.keep(Command(connection=self.number, encrypted=self.encrypted, text=line))
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO" | "HELO":
                self._answer("ehlo", self._greeting())
            case "STARTTLS":
                self._start_tls()
            case "AUTH":
                self._auth(rest)
            case "MAIL":
                self._mail(rest)
            case "RCPT":
                self._rcpt(rest)
            case "DATA":
                self._data()
            case "RSET":
                self.transaction = _Transaction()
                self._answer("rset", "250 2.0.0 Reset")
            case "QUIT":
                self._answer("quit", "221 2.0.0 Bye")
                raise _Gone
            case "NOOP":
                self._say("250 2.0.0 Fine")
            case _:
                self._say("502 5.5.1 Unknown command")

    def _greeting(self) -> str:
        offers = ["sink.example", *self.manners.extensions]
        if self.manners.context is not None and not self.encrypted:
            offers.append("STARTTLS")
        if self.manners.credentials is not None:
            offers.append(f"AUTH {self.manners.mechanisms}")
        last = len(offers) - 1
        return "\r\n".join(
            f"250{' ' if position == last else '-'}{offer}" for position, offer in enumerate(offers)
        )

    def _start_tls(self) -> None:
        if self.manners.context is None:
            self._say("502 5.5.1 No encryption here")
        elif self._answer("starttls", "220 2.0.0 Go ahead"):
            self.signed_in = self.manners.credentials is None
            self._encrypt()

    def _encrypt(self) -> None:
        assert self.manners.context is not None
        # What was said in the clear counts for nothing now (RFC 3207, section 4.2).
        self.unread = b""
        self.client = self.manners.context.wrap_socket(self.client, server_side=True)
        self.encrypted = True

    def _auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        match mechanism.upper():
            case "PLAIN":
                proof = _decoded(initial or self._asked("")).partition("\0")[2]
            case "LOGIN":
                proof = "\0".join(_decoded(self._asked(word)) for word in ("User", "Password"))
            case _:
                proof = _decoded(self._asked(CHALLENGE))
        if proof in _proofs(self.manners.credentials or ("", "")):
            self.signed_in = self._answer("auth", "235 2.7.0 Welcome")
        else:
            self._say("535 5.7.8 Wrong user name or password")

    def _asked(self, question: str) -> str:
        self._say(f"334 {base64.b64encode(question.encode()).decode()}")
        return self._line().decode()

    def _mail(self, rest: str) -> None:
        if not self.signed_in:
            self._say("530 5.7.0 Sign in first")
            return
        self.transaction = _Transaction()
        sender, options = _address_and_options(rest)
        if self._answer("mail", "250 2.1.0 Sender accepted"):
            self.transaction.sender, self.transaction.mail_options = sender, options
            self.transaction.has_sender = True

    def _rcpt(self, rest: str) -> None:
        # A client that pipelines has said this before it knew of a refused sender.
        if not self.transaction.has_sender:
            self._say("503 5.5.1 No sender")
            return
        recipient, options = _address_and_options(rest)
        self.transaction.recipient = recipient
        if self._answer("rcpt", "250 2.1.5 Recipient accepted"):
            self.transaction.rcpt_options = options
        else:
            self.transaction.recipient = ""

    def _data(self) -> None:
        if not self.transaction.recipient:
            self._say("503 5.5.1 No recipient")
        elif self._answer("data", "354 Go ahead"):
            self._content()
            if self._answer("dot", None):
                self._keep()
                self._answer("kept", "250 2.0.0 Kept")
            self.transaction = _Transaction()

    def _content(self) -> None:
        """Read up to the final dot, taking the stuffed dots away."""
        content = self.transaction.content
        try:
            line = self._line()
            self._answer("body", None)
            while line != b".":
                content += line.removeprefix(b".") + b"\r\n"
                line = self._line()
        except (_Gone, OSError):
            # Closed first: who waits for this record may rely on the client being cut off.
            self.hang_up()
            self.record.keep(bytes(content))
            raise

    def _keep(self) -> None:
        transaction = self.transaction
        self.record.keep(
            Accepted(
                sender=transaction.sender,
                recipient=transaction.recipient,
                mail_options=transaction.mail_options,
                rcpt_options=transaction.rcpt_options,
                raw=bytes(transaction.content),
                received_at=time.time(),
                connection=self.number,
            )
        )

    def _answer(self, stage: Stage, usual: str | None) -> bool:
        """Say the usual line, or fail as planned; tell whether things go on as usual."""
        match self.faults.take(stage, self.transaction.recipient):
            case Say(line):
                self._say(line)
                if line.startswith("421"):
                    raise _Gone
                return line[:1] in "23"
            case HangUp(line):
                if line is not None:
                    self._say(line)
                raise _Gone
            case Silence():
                while self.client.recv(4096):
                    pass
                raise _Gone
            case Trickle(pause_seconds, line):
                self._trickle(pause_seconds, line)
                return True
            case Delay(seconds):
                self.stopped.wait(seconds)
        if usual is not None:
            self._say(usual)
        return True

    def _trickle(self, pause_seconds: float, line: str | None) -> None:
        text = f"{line}\r\n".encode() if line is not None else b"250-" + b"x" * 60_000
        for position in range(len(text)):
            self.client.sendall(text[position : position + 1])
            if self.stopped.wait(pause_seconds):
                raise _Gone

    def _say(self, line: str) -> None:
        self.client.sendall(f"{line}\r\n".encode())
        self.record.keep(Answer(connection=self.number, text=line))

    def _line(self) -> bytes:
        """Return the next line, which ends in CR LF and nothing less."""
        while b"\r\n" not in self.unread:
            received = self.client.recv(65_536)
            if not received:
                raise _Gone
            self.unread += received
        line, _, self.unread = self.unread.partition(b"\r\n")
        return line


def _address_and_options(rest: str) -> tuple[str, str]:
    """Split `FROM:<a@b> RET=HDRS` into the address and the options."""
    address, _, options = rest.partition("<")[2].partition(">")
    return address, options.strip()


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def _proofs(credentials: tuple[str, str]) -> tuple[str, str]:
    """Return what PLAIN and LOGIN, and what CRAM-MD5, must bring."""
    username, password = credentials
    digest = hmac.new(password.encode(), CHALLENGE.encode(), "md5").hexdigest()
    return f"{username}\0{password}", f"{username} {digest}"
