"""A load generator: keep-alive connections that each send the next request after an answer."""

import asyncio
import math
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a server answered: how many with which status, and how long the answers took."""

    statuses: dict[int, int]
    seconds: float
    cpu_seconds: float
    latencies_ms: list[float]

    @property
    def rate(self) -> float:
        """Return the answers in a second."""
        return len(self.latencies_ms) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Return what so many percent of the answers did not exceed, by the nearest rank."""
        ordered = sorted(self.latencies_ms)
        return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def send(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send each request once, `connections` at a time."""
    return asyncio.run(_run(port, requests, connections))[0]


def fetch(port: int, requests: Sequence[bytes], connections: int) -> list[bytes]:
    """Send each request once and return the bodies, in the order of the requests."""
    return asyncio.run(_run(port, requests, connections))[1]


class _Round:
    """What the connections share: the requests still to be sent, and the answers."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.requests = requests
        self.next = 0
        self.bodies = [b""] * len(requests)
        self.latencies_ms: list[float] = []
        self.statuses: Counter[int] = Counter()


class _Connection(asyncio.Protocol):
    def __init__(self, shared: _Round, ended: asyncio.Future[None]) -> None:
        self.shared = shared
        self.ended = ended
        self.unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(ConnectionError(f"the server hung up: {exc}"))

    def data_received(self, data: bytes) -> None:
        self.unread += data
        head, end, body = self.unread.partition(_HEAD_END)
        if not end:
            return
        length = _LENGTH.search(head)
        if length is None:
            raise ValueError(f"an answer without its length: {head[:200]!r}")
        if len(body) < int(length[1]):
            return
        self.unread = b""
        self.shared.latencies_ms.append(1000 * (time.perf_counter() - self.sent_at))
        self.shared.statuses[int(head[9:12])] += 1
        self.shared.bodies[self.number] = body
        self._send_next()

    def _send_next(self) -> None:
        self.number = self.shared.next
        if self.number == len(self.shared.requests):
            self.ended.set_result(None)
            self.transport.close()
            return
        self.shared.next += 1
        self.sent_at = time.perf_counter()
        self.transport.write(self.shared.requests[self.number])


async def _run(port: int, requests: Sequence[bytes], connections: int) -> tuple[Load, list[bytes]]:
    loop = asyncio.get_running_loop()
    shared = _Round(requests)
    ends: list[asyncio.Future[None]] = [
        loop.create_future() for _ in range(min(connections, len(requests)))
    ]
    began, cpu_began = time.perf_counter(), time.process_time()
    for ended in ends:
        connection = _Connection(shared, ended)
        await loop.create_connection(lambda one=connection: one, "127.0.0.1", port)  # type: ignore[misc]  # the default binds this turn's value
    await asyncio.gather(*ends)
    load = Load(
        statuses=dict(shared.statuses),
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - cpu_began,
        latencies_ms=shared.latencies_ms,
    )
    return load, shared.bodies
