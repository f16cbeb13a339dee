"""The email to an address that nobody has."""

import dkim  # type: ignore[import-untyped]  # it brings no types
import pytest
from flask import Flask

from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.doctor.bounce_test import NotReady, send_bounce_test
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.mail.dkim import dns_record
from tests.doctor.conftest import change
from tests.support import factories
from tests.support.clock import NOON
from tests.support.smtp_server import Say, SinkServer


def send() -> str:
    return send_bounce_test(process_settings(), portal_settings(reading()), NOON)


def test_a_server_that_takes_the_email_owes_a_report(
    sound_business: Flask, sink: SinkServer
) -> None:
    words = send()

    [taken] = sink.accepted
    assert taken.recipient.startswith("nps-bounce-test-")
    assert taken.recipient.endswith("@mail.acme.example")
    assert taken.sender.startswith("b+")
    assert taken.sender.endswith("@bounces.mail.acme.example")
    assert taken.recipient in words
    assert f"report of the failure should reach {taken.sender}" in words
    assert "No inbox is set" in words


def test_the_email_is_signed_like_any_other(sound_business: Flask, sink: SinkServer) -> None:
    key = process_settings().instance_dir / "dkim" / "nps.pem"

    send()

    record = dns_record(key).encode()
    assert dkim.verify(sink.accepted[0].raw, dnsfunc=lambda name, timeout=5: record)


def test_a_refusal_at_once_proves_that_dead_addresses_are_seen(
    sound_business: Flask, sink: SinkServer
) -> None:
    sink.fail_at("rcpt", Say("550 5.1.1 No such user"))

    words = send()

    assert "refused it at once: “550 5.1.1 No such user”" in words
    assert sink.accepted == []


def test_where_an_inbox_is_read_the_report_will_be_listed(sound_business: Flask) -> None:
    change(inbox_url="maildir:/var/mail/bounces")

    assert "listed under Settings › Returned mail" in send()


def test_a_server_that_cannot_be_reached_is_said(sound_business: Flask, sink: SinkServer) -> None:
    sink.fail_at("banner", Say("554 No"))

    with pytest.raises(PortalError, match="554 No"):
        send()


def test_nothing_is_sent_before_there_is_a_mail_server(app: Flask) -> None:
    with factories.work() as work:
        factories.make_business(work)

    with pytest.raises(NotReady):
        send()
