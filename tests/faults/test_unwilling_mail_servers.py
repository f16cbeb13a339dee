"""R8 to R10: mail servers that are slow, cannot be trusted, or do not trust us."""

import threading
from pathlib import Path

import pytest
from flask import Flask

from nps_portal.accounts.portal_settings import change_settings
from nps_portal.delivery.dispatch import Dispatch, Turn
from nps_portal.delivery.pace import Manners, Pace
from nps_portal.delivery.press import Press
from nps_portal.delivery.rendering import House
from nps_portal.foundation.database import reading
from nps_portal.outbox.claims import new_owner
from nps_portal.outbox.models import RelayStatus
from nps_portal.outbox.queries import outbox_health
from nps_portal.outbox.transport import TimeLimits
from tests.conftest import MakeDatabase
from tests.delivery.conftest import relay_to
from tests.delivery.queue import queue, states, the_message, use_server
from tests.faults.installation import ask, open_installation, people_by_state
from tests.faults.turns import deliver
from tests.support import factories
from tests.support.certificates import Certificates, make_certificates
from tests.support.client import PortalClient
from tests.support.clock import NOON, FixedClock
from tests.support.portal import wait_until
from tests.support.smtp_faults import Fault, Stage
from tests.support.smtp_server import Delay, Say, Silence, SinkServer, Trickle

LIMIT_SECONDS = 2.0
HASTY = TimeLimits(
    connect_seconds=LIMIT_SECONDS, reply_seconds=LIMIT_SECONDS, after_dot_seconds=LIMIT_SECONDS
)
SLOW = "slow@example.org"


@pytest.mark.parametrize(
    ("stage", "fault", "fate"),
    [
        ("banner", Silence(), "sent"),
        ("banner", Delay(20), "sent"),
        ("ehlo", Trickle(0.5), "sent"),
        ("rcpt", Silence(), "queued"),
        ("rcpt", Trickle(0.5), "queued"),
        ("kept", Silence(), "uncertain"),
        ("kept", Trickle(0.5), "uncertain"),
    ],
)
def test_r8_a_server_that_does_not_answer_holds_up_nobody_else(
    sending: Flask, sink: SinkServer, stage: Stage, fault: Fault, fate: str
) -> None:
    queue(SLOW, *[f"c{number}@example.org" for number in range(29)])
    is_greeting = stage in ("banner", "ehlo")
    sink.fail_at(stage, fault, recipient=None if is_greeting else SLOW, times=1)

    first, second = hasty_dispatch(sink), hasty_dispatch(sink)
    first.run()
    arrivals = [one.received_at for one in sink.accepted]
    in_time = sum(at < min(arrivals) + LIMIT_SECONDS for at in arrivals)
    second.run()

    assert (first.trouble, second.trouble) == (None, None)
    assert (states()[0], set(states()[1:])) == (fate, {"sent"})
    # What was introduced behind the dot of the one that waits has to wait with it.
    assert in_time >= 28
    assert len(sink.accepted) == len({one.recipient for one in sink.accepted})


def hasty_dispatch(sink: SinkServer) -> Dispatch:
    """Return a turn over three connections that waits for nothing longer than two seconds."""
    no_limits = Pace(
        per_minute=0, domain_per_minute=0, domain_connections=0, daily=None, day_began=NOON
    )
    turn = Turn(
        relay=relay_to(sink, limits=HASTY),
        connections=3,
        pace=no_limits,
        owner=new_owner(),
        stopping=threading.Event(),
    )
    return Dispatch(turn, Press(House(public_url="http://localhost")), Manners(), lambda: True)


def test_r8_the_worker_goes_on_beside_a_server_that_never_answers(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    database_url = make_database(tmp_path, "silence")
    with open_installation(tmp_path, database_url, NPS_MAIL_CONNECTIONS="4") as installation:
        installation.sink.fail_at("banner", Silence(), times=1)
        installation.sink.fail_at("kept", Silence(), recipient="p0@example.org")
        ask(20)
        worker = installation.portal.start("worker")
        # One more may have been introduced behind the dot that gets no answer.
        installation.wait_until_sent(19)
        ask(5, "later")
        wait_until(
            lambda: (
                {f"later{number}@example.org" for number in range(5)}
                <= set(installation.recipients)
            ),
            30,
            "the later ones",
        )

        assert worker.poll() is None
        assert people_by_state()["committing"] == {"p0@example.org"}
        installation.portal.kill(worker)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def demand_encryption(port: int) -> None:
    """Make a server on this port the one that delivers, encrypted and signed in."""
    use_server(port)
    with factories.work() as work:
        change_settings(
            work,
            {
                "mail_server": "localhost",
                "mail_security": "starttls",
                "mail_username": "jo",
                "mail_password": "right",
            },
        )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("self_signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("wrong_name", "Hostname mismatch"),
        (None, "offers no encryption"),
    ],
)
def test_r9_nothing_leaves_in_the_clear_or_to_a_stranger(
    app: Flask,
    clock: FixedClock,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    name: str | None,
    reason: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    certificate = getattr(certificates, name) if name else None
    with SinkServer(certificate=certificate, credentials=("jo", "right")) as sink:
        demand_encryption(sink.port)
        queue("a@example.org", "b@example.org")

        deliver(app)
        clock.advance(days=1)
        deliver(app)

        said = [one.text.split()[0].upper() for one in sink.commands]
        assert set(said) <= {"EHLO", "STARTTLS"}
        assert (sink.accepted, sink.connection_count) == ([], 1)
    reading().rollback()
    health = outbox_health(reading())
    assert (health.status, health.waiting) == (RelayStatus.STOPPED, 2)
    assert reason in health.reason


def test_r9_a_refused_starttls_stops_sending(app: Flask, certificates: Certificates) -> None:
    with SinkServer(certificate=certificates.good, credentials=("jo", "right")) as sink:
        demand_encryption(sink.port)
        sink.fail_at("starttls", Say("454 4.7.0 Not now"))
        queue("a@example.org")

        deliver(app)

        assert [one.text.split()[0].upper() for one in sink.commands] == ["EHLO", "STARTTLS"]
    reading().rollback()
    assert outbox_health(reading()).status is RelayStatus.STOPPED


def test_r9_a_certificate_that_proves_the_server_lets_everything_leave_encrypted(
    owner: PortalClient, app: Flask, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with SinkServer(certificate=certificates.expired, credentials=("jo", "right")) as stranger:
        demand_encryption(stranger.port)
        queue("a@example.org")
        deliver(app)
    with SinkServer(certificate=certificates.good, credentials=("jo", "right")) as mended:
        demand_encryption(mended.port)
        owner.post_form("/messages/mail-server/another-try")

        deliver(app)

        in_clear = [one.text.split()[0].upper() for one in mended.commands if not one.encrypted]
        assert in_clear == ["EHLO", "STARTTLS"]
        assert [one.recipient for one in mended.accepted] == ["a@example.org"]
    assert states() == ["sent"]


def test_r10_a_refused_password_stops_after_one_attempt_until_the_owner_mends_it(
    owner: PortalClient, app: Flask, clock: FixedClock
) -> None:
    with SinkServer(credentials=("jo", "right")) as sink:
        use_server(sink.port)
        with factories.work() as work:
            change_settings(work, {"mail_username": "jo", "mail_password": "wrong"})
        queue("a@example.org")

        deliver(app)
        page = owner.get("/messages").text
        clock.advance(days=1)
        deliver(app)
        tries = [one.text for one in sink.commands if one.text.startswith("AUTH")]
        waiting = the_message()
        with factories.work() as work:
            change_settings(work, {"mail_password": "right"})
        owner.sign_in(factories.OWNER, factories.PASSWORD)
        owner.post_form("/messages/mail-server/another-try")
        deliver(app)

    assert len(tries) == 1
    assert "refused the user name or password" in page
    assert (waiting.state.value, waiting.attempts) == ("queued", 0)
    assert states() == ["sent"]
