"""The send in four steps on one page."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.models import Batch
from nps_portal.batches.reckoning import AT_ONCE
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.outbox.models import Message, MessageState
from nps_portal.surveys.models import Survey
from tests.batches.conftest import messages, outcome_for_all, send, the_batch
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock
from tests.support.smtp_server import Say, SinkServer


@pytest.fixture
def sink(owner: PortalClient) -> Iterator[SinkServer]:
    """Give the mail server that the business uses."""
    with SinkServer() as server:
        with factories.work() as work:
            values = {"mail_server": "127.0.0.1", "mail_port": str(server.port)}
            change_settings(work, values | {"mail_security": "none"})
        yield server


def add(email: str, *, name: str = "Marta Lindqvist", company: str = "") -> Contact:
    with factories.work() as work:
        return factories.make_contact(work, email, name=name, company=company)


def silence(contact: Contact) -> None:
    with factories.work() as work:
        suppress(
            work,
            contact.email_key,
            SuppressionReason.UNSUBSCRIBED,
            source="test",
            contact_id=contact.id,
        )


def survey_id() -> int:
    with factories.work() as work:
        return work.session.scalars(sa.select(Survey.id)).one()


def batch_count() -> int:
    with factories.work() as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(Batch)) or 0


def words(page: str) -> str:
    """Return a page's words without its tags, each gap one space."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_the_page_says_how_many_will_be_asked_and_why_others_will_not(
    owner: PortalClient,
) -> None:
    add("a@example.org")
    add("b@example.org")
    silence(add("c@example.org"))

    page = words(owner.get("/batches/new").text)

    assert "2 people will be asked" in page
    assert "has unsubscribed 1" in page
    assert "Send to 2 people" in page


def test_chosen_contacts_are_shown_by_name_and_only_they_are_asked(owner: PortalClient) -> None:
    first, second = add("a@example.org", name="Ann Ash"), add("b@example.org", name="Bo Birch")
    add("c@example.org", name="Cy Cedar")
    address = f"/batches/new?contact_ids={first.id}&contact_ids={second.id}"

    page = owner.get(address).text
    owner.post_form(
        "/batches", {"survey_id": survey_id(), "contact_ids": f"{first.id},{second.id}"}
    )

    assert "Ann Ash" in page
    assert "Bo Birch" in page
    assert "Cy Cedar" not in page
    assert the_batch().audience == {"kind": "contacts", "ids": [first.id, second.id]}


def test_choosing_nobody_is_not_everybody(owner: PortalClient) -> None:
    add("a@example.org")

    page = owner.get("/batches/new?contact_ids=")
    answer = owner.post_form("/batches", {"survey_id": survey_id(), "contact_ids": ""})

    assert "Choose at least one contact." in page.text
    assert answer.status_code == 422
    assert batch_count() == 0


@pytest.mark.parametrize("ids", ["x", "-1", "1;2", "99999999999", "²"])
def test_ids_that_cannot_be_read_are_refused(owner: PortalClient, ids: str) -> None:
    page = owner.get("/batches/new", query_string={"contact_ids": ids})
    answer = owner.post_form("/batches", {"survey_id": survey_id(), "contact_ids": ids})

    assert "cannot be read" in page.text
    assert answer.status_code == 422
    assert batch_count() == 0


def test_sending_now_makes_a_batch_and_leads_to_its_page(
    owner: PortalClient, clock: FixedClock
) -> None:
    add("a@example.org")

    answer = owner.post_form("/batches", {"survey_id": survey_id(), "name": "March customers"})

    batch = the_batch()
    assert (answer.status_code, answer.location) == (303, f"/batches/{batch.id}")
    assert (batch.name, batch.scheduled_at) == ("March customers", clock.now())
    assert "Jo Baker" in owner.get(f"/batches/{batch.id}").text


def test_looking_and_checking_changes_nothing(owner: PortalClient) -> None:
    add("a@example.org")

    owner.get("/batches/new?when=later&at=2026-04-01T09:00")
    owner.get("/batches/not-asked.csv")

    assert batch_count() == 0


@pytest.mark.parametrize(
    ("wall", "instant", "echo"),
    [
        ("2026-03-20T09:00", datetime(2026, 3, 20, 8, tzinfo=UTC), "20 Mar 2026, 09:00 CET"),
        ("2026-03-29T02:30", datetime(2026, 3, 29, 1, tzinfo=UTC), "29 Mar 2026, 03:00 CEST"),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25 Oct 2026, 02:30 CEST"),
    ],
)
def test_a_later_time_is_meant_in_the_accounts_zone_and_echoed(
    owner: PortalClient, wall: str, instant: datetime, echo: str
) -> None:
    add("a@example.org")

    page = words(owner.get("/batches/new", query_string={"when": "later", "at": wall}).text)
    owner.post_form("/batches", {"survey_id": survey_id(), "when": "later", "at": wall})

    assert f"Leaves on {echo} (Europe/Vienna)" in page
    assert ("does not exist on that day" in page) == wall.startswith("2026-03-29")
    assert the_batch().scheduled_at == instant


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        ("2026-03-10T12:59", "This time has passed."),
        ("2026-03-10T13:00", "This time has passed."),
        ("", "Say on which day and at what time."),
        ("tomorrow", "Write the time as"),
    ],
)
def test_a_time_that_cannot_be_is_refused(owner: PortalClient, at: str, fault: str) -> None:
    add("a@example.org")

    page = owner.get("/batches/new", query_string={"when": "later", "at": at})
    answer = owner.post_form("/batches", {"survey_id": survey_id(), "when": "later", "at": at})

    assert fault in page.text
    assert answer.status_code == 422
    assert fault in answer.text
    assert batch_count() == 0


def test_the_check_is_made_for_the_time_of_the_send(owner: PortalClient) -> None:
    send("a@example.org")
    outcome_for_all(MessageState.SENT)

    now = words(owner.get("/batches/new").text)
    in_ninety_days = words(owner.get("/batches/new?when=later&at=2026-06-08T14:00").text)

    assert "0 people will be asked" in now
    assert "1 person will be asked" in in_ninety_days


def test_with_nobody_to_ask_the_button_is_off_and_says_why(owner: PortalClient) -> None:
    silence(add("a@example.org"))

    page = owner.get("/batches/new").text

    assert re.search(r"<button[^>]*disabled[^>]*>(<svg.*</svg>)?Send to 0 people", page)
    assert "Nobody of them may be asked" in page


def test_without_contacts_the_page_says_what_to_do(owner: PortalClient) -> None:
    assert "add or import contacts first" in owner.get("/batches/new").text


def test_missing_settings_are_named_and_nothing_can_be_sent(
    app: Flask, client: PortalClient
) -> None:
    with factories.work() as work:
        factories.make_owner(work)
        factories.make_survey(work)
        factories.make_contact(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)

    page = client.get("/batches/new").text
    answer = client.post_form("/batches", {"survey_id": survey_id()})

    assert "set the business&#39;s name, the sender&#39;s address and the postal address." in page
    assert 'href="/settings"' in page
    assert answer.status_code == 422
    assert batch_count() == 0


def test_without_a_survey_one_button_makes_it(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_business(work)
        factories.make_owner(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)

    empty = client.get("/batches/new").text
    made = client.post_form("/surveys")

    assert "There is no survey to send yet" in empty
    assert made.status_code == 303
    assert "1. Who" in client.get("/batches/new").text


def test_the_file_lists_everybody_left_out_with_the_reason(owner: PortalClient) -> None:
    silence(add("b@example.org", name="Bo Birch", company="Birch, Ltd"))
    add("a@example.org")

    answer = owner.get("/batches/not-asked.csv")

    assert answer.mimetype == "text/csv"
    assert 'filename="not-asked.csv"' in answer.headers["Content-Disposition"]
    assert list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))) == [
        ["Name", "Email", "Company", "Reason"],
        ["Bo Birch", "b@example.org", "Birch, Ltd", "has unsubscribed"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_the_file_is_a_formula(owner: PortalClient, start: str) -> None:
    silence(add("b@example.org", name=f'{start}HYPERLINK("http://evil.example")'))

    text = owner.get("/batches/not-asked.csv").text

    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[1][0] == f'\'{start}HYPERLINK("http://evil.example")'


def test_send_me_a_test_sends_the_email_and_stores_nothing(
    owner: PortalClient, sink: SinkServer
) -> None:
    add("a@example.org")

    answer = owner.post_form("/batches/test", {"survey_id": survey_id()})

    (accepted,) = sink.accepted
    body = accepted.message.get_body(("plain",))
    assert body is not None
    assert answer.status_code == 303
    assert accepted.recipient == factories.OWNER
    assert accepted.message["Subject"] == "A quick question from Acme Supplies"
    assert f"http://localhost/s/preview-{survey_id()}/9" in body.get_content()
    assert "has taken the test for owner@acme.example" in owner.get("/batches").text
    assert (batch_count(), list(messages())) == (0, [])


@pytest.mark.parametrize(
    ("fault", "words_of_it"),
    [
        (Say("550 5.7.1 No"), "refused the test. It said: 5.7.1 No"),
        (Say("451 4.3.0 Busy"), "did not take the test now. It said: 4.3.0 Busy"),
    ],
)
def test_a_test_that_fails_says_why(
    owner: PortalClient, sink: SinkServer, fault: Say, words_of_it: str
) -> None:
    sink.fail_at("rcpt", fault)

    owner.post_form("/batches/test", {"survey_id": survey_id()})

    assert words_of_it in owner.get("/batches").text


def test_a_test_to_a_server_that_is_down_says_so(owner: PortalClient, sink: SinkServer) -> None:
    with factories.work() as work:
        change_settings(work, {"mail_port": "1"})

    owner.post_form("/batches/test", {"survey_id": survey_id(), "when": "later", "at": "x"})

    assert "The test was not sent." in owner.get("/batches").text


def test_a_colleague_does_not_send(owner: PortalClient) -> None:
    with factories.work() as work:
        add_user(
            work,
            email="colleague@acme.example",
            name="Kim",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
        factories.make_contact(work)
    colleague = owner.application.test_client()
    assert isinstance(colleague, PortalClient)
    colleague.sign_in("colleague@acme.example", factories.PASSWORD)

    answer = colleague.post_form("/batches", {"survey_id": survey_id()})

    assert answer.status_code == 403
    assert colleague.get("/batches").status_code == 200
    assert batch_count() == 0


def test_a_form_without_the_sessions_token_sends_nothing(owner: PortalClient) -> None:
    add("a@example.org")

    answer = owner.post("/batches", data={"survey_id": survey_id()})

    assert answer.status_code == 400
    assert batch_count() == 0


def test_the_number_of_emails_is_the_one_that_was_shown(owner: PortalClient) -> None:
    add("a@example.org", company="Nordlys")
    for number in range(4):
        add(f"n{number}@example.org", company="Nordlys")

    page = words(owner.get("/batches/new").text)

    assert "3 people will be asked" in page
    assert "enough colleagues at the same company were asked this week 2" in page
    with factories.work() as work:
        assert work.session.scalars(sa.select(Message)).all() == []


def test_very_many_are_counted_when_the_page_is_shown_already(owner: PortalClient) -> None:
    with factories.work() as work:
        factories.make_crowd(work, AT_ONCE + 1)

    page = owner.get("/batches/new")
    whole = owner.get("/batches/new?whole=1")

    assert f"Of the first {AT_ONCE}, {AT_ONCE} will be asked." in words(page.text)
    assert 'data-hx-trigger="load"' in page.text
    assert 'id="obstacle"' in page.text
    assert f"{AT_ONCE + 1} people will be asked" in words(whole.text)
    assert 'id="obstacle"' not in whole.text
