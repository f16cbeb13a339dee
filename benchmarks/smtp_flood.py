"""The fastest client that is fair, to learn what a sink can take: nothing is built or stored."""

import asyncio
import time

_ENVELOPE = "MAIL FROM:<feedback@acme.example>\r\nRCPT TO:<{}@example.org>\r\nDATA\r\n"


def messages_per_second(port: int, count: int, connections: int, size_bytes: int) -> float:
    """Send messages of a size over connections side by side, and return how many a second."""
    line = b"x" * 74 + b"\r\n"
    content = line * (size_bytes // len(line)) + b".\r\n"
    return asyncio.run(_flood(port, count, connections, content))


class _Flood(asyncio.Protocol):
    def __init__(self, numbers: list[int], content: bytes, ended: asyncio.Future[None]) -> None:
        self.numbers = numbers
        self.content = content
        self.ended = ended
        self.unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"HELO flood\r\n" + self._envelope())

    def data_received(self, data: bytes) -> None:
        self.unread += data
        if b"354" not in self.unread:
            if not self.numbers and self.unread.endswith(b"Kept\r\n"):
                self.ended.set_result(None)
                self.transport.close()
            return
        self.unread = b""
        self.numbers.pop()
        # RFC 2920, 3.1: the next envelope may follow the final dot at once.
        self.transport.write(self.content + (self._envelope() if self.numbers else b""))

    def _envelope(self) -> bytes:
        return _ENVELOPE.format(f"flood.{self.numbers[-1]}").encode()


async def _flood(port: int, count: int, connections: int, content: bytes) -> float:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    ends: list[asyncio.Future[None]] = []
    for number in range(connections):
        ended: asyncio.Future[None] = loop.create_future()
        flood = _Flood(list(range(number, count, connections)), content, ended)
        await loop.create_connection(lambda flood=flood: flood, "127.0.0.1", port)  # type: ignore[misc]  # a default binds the loop's value
        ends.append(ended)
    await asyncio.gather(*ends)
    return count / (time.perf_counter() - began)
