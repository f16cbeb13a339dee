"""One connection to the mail server that never makes the others wait.

A message on a lane is introduced (MAIL, RCPT, DATA), its content follows as soon as the server
wants it, and then the lane stands at the commit point until its owner has the final dot said. With
PIPELINING (RFC 2920) an introduction is one write, and that of the next message travels right
behind the dot of the present one.

What is known is kept apart from what is not: a message whose dot never left this process is
certainly not accepted; one whose dot left and got no answer is uncertain.
"""

import selectors
import socket
import ssl
import time
from collections import deque
from typing import Generic

from nps_portal.mail.handshake import RelayRefused
from nps_portal.mail.introduction import Introduction, introduction
from nps_portal.mail.outcomes import Outcome, OutcomeKind, Stage, one_line, reply_outcome
from nps_portal.mail.parcels import Finished, Load, Parcel, T
from nps_portal.mail.replies import BadReply
from nps_portal.mail.smtp_client import TimedClient, TimeLimits

_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_READ_BYTES = 65_536
_DOT = b".\r\n"
_KINDS = {2: OutcomeKind.SENT, 4: OutcomeKind.LATER, 5: OutcomeKind.NEVER}


class Lane(Generic[T]):
    """A greeted, encrypted and signed-in connection, with up to two messages on it."""

    def __init__(self, client: TimedClient, limits: TimeLimits) -> None:
        """Take over a connection that `handshake.connect` has opened.

        :raises RelayUnavailable: it is closed already.
        """
        self._client = client
        self._limits = limits
        self._socket: socket.socket = client.unblocked_socket()
        self._pipelines = client.has_extn("pipelining")
        self._loads: deque[Load[T]] = deque()
        self._awaited: deque[tuple[Load[T] | None, Stage]] = deque()
        self._unsent = b""
        self._to_dot = 0
        self._needs_reset = False
        self._has_served = False
        self._deadline: float | None = None
        self.finished: list[Finished[T]] = []
        self.refused: RelayRefused | None = None
        self.was_sent_away = False

    def fileno(self) -> int:
        """Return the number by which a selector knows the connection."""
        return self._socket.fileno()

    @property
    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self._client.sock is not None

    @property
    def is_idle(self) -> bool:
        """Whether a message may be introduced."""
        return self.is_open and not self._loads

    @property
    def takes_following(self) -> bool:
        """Whether the next message may travel behind the dot of the present one."""
        return self._pipelines and len(self._loads) == 1 and self._loads[0].refusal is None

    @property
    def at_commit_point(self) -> T | None:
        """The ticket of the message of which the server has everything but the dot."""
        if not self.is_open or not self._loads or self._unsent:
            return None
        load = self._loads[0]
        return load.parcel.ticket if load.content_said and not load.dot_said else None

    @property
    def deadline(self) -> float | None:
        """The monotonic time when its silence is too long; None while it need not speak."""
        return self._deadline

    @property
    def interest(self) -> int:
        """What a selector shall wait for: something to read, or room to write as well."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)

    def introduce(self, parcel: Parcel[T]) -> None:
        """Begin with a message on an idle lane.

        :raises CannotCarry: this server cannot carry it.
        """
        self._write(self._introduced(parcel))

    def say_dot(self, following: Parcel[T] | None) -> None:
        """Let the server accept the message at the commit point, the next one right behind it.

        :raises CannotCarry: this server cannot carry the next one; the dot was not said.
        """
        load = self._loads[0]
        # Before the introduction of the next, because the answers come in this order.
        self._awaited.append((load, Stage.DOT))
        try:
            behind = self._introduced(following) if following else b""
        except BaseException:
            self._awaited.pop()
            raise
        load.dot_said = True
        self._to_dot = len(_DOT)
        self._write(_DOT + behind)

    def abandon(self) -> None:
        """Hang up before the dot, so that the server must discard what it has."""
        self._lose("Stopped before the mail server could accept it.", OutcomeKind.ABANDONED)

    def leave(self, seconds: float) -> None:
        """Say QUIT and close; whatever goes wrong now touches no message."""
        if self.is_idle:
            self._client.leave(seconds)
        else:
            self._client.close()

    def attend(self) -> None:
        """Write and read as far as the socket lets us, and see to the time limit."""
        if self.is_open and self._unsent:
            self._flush()
        if self.is_open:
            self._read()
        if self.is_open and self._deadline is not None and time.monotonic() > self._deadline:
            self._lose(f"The mail server did not answer within {self._limit():g} seconds.")

    def _introduced(self, parcel: Parcel[T]) -> bytes:
        """Put a parcel on the lane and return what is to be said for it now."""
        words: Introduction = introduction(self._client.has_extn, parcel.envelope, parcel.content)
        commands = deque(
            [(Stage.MAIL, words.mail), (Stage.RCPT, words.rcpt), (Stage.DATA, b"DATA\r\n")]
        )
        if self._needs_reset:
            commands.appendleft((Stage.RESET, b"RSET\r\n"))
            self._needs_reset = False
        load = Load(parcel=parcel, unsaid=commands)
        self._loads.append(load)
        if not self._pipelines:
            return self._next_command(load)
        return b"".join([self._next_command(load) for _ in range(len(commands))])

    def _next_command(self, load: Load[T]) -> bytes:
        stage, command = load.unsaid.popleft()
        self._awaited.append((load, stage))
        return command

    def _write(self, content: bytes) -> None:
        self._unsent += content
        self._wait_anew()
        self._flush()

    def _flush(self) -> None:
        rest = memoryview(self._unsent)
        try:
            while rest:
                sent = self._socket.send(rest)
                rest = rest[sent:]
                self._to_dot -= sent
        except _WOULD_BLOCK:
            pass
        except OSError:
            self._lose("The mail server closed the connection.")
            return
        self._unsent = bytes(rest)
        if not rest:
            self._wait_anew()

    def _read(self) -> None:
        while self.is_open:
            try:
                received = self._socket.recv(_READ_BYTES)
            except _WOULD_BLOCK:
                return
            except OSError:
                received = b""
            if not received:
                self._lose("The mail server closed the connection.")
                return
            self._heed(received)

    def _heed(self, received: bytes) -> None:
        replies, is_smtp = self._client.replies, True
        try:
            replies.feed(received)
        except BadReply:
            is_smtp = False  # What came before it in the same piece may be an acceptance.
        # A server that sends one byte at a time gets no more time for it; a whole reply does.
        while self.is_open and (reply := replies.next()):
            self._answered(*reply)
            self._wait_anew()
        if self.is_open and not is_smtp:
            self._lose("The mail server's answer is not SMTP.")

    def _answered(self, code: int, text: bytes) -> None:
        """Sort one reply to what it answers."""
        if code == 421:
            self.was_sent_away = True
        load, stage = self._awaited.popleft() if self._awaited else (None, Stage.BODY)
        if load is None:
            self._spoke_out_of_turn(code, text)
        elif stage is Stage.RESET:
            if code != 250:
                self._lose("The mail server cannot begin anew.", OutcomeKind.ABANDONED)
            elif not self._pipelines:
                self._write(self._next_command(load))
        elif stage is Stage.DOT:
            kind = _KINDS.get(code // 100, OutcomeKind.UNCERTAIN)
            self._finish(load, reply_outcome(kind, stage, code, text))
            if code == 421 or code // 100 == 3:
                self._lose("The mail server hung up.", OutcomeKind.ABANDONED)
        elif load.refusal is not None:
            self._rest_of_refused(load, stage, code)
        elif code // 100 == (3 if stage is Stage.DATA else 2):
            self._admitted(load, stage)
        else:
            self._refused(load, stage, code, text)

    def _admitted(self, load: Load[T], stage: Stage) -> None:
        if stage is Stage.DATA:
            load.content_said = True
            self._write(load.parcel.content)
        elif not self._pipelines:
            self._write(self._next_command(load))

    def _refused(self, load: Load[T], stage: Stage, code: int, text: bytes) -> None:
        kind = OutcomeKind.NEVER if code // 100 == 5 else OutcomeKind.LATER
        outcome = reply_outcome(kind, stage, code, text)
        self._needs_reset = True
        if code // 100 in (2, 3) or code == 421:
            # Out of step with the server, or told to go.
            self._finish(load, outcome)
            self._lose("The mail server hung up.", OutcomeKind.ABANDONED)
        elif stage is Stage.MAIL and kind is OutcomeKind.NEVER:
            self.refused = RelayRefused(
                f"The mail server does not accept our sender: {code} {one_line(text)}"
            )
            self._lose(outcome.reply, OutcomeKind.ABANDONED)
        elif self._pipelines and stage is not Stage.DATA:
            # The answers to the commands behind this one still come.
            load.refusal = outcome
        else:
            self._finish(load, outcome)

    def _rest_of_refused(self, load: Load[T], stage: Stage, code: int) -> None:
        if stage is Stage.DATA and load.refusal is not None:
            self._finish(load, load.refusal)
        if code // 100 == 3 or code == 421:
            # It wants a content for nobody, or hangs up.
            self._lose("The mail server hung up.", OutcomeKind.ABANDONED)

    def _spoke_out_of_turn(self, code: int, text: bytes) -> None:
        """Hang up on a server that speaks unasked; what has no dot was not accepted."""
        if self._loads:
            kind = OutcomeKind.NEVER if code // 100 == 5 else OutcomeKind.LATER
            self._finish(self._loads[0], reply_outcome(kind, Stage.BODY, code, text))
        self._lose("The mail server hung up.", OutcomeKind.ABANDONED)

    def _finish(self, load: Load[T], outcome: Outcome) -> None:
        self._has_served |= outcome.code is not None
        self._loads.remove(load)
        self.finished.append(Finished(ticket=load.parcel.ticket, outcome=outcome))

    def _lose(self, reason: str, kind: OutcomeKind = OutcomeKind.LATER) -> None:
        """Close, and finish what is on the lane as far as its fate is known."""
        self._client.close()
        self._deadline = None
        stage = self._awaited[0][1] if self._awaited else Stage.BODY
        # Who has served others and then hangs up wanted no further message on this connection.
        is_its_turn = stage is not Stage.RESET and not (self._has_served and stage is Stage.MAIL)
        for position, load in enumerate(list(self._loads)):
            if load.dot_said and self._to_dot <= 0:
                outcome = Outcome(kind=OutcomeKind.UNCERTAIN, stage=Stage.DOT, reply=reason)
            elif position == 0 and is_its_turn:
                at = Stage.BODY if load.content_said else stage
                outcome = load.refusal or Outcome(kind=kind, stage=at, reply=reason)
            else:
                # Its turn had not come; whatever happened was not about it.
                outcome = Outcome(kind=OutcomeKind.ABANDONED, stage=Stage.MAIL, reply=reason)
            self._finish(load, outcome)
        self._awaited.clear()
        self._unsent = b""

    def _wait_anew(self) -> None:
        """Give the server its time from now, if it is its turn."""
        waits = self.is_open and bool(self._awaited or self._unsent)
        self._deadline = time.monotonic() + self._limit() if waits else None

    def _limit(self) -> float:
        is_verdict = self._awaited and self._awaited[0][1] is Stage.DOT and not self._unsent
        return self._limits.after_dot_seconds if is_verdict else self._limits.reply_seconds
