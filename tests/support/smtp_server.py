"""A real SMTP server for the tests, which keeps what it accepts and fails as it is told.

    with SinkServer() as sink:
        sink.fail_at("rcpt", Say("451 4.7.1 Come back later"), times=1)
        ...
        assert [one.recipient for one in sink.accepted] == ["zoe@example.org"]

It also runs on its own, for trials that kill processes: `python -m tests.support.smtp_server
--port 0 --spool FILE` prints its port and writes a line of JSON for each message it accepts.
"""

import argparse
import json
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.certificates import Certificate
from tests.support.smtp_faults import (
    Delay,
    Fault,
    FaultPlans,
    HangUp,
    Say,
    Silence,
    Stage,
    Trickle,
)
from tests.support.smtp_record import Accepted, Answer, Command, Record
from tests.support.smtp_session import Manners, Session

__all__ = [
    "Accepted", "Answer", "Command", "Delay", "HangUp", "Say", "Silence", "SinkServer", "Trickle",
]  # fmt: skip

DEFAULT_EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")


class SinkServer:
    """The server, listening from its making and answering inside its `with` block."""

    def __init__(
        self,
        *,
        port: int = 0,
        certificate: Certificate | None = None,
        tls_from_the_start: bool = False,
        credentials: tuple[str, str] | None = None,
        mechanisms: str = "PLAIN LOGIN",
        extensions: tuple[str, ...] = DEFAULT_EXTENSIONS,
        on_accepted: Callable[[Accepted], None] | None = None,
    ) -> None:
        """Listen on 127.0.0.1; with a certificate STARTTLS is offered, unless TLS comes first."""
        self._record = Record(on_accepted)
        self._faults = FaultPlans()
        self._manners = Manners(
            context=_context(certificate),
            tls_from_the_start=tls_from_the_start,
            credentials=credentials,
            mechanisms=mechanisms,
            extensions=extensions,
        )
        self._stopped = threading.Event()
        self._sessions: list[Session] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def accepted(self) -> list[Accepted]:
        """The messages kept, in order."""
        return self._record.accepted

    @property
    def unfinished(self) -> list[bytes]:
        """The contents whose dot never came; a server must discard them."""
        return self._record.unfinished

    @property
    def commands(self) -> list[Command]:
        """All that clients said outside their messages."""
        return self._record.commands

    @property
    def answers(self) -> list[Answer]:
        """All that the server said; an entry stands here once it is on its way."""
        return self._record.answers

    @property
    def connection_count(self) -> int:
        """How many connections were opened so far."""
        return len(self._sessions)

    def start(self) -> Self:
        """Begin to accept connections."""
        return self.__enter__()

    def stop(self) -> None:
        """Close every connection and stop listening."""
        self._stopped.set()
        # A listening socket that is only closed would leave its thread inside accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for session in self._sessions:
            session.hang_up()
            session.thread.join()

    def fail_at(
        self, stage: Stage, fault: Fault, *, recipient: str | None = None, times: int | None = None
    ) -> None:
        """Fail at the stage, for one recipient or all, a number of times or always."""
        self._faults.add(stage, fault, recipient, times)

    def work_again(self) -> None:
        """Forget every fault."""
        self._faults.clear()

    def wait_until(self, condition: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Wait until something that this server records makes the condition true."""
        return self._record.wait_until(condition, seconds)

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            session = Session(
                client=client,
                number=len(self._sessions) + 1,
                manners=self._manners,
                faults=self._faults,
                record=self._record,
                stopped=self._stopped,
            )
            self._sessions.append(session)
            session.thread.start()


def _context(certificate: Certificate | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context


def main() -> None:
    """Run until killed, with a spool file for what is accepted."""
    parser = argparse.ArgumentParser(description="An SMTP server that keeps what it is given.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--answer-after", type=float, default=0.0, metavar="SECONDS")
    arguments = parser.parse_args()
    with arguments.spool.open("a", encoding="utf-8") as spool:

        def write_line(accepted: Accepted) -> None:
            line = {
                "recipient": accepted.recipient,
                "message_id": accepted.message["Message-ID"],
                "size": len(accepted.raw),
            }
            spool.write(json.dumps(line) + "\n")
            spool.flush()

        with SinkServer(port=arguments.port, on_accepted=write_line) as sink:
            if arguments.answer_after:
                sink.fail_at("kept", Delay(arguments.answer_after))
            print(sink.port, flush=True)
            threading.Event().wait()


if __name__ == "__main__":
    main()
