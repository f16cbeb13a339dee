"""The test of the mail server, against real servers."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from nps_portal.accounts.portal_settings import change_settings
from nps_portal.delivery.mail_server import record_stopped
from nps_portal.foundation.database import reading
from nps_portal.mailbox.local import local_mailbox, stop_local_mailboxes
from nps_portal.outbox.models import RelayState, RelayStatus
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.portal import free_port
from tests.support.smtp_faults import HangUp, Say
from tests.support.smtp_server import SinkServer


@pytest.fixture(autouse=True)
def stopped_mailboxes() -> Iterator[None]:
    """Close the doors of the local mailbox that a test opened."""
    yield
    stop_local_mailboxes()


def use(port: int) -> None:
    """Make what listens on this port the mail server in force."""
    with factories.work() as work:
        change_settings(
            work,
            {"mail_server": "127.0.0.1", "mail_port": str(port), "mail_security": "none"},
        )


def page_after_test(owner: PortalClient) -> str:
    """Press the test button and return the page that it leads to."""
    answer = owner.post_form("/settings/mail/test", {"back": "settings"})
    assert answer.status_code == 303
    return owner.get(answer.location).text


def test_the_test_arrives_at_the_owner(owner: PortalClient, sink: SinkServer) -> None:
    use(sink.port)

    page = page_after_test(owner)

    assert "The mail server took the test: “250 2.0.0 Kept”." in page
    (accepted,) = sink.accepted
    assert accepted.recipient == factories.OWNER
    assert accepted.message["Subject"] == "A test from Acme Supplies"
    assert accepted.message["From"] == "Jo at Acme <feedback@acme.example>"


def test_without_a_server_the_test_lies_in_the_local_mailbox(owner: PortalClient) -> None:
    page = page_after_test(owner)

    assert "The test lies in the local mailbox." in page
    (caught,) = local_mailbox().messages(10, 0)
    assert caught.recipient == factories.OWNER
    assert "this is the test that you asked for" in caught.text


def test_a_refusal_is_shown_in_the_servers_words(owner: PortalClient, sink: SinkServer) -> None:
    use(sink.port)
    sink.fail_at("rcpt", Say("550 5.7.1 Not from here"))

    page = page_after_test(owner)

    assert "The mail server refused the test: “550 5.7.1 Not from here”." in page


def test_a_server_that_puts_off_is_not_called_a_failure(
    owner: PortalClient, sink: SinkServer
) -> None:
    use(sink.port)
    sink.fail_at("rcpt", Say("451 4.7.1 Greylisted"))

    assert "asked to try later: “451 4.7.1 Greylisted”" in page_after_test(owner)


def test_an_answer_that_does_not_come_is_not_called_success(
    owner: PortalClient, sink: SinkServer
) -> None:
    use(sink.port)
    sink.fail_at("dot", HangUp())

    assert "its answer did not come" in page_after_test(owner)


def test_a_server_that_is_not_there_is_named(owner: PortalClient) -> None:
    port = free_port()
    use(port)

    page = page_after_test(owner)

    assert f"The mail server (127.0.0.1, port {port}) cannot be reached" in page


def test_a_taken_test_lets_stopped_sending_go_on(owner: PortalClient, sink: SinkServer) -> None:
    use(sink.port)
    with factories.work() as work:
        record_stopped(work, "The mail server refused the user name or password.")

    page_after_test(owner)

    assert reading().scalars(sa.select(RelayState.status)).all() == [RelayStatus.WORKING]


@pytest.mark.parametrize(
    ("back", "location"),
    [
        ("settings", "/settings/mail"),
        ("set-up", "/set-up/mail"),
        ("https://evil.example", "/settings/mail"),
    ],
)
def test_the_test_leads_back_to_its_page_only(
    owner: PortalClient, back: str, location: str
) -> None:
    answer = owner.post_form("/settings/mail/test", {"back": back})

    assert answer.location == location


def test_without_a_sender_nothing_is_tried(owner: PortalClient) -> None:
    with factories.work() as work:
        change_settings(work, {"mail_from": ""})

    assert "Enter and save the sender address first." in page_after_test(owner)
