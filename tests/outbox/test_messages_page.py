"""The messages that need a person."""

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.contacts.commands import suppress
from nps_portal.contacts.models import SuppressionReason
from nps_portal.foundation.database import reading
from nps_portal.outbox.commands import cancel_content
from nps_portal.outbox.mail_server import record_stopped
from nps_portal.outbox.models import Message, MessageState, RelayState, RelayStatus
from tests.outbox.queue import queue
from tests.support import factories
from tests.support.client import PortalClient

ZOE = "zoe@example.org"


def ended(state: MessageState, reason: str, reply: str = "") -> Message:
    """Return Zoë's message, ended in this way."""
    queue(ZOE)
    with factories.work() as work:
        message = work.session.scalars(sa.select(Message)).one()
        message.state, message.reason, message.last_reply = state, reason, reply
        message.committed_at = work.now
    return message


def state_now() -> MessageState:
    return reading().scalars(sa.select(Message.state)).one()


def test_without_a_problem_the_page_says_so(owner: PortalClient) -> None:
    page = owner.get("/messages").text

    assert "Nothing needs you" in page
    assert "Takes our mail" in page


def test_a_failure_is_shown_with_its_reason_and_the_servers_words(owner: PortalClient) -> None:
    ended(MessageState.FAILED, "the mail server refused the message", "5.7.1 Looks like spam")

    page = owner.get("/messages").text

    assert ZOE in page
    assert "The mail server refused the message" in page
    assert "The server: “5.7.1 Looks like spam”" in page
    assert "did not arrive" in page


def test_an_uncertain_message_is_sent_again_only_by_the_owners_decision(
    owner: PortalClient,
) -> None:
    message = ended(MessageState.UNCERTAIN, "the mail server took the message, but no answer came")

    page = owner.get("/messages").text
    answer = owner.post_form(f"/messages/{message.id}/another-try")

    assert "it may arrive twice" in page
    assert (answer.status_code, answer.location) == (303, "/messages")
    assert state_now() is MessageState.QUEUED


def test_a_second_press_does_no_harm(owner: PortalClient) -> None:
    message = ended(MessageState.UNCERTAIN, "no answer came")
    owner.post_form(f"/messages/{message.id}/another-try")
    owner.get("/messages")

    answer = owner.post_form(f"/messages/{message.id}/another-try")

    assert answer.status_code == 303
    assert "was not queued" in owner.get("/messages").text


def test_an_address_that_must_not_be_mailed_has_no_button(owner: PortalClient) -> None:
    ended(MessageState.FAILED, "the address does not exist")
    with factories.work() as work:
        suppress(work, ZOE, SuppressionReason.HARD_BOUNCE, source="smtp", contact_id=None)

    page = owner.get("/messages").text

    assert "The address must not be mailed" in page
    assert "another-try" not in page


def test_a_message_of_a_cancelled_send_has_no_button(owner: PortalClient) -> None:
    message = ended(MessageState.FAILED, "the mail server refused the message")
    with factories.work() as work:
        cancel_content(work, message.content_id, "the send was cancelled")

    page = owner.get("/messages").text

    assert "The send it belongs to was cancelled." in page
    assert "another-try" not in page


def test_a_colleague_sees_the_messages_and_decides_nothing(
    app: Flask, client: PortalClient
) -> None:
    message = ended(MessageState.UNCERTAIN, "no answer came")
    with factories.work() as work:
        add_user(
            work,
            email="desk@acme.example",
            name="Desk",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("desk@acme.example", factories.PASSWORD)

    assert ZOE in client.get("/messages").text
    assert "another-try" not in client.get("/messages").text
    assert client.post_form(f"/messages/{message.id}/another-try").status_code == 403
    assert client.post_form("/messages/mail-server/another-try").status_code == 403
    assert client.post_form("/settings/mail/test").status_code == 403
    assert state_now() is MessageState.UNCERTAIN


def test_a_stopped_mail_server_is_shown_and_tried_again_by_the_owner(owner: PortalClient) -> None:
    with factories.work() as work:
        record_stopped(work, "The certificate of the mail server cannot be trusted.")

    page = owner.get("/messages").text
    owner.post_form("/messages/mail-server/another-try")

    assert "The certificate of the mail server cannot be trusted." in page
    assert reading().scalars(sa.select(RelayState.status)).all() == [RelayStatus.WORKING]


@pytest.mark.parametrize("page", ["2", "-1", "x", "99999999"])
def test_any_page_number_is_answered(owner: PortalClient, page: str) -> None:
    assert owner.get(f"/messages?page={page}").status_code == 200


def test_an_unknown_message_is_not_found(owner: PortalClient) -> None:
    assert owner.post_form("/messages/77/another-try").status_code == 404
