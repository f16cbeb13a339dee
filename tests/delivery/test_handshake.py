"""Reaching a server, waiting for it, encrypting and signing in."""

import socket
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from nps_portal.outbox.transport import (
    OutcomeKind,
    Relay,
    RelayRefused,
    RelayUnavailable,
    Security,
    Stage,
    TimeLimits,
)
from tests.delivery.conftest import (
    HASTY,
    deliver,
    open_and_close,
    relay_to,
    seconds_taken,
)
from tests.support.certificates import Certificates
from tests.support.smtp_faults import Stage as FaultStage
from tests.support.smtp_server import Delay, HangUp, Say, Silence, SinkServer, Trickle

CREDENTIALS = ("jo", "pä ss\\word")


def test_a_port_where_nobody_listens_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(RelayUnavailable, match="cannot be reached"):
        open_and_close(Relay(server="127.0.0.1", port=port, security=Security.NONE))


def test_a_server_that_never_takes_the_connection_does_not_hold_the_worker() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # One waiting connection fills the queue, and the system leaves the next without an answer.
        with socket.create_connection(address):
            relay = Relay(server=address[0], port=address[1], security=Security.NONE, limits=HASTY)

            def try_it() -> None:
                with pytest.raises(RelayUnavailable, match="does not answer"):
                    open_and_close(relay)

            assert seconds_taken(try_it) < 5


def test_a_server_name_that_is_none_needs_the_owner() -> None:
    with pytest.raises(RelayRefused, match="not the name of a server"):
        open_and_close(Relay(server="x" * 70 + ".example", port=25, security=Security.NONE))


@pytest.mark.parametrize("at", ["banner", "ehlo"])
@pytest.mark.parametrize(
    "fault",
    [
        Say("421 4.3.2 Busy"),
        Say("554 5.3.2 Not here"),
        HangUp(),
        Silence(),
        Trickle(0.05),
        Say("SSH-2.0-OpenSSH_9.2"),
    ],
)
def test_r4_trouble_before_the_first_message_is_nobodys_attempt(
    sink: SinkServer,
    hasty_relay: Relay,
    at: FaultStage,
    fault: Say | HangUp | Silence | Trickle,
) -> None:
    sink.fail_at(at, fault)

    with pytest.raises(RelayUnavailable):
        open_and_close(hasty_relay)


def test_defect_b_r8_a_late_banner_does_not_hold_the_worker(
    sink: SinkServer, hasty_relay: Relay
) -> None:
    sink.fail_at("banner", Delay(20))

    def try_it() -> None:
        with pytest.raises(RelayUnavailable, match=r"did not answer within 0\.3 seconds"):
            open_and_close(hasty_relay)

    assert seconds_taken(try_it) < 5


def test_defect_b_r8_a_trickling_reply_is_limited_as_a_whole(
    sink: SinkServer, hasty_relay: Relay
) -> None:
    sink.fail_at("rcpt", Trickle(0.05))

    taken = seconds_taken(lambda: deliver(hasty_relay))

    assert taken < 5


def test_a_slow_reply_within_the_limit_is_waited_for(sink: SinkServer, relay: Relay) -> None:
    sink.fail_at("rcpt", Trickle(0.005, "250 2.1.5 Fine"))
    sink.fail_at("dot", Delay(0.5))
    patient = replace(relay, limits=TimeLimits(reply_seconds=2, after_dot_seconds=5))

    outcome = deliver(patient)

    assert outcome.kind is OutcomeKind.SENT


def test_a_server_that_stops_reading_does_not_hold_the_worker(
    sink: SinkServer, hasty_relay: Relay
) -> None:
    sink.fail_at("body", Delay(20))
    huge = b"x" * 900 + b"\r\n"

    started = time.monotonic()
    outcome = deliver(hasty_relay, body=huge * 20_000)

    assert time.monotonic() - started < 5
    assert (outcome.kind, outcome.stage) == (OutcomeKind.LATER, Stage.BODY)


def test_the_default_limits_are_those_of_the_standard() -> None:
    limits = Relay(server="mail.example", port=587).limits

    assert limits == TimeLimits(connect_seconds=30, reply_seconds=60, after_dot_seconds=600)


def test_the_greeting_names_this_machine_by_address_unless_it_has_a_name(
    sink: SinkServer, relay: Relay
) -> None:
    open_and_close(relay)
    open_and_close(replace(relay, ehlo_name="portal.acme.example"))

    greetings = [one.text for one in sink.commands if one.text.lower().startswith("ehlo")]
    assert greetings == ["ehlo [127.0.0.1]", "ehlo portal.acme.example"]


def secured(
    sink: SinkServer, certificates: Certificates, security: Security = Security.STARTTLS
) -> Relay:
    """Return settings with credentials, so that what leaks would be seen."""
    return relay_to(
        sink,
        security=security,
        server="localhost",
        trusted_ca=certificates.authority,
        username=CREDENTIALS[0],
        password=CREDENTIALS[1],
    )


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_message_travels_encrypted_and_signed_in(
    secure_sink: Callable[..., SinkServer], certificates: Certificates, security: Security
) -> None:
    sink = secure_sink(credentials=CREDENTIALS, tls_from_the_start=security is Security.TLS)

    outcome = deliver(secured(sink, certificates, security))

    assert outcome.kind is OutcomeKind.SENT
    in_clear = [one.text.split()[0].upper() for one in sink.commands if not one.encrypted]
    assert in_clear == ([] if security is Security.TLS else ["EHLO", "STARTTLS"])


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("self_signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("wrong_name", "Hostname mismatch"),
    ],
)
def test_defect_c_r9_a_certificate_that_proves_nothing_is_refused(
    secure_sink: Callable[..., SinkServer],
    certificates: Certificates,
    security: Security,
    name: str,
    reason: str,
) -> None:
    sink = secure_sink(name, credentials=CREDENTIALS, tls_from_the_start=security is Security.TLS)

    with pytest.raises(RelayRefused, match=reason):
        deliver(secured(sink, certificates, security))

    assert not any("AUTH" in one.text or "MAIL" in one.text for one in sink.commands)
    assert sink.accepted == []


def test_defect_c_r9_an_authority_unknown_to_the_system_is_refused_unless_named(
    secure_sink: Callable[..., SinkServer], certificates: Certificates
) -> None:
    sink = secure_sink(credentials=CREDENTIALS)

    with pytest.raises(RelayRefused, match="cannot be trusted"):
        deliver(replace(secured(sink, certificates), trusted_ca=None))


def test_r9_a_server_without_encryption_gets_nothing_in_the_clear(
    certificates: Certificates,
) -> None:
    with SinkServer(credentials=CREDENTIALS) as sink:
        with pytest.raises(RelayRefused, match="offers no encryption"):
            deliver(secured(sink, certificates))

        assert [one.text.split()[0].upper() for one in sink.commands] == ["EHLO"]


@pytest.mark.parametrize("line", ["454 4.7.0 Not now", "502 5.5.1 No", "250 Odd"])
def test_r9_a_server_that_refuses_encryption_gets_nothing_in_the_clear(
    secure_sink: Callable[..., SinkServer], certificates: Certificates, line: str
) -> None:
    sink = secure_sink(credentials=CREDENTIALS)
    sink.fail_at("starttls", Say(line))

    with pytest.raises(RelayRefused, match="refused encryption"):
        deliver(secured(sink, certificates))

    assert [one.text.split()[0].upper() for one in sink.commands] == ["EHLO", "STARTTLS"]


def test_text_slipped_in_before_the_encryption_is_not_taken_for_an_answer(
    secure_sink: Callable[..., SinkServer], certificates: Certificates
) -> None:
    sink = secure_sink(credentials=CREDENTIALS)
    sink.fail_at("starttls", Say("220 2.0.0 Go ahead\r\n250 AUTH PLAIN"))

    with pytest.raises(RelayUnavailable, match="out of turn"):
        deliver(secured(sink, certificates))


def test_a_server_that_speaks_plainly_where_tls_is_expected_needs_the_owner(
    sink: SinkServer, certificates: Certificates
) -> None:
    with pytest.raises(RelayRefused, match="No encryption could be agreed on"):
        open_and_close(secured(sink, certificates, Security.TLS))


def test_a_file_of_authorities_that_cannot_be_read_needs_the_owner(
    secure_sink: Callable[..., SinkServer], certificates: Certificates
) -> None:
    missing = certificates.authority.with_name("missing.pem")

    with pytest.raises(RelayRefused, match="cannot be read"):
        open_and_close(replace(secured(secure_sink(), certificates), trusted_ca=missing))


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN", "XOAUTH2 PLAIN", "CRAM-MD5"])
def test_a_mechanism_is_chosen_that_the_server_offers(
    secure_sink: Callable[..., SinkServer], certificates: Certificates, mechanisms: str
) -> None:
    sink = secure_sink(credentials=CREDENTIALS, mechanisms=mechanisms)

    outcome = deliver(secured(sink, certificates))

    assert outcome.kind is OutcomeKind.SENT


def test_r10_a_refused_password_is_tried_once(
    secure_sink: Callable[..., SinkServer], certificates: Certificates
) -> None:
    sink = secure_sink(credentials=("jo", "another"), mechanisms="PLAIN LOGIN CRAM-MD5")

    with pytest.raises(RelayRefused, match=r"535 5\.7\.8 Wrong user name or password"):
        deliver(secured(sink, certificates))

    assert [one.text[:10] for one in sink.commands if "AUTH" in one.text] == ["AUTH PLAIN"]


def test_a_sign_in_that_fails_for_now_is_only_unavailable(
    secure_sink: Callable[..., SinkServer], certificates: Certificates
) -> None:
    sink = secure_sink(credentials=CREDENTIALS)
    sink.fail_at("auth", Say("454 4.7.0 Temporary failure"))

    with pytest.raises(RelayUnavailable, match="could not sign us in"):
        deliver(secured(sink, certificates))


@pytest.mark.parametrize("credentials", [None, CREDENTIALS])
def test_a_server_that_offers_no_known_sign_in_needs_the_owner(
    secure_sink: Callable[..., SinkServer],
    certificates: Certificates,
    credentials: tuple[str, str] | None,
) -> None:
    sink = secure_sink(credentials=credentials, mechanisms="XOAUTH2")

    with pytest.raises(RelayRefused, match="no way to sign in"):
        deliver(secured(sink, certificates))
