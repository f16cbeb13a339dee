"""The clock, compared with machines that tell the time."""

from datetime import timedelta

import pytest

from nps_portal.doctor.findings import Lamp
from nps_portal.doctor.timekeeping import clock_finding, zone_finding
from nps_portal.mail.handshake import Relay, Security
from tests.support.clock import FixedClock
from tests.support.smtp_server import Say, SinkServer


def relay_to(sink: SinkServer) -> Relay:
    return Relay(server="127.0.0.1", port=sink.port, security=Security.NONE)


@pytest.mark.parametrize(
    ("seconds", "lamp", "words"),
    [
        (30, Lamp.GREEN, "30 s apart"),
        (90, Lamp.AMBER, "90 s behind"),
        (-90, Lamp.AMBER, "90 s ahead of"),
        (400, Lamp.RED, "400 s behind"),
    ],
)
def test_a_mail_server_that_greets_with_the_time_is_believed(
    clock: FixedClock, sink: SinkServer, seconds: int, lamp: Lamp, words: str
) -> None:
    theirs = clock.now() + timedelta(seconds=seconds)
    sink.fail_at("banner", Say(f"220 mx ESMTP Exim 4.98 {theirs:%a, %d %b %Y %H:%M:%S} +0000"))

    found = clock_finding(clock, last_written=None, relay=relay_to(sink), public_url="")

    assert found.lamp is lamp
    assert words in found.text
    assert bool(found.line) == (lamp is not Lamp.GREEN)


def test_without_anybody_to_ask_the_clock_is_only_shown(
    clock: FixedClock, sink: SinkServer
) -> None:
    found = clock_finding(clock, last_written=None, relay=relay_to(sink), public_url="")

    assert found.lamp is Lamp.GREEN
    assert "nobody to compare" in found.text


def test_a_clock_behind_what_was_written_here_is_wrong(clock: FixedClock) -> None:
    later = clock.now() + timedelta(hours=3)

    found = clock_finding(clock, last_written=later, relay=None, public_url="")

    assert found.lamp is Lamp.RED
    assert "later time" in found.text


def test_a_zone_that_this_machine_does_not_know_is_a_fault() -> None:
    assert zone_finding("Europe/Vienna").lamp is Lamp.GREEN
    assert zone_finding("Mars/Olympus").lamp is Lamp.RED
