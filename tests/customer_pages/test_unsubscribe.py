"""Stop means stop: by a button, by the mail program, once or twice."""

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.batches.commands import start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.contacts.commands import ContactDetails, edit_contact
from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.outbox.models import Message, MessageState
from nps_portal.visits.models import VisitKind
from nps_portal.worker.loop import run_until_idle
from tests.customer_pages.asking import Asked, ask, busy_database, nonce_in, take_time, visits
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def suppressions() -> list[tuple[str, SuppressionReason]]:
    with factories.work() as work:
        found = work.session.execute(sa.select(Suppression.email_key, Suppression.reason))
        return list(found)


def email_of(contact_id: int) -> str:
    with factories.work() as work:
        return work.session.get_one(Contact, contact_id).email_key


def without_date(page: TestResponse) -> tuple[int, dict[str, str], str]:
    headers = {name: text for name, text in page.headers.items() if name != "Date"}
    return page.status_code, headers, page.text


def test_s18_opening_the_page_changes_nothing(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page, head = client.get(marta.unsubscribe_path), client.head(marta.unsubscribe_path)

    assert (page.status_code, head.status_code, head.data) == (200, 200, b"")
    assert page.text.partition("</main>")[0].count("<button") == 1
    assert suppressions() == []
    assert [(visit.kind, visit.method) for visit in visits()] == [
        (VisitKind.UNSUBSCRIBE_PAGE, "GET"),
        (VisitKind.UNSUBSCRIBE_PAGE, "HEAD"),
    ]


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_s18_a_mail_program_unsubscribes_with_one_request(
    app: Flask, client: PortalClient, content_type: str
) -> None:
    marta = ask(app)

    for _ in range(2):
        page = client.post(marta.unsubscribe_path, data=ONE_CLICK, content_type=content_type)

        assert page.status_code == 200
        assert "Location" not in page.headers
        assert "Set-Cookie" not in page.headers
        assert "You are unsubscribed" in page.text
    assert suppressions() == [(email_of(marta.contact_id), SuppressionReason.UNSUBSCRIBED)]


def test_the_button_unsubscribes(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page = client.post(marta.unsubscribe_path)

    assert "Acme Supplies will not send you any more surveys." in page.text
    assert len(suppressions()) == 1


def test_who_has_unsubscribed_gets_nothing_more(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    client.post(marta.unsubscribe_path)
    clock.advance(days=100)

    with factories.work() as work:
        factories.make_batch(work)
    run_until_idle(app)

    with factories.work() as work:
        sent = work.session.scalars(
            sa.select(Message.id).where(Message.state == MessageState.SENT)
        ).all()
    assert len(sent) == 1


def test_s1_the_page_of_a_wrong_token_says_that_the_link_does_not_work(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)
    token = marta.unsubscribe_path.removeprefix("/u/")
    foreign = make_token(Purpose.SURVEY, marta.public_id)

    pages = [
        client.get(f"/u/{wrong}")
        for wrong in (token[:-2], foreign, token * 300, "%00", "", "a/b", "%F0%9F%91%8D")
    ]

    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1


def test_an_unknown_token_cannot_be_told_from_a_good_one(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    foreign = make_token(Purpose.SURVEY, marta.public_id)

    good = client.post(marta.unsubscribe_path, data=ONE_CLICK)
    unknown = [client.post(f"/u/{token}", data=ONE_CLICK) for token in ("guess", foreign)]
    many = [client.post(f"/u/guess{number}", data=ONE_CLICK) for number in range(70)]

    assert all(without_date(page) == without_date(good) for page in [*unknown, *many])
    assert len(suppressions()) == 1


def test_a_busy_database_does_not_claim_success(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    with busy_database():
        page = client.post(marta.unsubscribe_path, data=ONE_CLICK)

    assert page.status_code == 503
    assert page.headers["Retry-After"] == "5"
    assert "Please press the button again" in page.text
    assert suppressions() == []


def test_the_address_that_was_written_to_is_stopped_with_that_of_today(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    old = email_of(marta.contact_id)
    clock.advance(days=100)
    with factories.work() as work:
        contact = work.session.get_one(Contact, marta.contact_id)
        factories.make_batch(work, [contact])
    with factories.work() as work:
        start_due_batches(work)
    with factories.work() as work:
        invite_next(work)
    with factories.work() as work:
        details = ContactDetails(email=parse_email("marta@new.example"))
        edit_contact(work, marta.contact_id, details)

    client.post(marta.unsubscribe_path)
    run_until_idle(app)

    assert sorted(suppressions()) == sorted(
        [
            (old, SuppressionReason.UNSUBSCRIBED),
            ("marta@new.example", SuppressionReason.UNSUBSCRIBED),
        ]
    )
    with factories.work() as work:
        states = work.session.scalars(sa.select(Message.state).order_by(Message.id)).all()
    assert states == [MessageState.SENT, MessageState.CANCELLED]


def page_fields(client: PortalClient, marta: Asked, hand: str = "") -> dict[str, str]:
    """Open the page, and return what its button sends."""
    nonce = nonce_in(client.get(marta.unsubscribe_path))
    return {"from": "page", "nonce": nonce, "hand": hand}


@pytest.mark.parametrize("hand", ["", "trusted", "trusted,pointer"])
def test_one_press_on_the_page_unsubscribes(app: Flask, client: PortalClient, hand: str) -> None:
    marta = ask(app)
    client.get(f"{marta.path}/9")
    client.get(f"{marta.path}/3")

    page = client.post(marta.unsubscribe_path, data=page_fields(client, marta, hand))

    assert "You are unsubscribed" in page.text
    assert len(suppressions()) == 1


def test_a_press_by_no_hand_changes_nothing_however_often(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    fields = page_fields(client, marta, "untrusted,move")

    for _ in range(3):
        page = client.post(marta.unsubscribe_path, data=fields)

        assert page.status_code == 200
        assert "Please press the button again" in page.text
        assert suppressions() == []
        fields["nonce"] = nonce_in(page)


@pytest.mark.parametrize("opened", [["0", "5", "10"], ["11"]])
def test_what_has_just_followed_every_link_is_asked_once_more(
    app: Flask, client: PortalClient, opened: list[str]
) -> None:
    marta = ask(app)
    for score in opened:
        client.get(f"{marta.path}/{score}")
    fields = page_fields(client, marta)

    pages = [client.post(marta.unsubscribe_path, data=fields) for _ in range(2)]
    before = suppressions()
    sent = {**fields, "nonce": nonce_in(pages[-1])}
    last = client.post(marta.unsubscribe_path, data=sent)

    assert all("Please press the button again" in page.text for page in pages)
    assert before == []
    assert "You are unsubscribed" in last.text
    assert len(suppressions()) == 1


@pytest.mark.parametrize("is_later", [True, False])
def test_a_filter_does_not_make_the_person_after_it_press_twice(
    app: Flask, client: PortalClient, is_later: bool
) -> None:
    marta = ask(app)
    agent = {} if is_later else {"User-Agent": "Mozilla/5.0 (another)"}
    for score in range(12):
        client.get(f"{marta.path}/{score}", headers=agent)
    if is_later:
        take_time(61)

    client.post(marta.unsubscribe_path, data=page_fields(client, marta))

    assert len(suppressions()) == 1


@pytest.mark.parametrize(
    "body", [b"", b"x" * 4_000_000, b"hand=untrusted&nonce=x", b"List-Unsubscribe=One-Click"]
)
def test_what_is_not_from_the_page_unsubscribes_at_once(
    app: Flask, client: PortalClient, body: bytes
) -> None:
    marta = ask(app)
    client.get(f"{marta.path}/11")

    page = client.post(
        marta.unsubscribe_path, data=body, content_type="application/x-www-form-urlencoded"
    )

    assert page.status_code == 200
    assert len(suppressions()) == 1
