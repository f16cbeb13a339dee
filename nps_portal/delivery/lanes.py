"""The lanes of one turn: opened beside the loop, attended when they have something to say."""

import contextlib
import selectors
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from nps_portal.mail.lane import Lane
from nps_portal.mail.parcels import Finished
from nps_portal.outbox.claims import Claim
from nps_portal.outbox.transport import (
    QUIT_SECONDS,
    Relay,
    RelayConnection,
    RelayRefused,
    RelayUnavailable,
    open_relay,
)


class Lanes:
    """Connections to one mail server, up to `most`; it has fewer when the server wants fewer.

    `trouble` is why no more will be opened in this turn.
    """

    def __init__(self, relay: Relay, most: int) -> None:
        self._relay = relay
        self._most = most
        self._open: dict[Lane[Claim], int] = {}
        self._connections: dict[Lane[Claim], RelayConnection] = {}
        self._opening: set[Future[RelayConnection]] = set()
        self._threads = ThreadPoolExecutor(max_workers=most)
        self._selector = selectors.DefaultSelector()
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self.has_worked = False
        self.trouble: RelayRefused | RelayUnavailable | None = None

    def __iter__(self) -> Iterator[Lane[Claim]]:
        return iter(list(self._open))

    @property
    def is_opening(self) -> bool:
        """Whether a connection is being opened."""
        return bool(self._opening)

    def want(self, number: int) -> None:
        """Have so many lanes, or as many as may be.

        With a password the first goes alone: a wrong one tried on all at once looks like an attack.
        """
        if self.trouble is not None:
            return
        most = 1 if self._relay.username and not self.has_worked else self._most
        for _ in range(min(number, most) - len(self._open) - len(self._opening)):
            future = self._threads.submit(open_relay(self._relay).__enter__)
            self._opening.add(future)
            future.add_done_callback(self._ring)

    def attend(self, seconds: float) -> list[Finished[Claim]]:
        """Wait until a lane has something to say, and return the messages that have ended."""
        self._watch()
        ready = {key.data for key, _ in self._selector.select(self._patience(seconds))}
        now = time.monotonic()
        finished: list[Finished[Claim]] = []
        for lane in self:
            if lane in ready or (lane.deadline is not None and lane.deadline < now):
                lane.attend()
        for lane in self:
            finished += lane.finished
            lane.finished = []
            self._look_after(lane)
        if self._opening:
            self._take_opened()
        return finished

    def close(self) -> list[Finished[Claim]]:
        """Say goodbye on every lane, and return what was still on one."""
        for lane in self:
            if not lane.is_idle and lane.is_open:
                lane.abandon()
        left = [one for lane in self for one in lane.finished]
        for lane in self:
            self._threads.submit(lane.leave, min(QUIT_SECONDS, self._relay.limits.reply_seconds))
        # Nobody waits for a server that has not greeted us yet.
        self._threads.shutdown(wait=not self._opening)
        for future in self._opening:
            future.add_done_callback(_hang_up)
        self._selector.close()
        self._bell.close()
        self._ringer.close()
        return left

    def _ring(self, _: Future[RelayConnection]) -> None:
        # After the end of the turn nobody listens.
        with contextlib.suppress(OSError):
            self._ringer.send(b"!")

    def _watch(self) -> None:
        for lane, number in self._open.items():
            # One that was hung up between two rounds is let go of at the end of this one.
            if lane.is_open and self._selector.get_key(number).events != lane.interest:
                self._selector.modify(number, lane.interest, lane)

    def _patience(self, seconds: float) -> float:
        deadlines = [lane.deadline for lane in self._open if lane.deadline is not None]
        left = min(deadlines, default=float("inf")) - time.monotonic()
        return max(0.0, min(seconds, left))

    def _look_after(self, lane: Lane[Claim]) -> None:
        """Let a closed lane go; a server that sends us away gets one lane less."""
        if lane.refused is not None:
            self.trouble = lane.refused
        if not lane.is_open:
            self._selector.unregister(self._open.pop(lane))
            if lane.was_sent_away:
                self._most = max(1, self._most - 1)

    def _take_opened(self) -> None:
        self._hush()
        for future in [one for one in self._opening if one.done()]:
            self._opening.remove(future)
            error = future.exception()
            if error is None:
                self._add(future.result())
            elif isinstance(error, RelayUnavailable) and self._open:
                # It talks to us on other connections: it wants no more of them.
                self._most = len(self._open)
            elif isinstance(error, RelayUnavailable | RelayRefused):
                self.trouble = error
            else:
                raise error

    def _add(self, connection: RelayConnection) -> None:
        lane: Lane[Any] = connection.lane()
        self.has_worked = True
        self._open[lane] = lane.fileno()
        self._selector.register(lane.fileno(), lane.interest, lane)

    def _hush(self) -> None:
        try:
            self._bell.recv(4096)
        except BlockingIOError:
            return


def _hang_up(future: Future[RelayConnection]) -> None:
    if future.exception() is None:
        future.result().__exit__(None, None, None)
