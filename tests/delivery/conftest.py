"""An email to send, a server to send it to, and certificates for it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from nps_portal.mail.mime import Envelope, Mail, build
from nps_portal.outbox.transport import Outcome, Relay, Security, TimeLimits, open_relay
from tests.delivery.queue import use_server
from tests.support.certificates import Certificates, make_certificates
from tests.support.smtp_server import SinkServer

PATIENT = TimeLimits(connect_seconds=10, reply_seconds=10, after_dot_seconds=10)
HASTY = TimeLimits(connect_seconds=0.3, reply_seconds=0.3, after_dot_seconds=0.3)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def sink() -> Iterator[SinkServer]:
    with SinkServer() as server:
        yield server


@pytest.fixture
def relay(sink: SinkServer) -> Relay:
    return relay_to(sink)


@pytest.fixture
def hasty_relay(sink: SinkServer) -> Relay:
    """The same sink, for tests in which it stays silent: waiting is cut short."""
    return relay_to(sink, limits=HASTY)


@pytest.fixture
def secure_sink(certificates: Certificates) -> Iterator[Callable[..., SinkServer]]:
    """Start servers with the certificate asked for."""
    started: list[SinkServer] = []

    def start(name: str = "good", **manners: object) -> SinkServer:
        server = SinkServer(certificate=getattr(certificates, name), **manners)  # type: ignore[arg-type] # passed on as given
        started.append(server.start())
        return server

    yield start
    for server in started:
        server.stop()


def relay_to(
    sink: SinkServer,
    *,
    security: Security = Security.NONE,
    server: str = "127.0.0.1",
    trusted_ca: Path | None = None,
    username: str | None = None,
    password: str | None = None,
    limits: TimeLimits = PATIENT,
) -> Relay:
    """Return the settings that lead to a sink."""
    return Relay(
        server=server,
        port=sink.port,
        security=security,
        trusted_ca=trusted_ca,
        username=username,
        password=password,
        limits=limits,
    )


def envelope_to(recipient: str = "zoe@example.org", envelope_id: str = "o-01jd8x") -> Envelope:
    return Envelope(
        sender="b+9f3kQ2@bounces.acme.example", recipient=recipient, envelope_id=envelope_id
    )


def mail(**changes: object) -> Mail:
    """Return a valid email, changed as the test needs it."""
    values: dict[str, object] = {
        "sender_name": "Jo at Acme",
        "sender_email": "feedback@mail.acme.example",
        "recipient_name": "Zoë Müller",
        "recipient_email": "zoe@example.org",
        "subject": "How likely are you to recommend Acme?",
        "text": "Choose a score:\n0 https://nps.acme.example/s/token/0\n",
        "html": "<p>Choose a score</p>",
        "message_id": "<o-01jd8x3k9c7m2v@mail.acme.example>",
        "date": datetime(2026, 11, 21, 18, 0, tzinfo=UTC),
    }
    return Mail(**(values | changes))  # type: ignore[arg-type] # the tests change one by name


def content() -> bytes:
    return build(mail())


def leave() -> bool:
    """Agree to the final dot."""
    return True


def deliver(relay: Relay, envelope: Envelope | None = None, body: bytes | None = None) -> Outcome:
    """Open a connection, deliver one message, and close."""
    with open_relay(relay) as connection:
        return connection.deliver(envelope or envelope_to(), body or content(), leave)


def seconds_taken(act: Callable[[], object]) -> float:
    """Return how long the act takes on the monotonic clock."""
    started = time.monotonic()
    act()
    return time.monotonic() - started


def open_and_close(relay: Relay) -> None:
    """Say hello and goodbye."""
    with open_relay(relay):
        pass


@pytest.fixture
def sending(app: Flask, sink: SinkServer) -> Flask:
    """Give an application whose mail server is the sink."""
    use_server(sink.port)
    return app
