"""An SMTP server in a process of its own that takes mail as fast as it can and keeps who got it.

    with open_sink() as sink:
        ... send to 127.0.0.1, sink.port ...
        receipt = sink.take()

It reads no line of a message, because a server that parses would be slower than who sends to it.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from benchmarks.people import people
from benchmarks.support import WrongResult

_PIPELINING = b"250-PIPELINING\r\n"
_GREETING = (
    b"250-sink.example\r\n" + _PIPELINING + b"250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
    b"250 ENHANCEDSTATUSCODES\r\n"
)
_ANSWERS = {
    b"EHLO": _GREETING,
    b"HELO": b"250 sink.example\r\n",
    b"MAIL": b"250 2.1.0 Sender accepted\r\n",
    b"RCPT": b"250 2.1.5 Recipient accepted\r\n",
    b"DATA": b"354 Go ahead\r\n",
    b"RSET": b"250 2.0.0 Reset\r\n",
    b"NOOP": b"250 2.0.0 Fine\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
_END = b"\r\n.\r\n"


@dataclass(frozen=True, kw_only=True)
class SinkManners:
    """How a sink behaves: how late each answer comes, and whether commands may come in groups."""

    reply_after_ms: float = 0.0
    pipelining: bool = True


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the sink has taken since it was last asked."""

    recipients: list[str]
    size_bytes: int

    def check(self, count: int, name: str) -> None:
        """Refuse the work of somebody who did not write to each of so many people exactly once.

        :raises WrongResult: somebody is missing, a stranger, or there twice.
        """
        if Counter(self.recipients) != Counter(one.email for one in people(count)):
            raise WrongResult(f"{name}: not everybody got exactly one email.")


class Sink:
    """The sink as the benchmark's own process sees it."""

    def __init__(self, port: int, said: IO[str], told: IO[str]) -> None:
        self.port = port
        self._said = said
        self._told = told

    def take(self) -> Receipt:
        """Return what has arrived, and let the sink begin anew."""
        self._told.write("take\n")
        self._told.flush()
        return Receipt(**json.loads(self._said.readline()))


@contextmanager
def open_sink(manners: SinkManners = SinkManners()) -> Iterator[Sink]:
    """Start a sink with these manners, and end it with the block."""
    words = ["--reply-after-ms", str(manners.reply_after_ms)]
    if not manners.pipelining:
        words.append("--no-pipelining")
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.smtp_sink", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Sink(int(process.stdout.readline()), process.stdout, process.stdin)
    finally:
        process.terminate()
        process.wait()


class _Tray:
    def __init__(self) -> None:
        self.recipients: list[str] = []
        self.size_bytes = 0

    def empty_out(self) -> None:
        content = {"recipients": self.recipients, "size_bytes": self.size_bytes}
        print(json.dumps(content), flush=True)
        self.recipients, self.size_bytes = [], 0


class _Conversation(asyncio.Protocol):
    def __init__(self, tray: _Tray, manners: SinkManners) -> None:
        self.tray = tray
        self.reply_after_seconds = manners.reply_after_ms / 1000
        self.answers = dict(_ANSWERS)
        if not manners.pipelining:
            self.answers[b"EHLO"] = _GREETING.replace(_PIPELINING, b"")
        self.unread = b""
        self.in_content = False
        self.recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._say(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.unread += data
        replies: list[bytes] = []
        while reply := self._content() if self.in_content else self._command():
            replies.append(reply)
        if replies:
            self._say(b"".join(replies))

    def _command(self) -> bytes | None:
        line, end, rest = self.unread.partition(b"\r\n")
        if not end:
            return None
        self.unread = rest
        verb = line[:4].upper()
        if verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        # The end of the command may stand for the line end before a leading dot.
        self.in_content = verb == b"DATA"
        return self.answers.get(verb, b"502 5.5.1 Unknown command\r\n")

    def _content(self) -> bytes | None:
        """Take the message if its end is there; the end may arrive in two pieces."""
        end = self.unread.find(_END)
        if end < 0:
            self.tray.size_bytes += max(0, len(self.unread) - len(_END))
            self.unread = self.unread[-len(_END) :]
            return None
        self.tray.size_bytes += end + 2
        self.unread = self.unread[end + len(_END) :]
        self.tray.recipients.append(self.recipient)
        self.in_content = False
        return b"250 2.0.0 Kept\r\n"

    def _say(self, reply: bytes) -> None:
        if self.reply_after_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self.reply_after_seconds, self.transport.write, reply)
        else:
            self.transport.write(reply)


async def _serve(manners: SinkManners) -> None:
    tray, loop = _Tray(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Conversation(tray, manners), "127.0.0.1", 0, backlog=128
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    asked = asyncio.Event()

    def read_word() -> None:
        if sys.stdin.readline():
            tray.empty_out()
        else:
            # Whoever started us is gone.
            asked.set()

    loop.add_reader(sys.stdin, read_word)
    await asked.wait()


def main() -> None:
    """Listen on a free port, print it, and answer each line of standard input with a receipt."""
    parser = argparse.ArgumentParser(description="An SMTP server that takes mail fast.")
    parser.add_argument("--reply-after-ms", type=float, default=0.0)
    parser.add_argument("--no-pipelining", action="store_true")
    said = parser.parse_args()
    manners = SinkManners(reply_after_ms=said.reply_after_ms, pipelining=not said.no_pipelining)
    asyncio.run(_serve(manners))


if __name__ == "__main__":
    main()
