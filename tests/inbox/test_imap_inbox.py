"""The inbox of an IMAP account, on a real server."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from structlog.testing import capture_logs

from nps_portal.accounts.portal_settings import change_settings
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.queries import suppression_of
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.inbox.models import InboxPosition
from nps_portal.inbox.places import InboxTrouble
from nps_portal.inbox.queries import inbox_state, inbox_trouble
from nps_portal.inbox.reading import read_inbox, try_inbox
from nps_portal.outbox.models import MessageState
from nps_portal.reports.models import ReportKind
from tests.inbox.returned import (
    ADA,
    asked,
    asked_one,
    bounces,
    delivery_report,
    events_of,
    letter,
    now_of,
    report_on,
)
from tests.support import factories
from tests.support.certificates import Certificates, make_certificates
from tests.support.clock import FixedClock
from tests.support.imap_server import ImapServer


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as running:
        yield running


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusting(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this machine trust the tests' authority, as an administrator would."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


def read_from(app: Flask, url: str) -> int:
    with factories.work() as work:
        change_settings(work, {"inbox_url": url})
    return read_inbox(app, threading.Event())


def read_again(app: Flask) -> int:
    return read_inbox(app, threading.Event())


def trouble() -> str:
    reading().rollback()
    found = inbox_trouble(reading())
    return found.text if found else ""


def test_a_bounce_is_fetched_and_acted_on_and_marked_as_read(
    app: Flask, server: ImapServer
) -> None:
    message = asked_one()
    server.deliver(report_on(message))

    count = read_from(app, server.url())

    assert count == 1
    assert now_of(message).state is MessageState.FAILED
    assert suppression_of(reading(), ADA) is not None
    assert server.flags() == [True]


def test_what_a_person_should_read_stays_unread(app: Flask, server: ImapServer) -> None:
    message = asked_one()
    theirs = delivery_report(recipient="somebody@example.net")
    server.deliver(letter(sender="stranger@example.net"), theirs, report_on(message))

    read_from(app, server.url())

    assert server.flags() == [False, False, True]
    assert [one.message_id for one in bounces()] == [None, None, message.id]


def test_each_email_is_read_once(app: Flask, server: ImapServer) -> None:
    people = asked(*(f"person{number}@example.com" for number in range(25)))
    server.deliver(*map(report_on, people[:20]))

    first = read_from(app, server.url())
    nothing = read_again(app)
    server.deliver(*map(report_on, people[20:]))
    second = read_again(app)

    assert (first, nothing, second) == (20, 0, 5)
    assert len(bounces()) == 25
    assert all(now_of(one).state is MessageState.FAILED for one in people)


def test_numbers_that_begin_anew_are_read_from_the_beginning(
    app: Flask, server: ImapServer
) -> None:
    message = asked_one()
    server.deliver(report_on(message))
    read_from(app, server.url())
    with factories.work() as work:
        work.session.execute(sa.update(InboxPosition).values(uid_validity=1, last_uid=4000))

    count = read_again(app)

    assert count == 1
    assert len(bounces()) == 1


def test_an_email_to_the_unsubscribe_address_unsubscribes(app: Flask, server: ImapServer) -> None:
    message = asked_one()
    token = str(message.values["unsubscribe_path"]).removeprefix("/u/")
    forged = make_token(Purpose.SURVEY, message.public_id)
    server.deliver(
        letter(to=f"u+{forged}@bounces.acme.example"), letter(to=f"u+{token}@bounces.acme.example")
    )

    read_from(app, server.url())

    found = suppression_of(reading(), ADA)
    assert found is not None
    assert found.reason is SuppressionReason.UNSUBSCRIBED
    assert [one.message_id for one in bounces()] == [None, message.id]


def test_an_absence_note_is_noted_on_the_timeline(app: Flask, server: ImapServer) -> None:
    message = asked_one()
    more = f"Auto-Submitted: auto-replied\r\nIn-Reply-To: <o-{message.public_id}@acme.example>\r\n"
    server.deliver(letter(more=more))

    read_from(app, server.url())

    (kept,) = bounces()
    assert (kept.kind, kept.message_id) == (ReportKind.AUTO_REPLY, message.id)
    assert events_of(message)[-1] == "message.auto_replied"
    assert now_of(message).state is MessageState.SENT


def test_a_very_large_email_is_read_at_its_beginning(app: Flask, server: ImapServer) -> None:
    message = asked_one()
    server.deliver(report_on(message) + b"x" * 3_000_000)

    assert read_from(app, server.url()) == 1
    assert now_of(message).state is MessageState.FAILED


def test_a_wrong_password_is_told_in_words_and_not_tried_each_minute(
    app: Flask, server: ImapServer, clock: FixedClock
) -> None:
    message = asked_one()
    server.deliver(report_on(message))

    with capture_logs() as log:
        first = read_from(app, server.url(password="wrong"))
        clock.advance(minutes=6)
        once_more = read_again(app)
    told = trouble()
    with factories.work() as work:
        change_settings(work, {"inbox_url": server.url()})
    too_soon = read_again(app)
    clock.advance(minutes=6)
    later = read_again(app)

    assert (first, once_more, too_soon, later) == (0, 0, 0, 1)
    assert "refuses the user name or the password" in told
    assert trouble() == ""
    assert inbox_state(reading(), server.url()).read_at == clock.now()
    assert [entry["event"] for entry in log] == ["inbox not read"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("imap://a:b@127.0.0.1:1/", "127.0.0.1, port 1 cannot be reached"),
        ("imaps://a:b@nowhere.invalid/", "nowhere.invalid, port 993 cannot be reached"),
        ("imap://a:b%0d%0aX@127.0.0.1/", "characters that cannot be sent"),
        ("pop3://a:b@127.0.0.1/", "must be imaps://"),
    ],
)
def test_an_inbox_that_cannot_be_reached_is_told_in_words(app: Flask, url: str, words: str) -> None:
    with pytest.raises(InboxTrouble, match=words):
        try_inbox(url)


def test_a_folder_that_is_not_there_is_told_in_words(app: Flask, server: ImapServer) -> None:
    with pytest.raises(InboxTrouble, match="refuses the folder Nothing"):
        try_inbox(server.url(folder="Nothing"))


def test_trying_says_what_is_there(app: Flask, server: ImapServer) -> None:
    server.deliver(letter(), letter())

    assert try_inbox(server.url()) == "127.0.0.1 lets us in. Emails in INBOX: 2."
    assert server.flags() == [False, False]


def test_tls_from_the_start_is_verified(
    app: Flask, certificates: Certificates, trusting: None
) -> None:
    with ImapServer(certificates.good) as server:
        server.deliver(letter())

        assert try_inbox(server.tls_url()).endswith("INBOX: 1.")
        with pytest.raises(InboxTrouble, match=r"certificate of 127\.0\.0\.1"):
            try_inbox(server.tls_url("127.0.0.1"))


def test_an_unknown_authority_is_not_trusted(app: Flask, certificates: Certificates) -> None:
    with (
        ImapServer(certificates.good) as server,
        pytest.raises(InboxTrouble, match="cannot be trusted"),
    ):
        try_inbox(server.tls_url())


def test_another_machine_must_offer_starttls(app: Flask, tmp_path: Path) -> None:
    # Every address of 127/8 leads here, but only 127.0.0.1 counts as this machine.
    with (
        ImapServer(host="127.0.0.2") as server,
        pytest.raises(InboxTrouble, match="TLS not supported"),
    ):
        try_inbox(server.url())


def test_starttls_is_verified_before_anything_is_said(
    app: Flask, certificates: Certificates, trusting: None
) -> None:
    with (
        ImapServer(certificates.good, host="127.0.0.2") as server,
        pytest.raises(InboxTrouble, match=r"certificate of 127\.0\.0\.2"),
    ):
        try_inbox(server.url())
