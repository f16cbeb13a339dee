"""The bounce desk: why an email came back, the corrected address, and asking again."""

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.queries import suppression_of
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.database import reading
from nps_portal.outbox.bounces import note_report
from nps_portal.outbox.models import Message, MessageState
from nps_portal.reports.models import Report, ReportKind
from tests.delivery.queue import queue
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

HOSTILE = "<script>alert(1)</script>"


def asked(email: str, *, name: str = "", state: MessageState = MessageState.SENT) -> Contact:
    """Return a Contact to whom a message was sent, or who should have got one."""
    with factories.work() as work:
        found = work.session.scalar(sa.select(Contact).where(Contact.email_key == email))
        contact = found or factories.make_contact(work, email, name=name)
    queue(email)
    with factories.work() as work:
        message = last_message(work.session, email)
        message.contact_id, message.state, message.committed_at = contact.id, state, work.now
        message.sent_at = work.now if state is MessageState.SENT else None
        message.reason = "the mail server put it off for two days"
        message.last_reply = "451 4.7.1 Come back later"
    return contact


def last_message(session: sa.orm.Session, email: str) -> Message:
    found = sa.select(Message).where(Message.email_key == email).order_by(Message.id.desc())
    return session.scalars(found.limit(1)).one()


def came_back(
    email: str, kind: ReportKind, *, name: str = "", words: str = "No such user"
) -> Contact:
    """Return a Contact whose message came back so."""
    contact = asked(email, name=name)
    with factories.work() as work:
        message = last_message(work.session, email)
        report = Report(kind=kind, recipient=email, status="5.0.0", reason=words)
        note_report(work, report, message, told_by="postmark", dedupe=f"about {message.id}")
    return contact


def people(owner: PortalClient, kind: str = "") -> set[str]:
    """Return who stands at the desk, by the part of the address before the @."""
    page = owner.get(f"/messages/came-back?kind={kind}").text
    return {name for name in NAMES if f"{name}@example.org" in page}


NAMES = ("hard", "soft", "blocked", "complaint", "refused", "sent", "gone", "out", "old")


def test_an_empty_desk_says_so(owner: PortalClient) -> None:
    asked("sent@example.org")

    assert "Nothing has come back" in owner.get("/messages/came-back").text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("", {"hard", "soft", "blocked", "complaint", "refused"}),
        ("hard", {"hard"}),
        ("soft", {"soft"}),
        ("blocked", {"blocked"}),
        ("complaint", {"complaint"}),
        ("refused", {"refused"}),
        ("nonsense", {"hard", "soft", "blocked", "complaint", "refused"}),
    ],
)
def test_everybody_whom_no_email_reaches_stands_there(
    owner: PortalClient, kind: str, expected: set[str]
) -> None:
    for one in (ReportKind.HARD, ReportKind.SOFT, ReportKind.BLOCKED, ReportKind.COMPLAINT):
        came_back(f"{one.value}@example.org", one)
    asked("refused@example.org", state=MessageState.FAILED)
    asked("sent@example.org")

    assert people(owner, kind) == expected


def test_the_kinds_are_counted(owner: PortalClient) -> None:
    came_back("hard@example.org", ReportKind.HARD)
    came_back("soft@example.org", ReportKind.SOFT)

    page = owner.get("/messages/came-back").text

    assert "Every kind (2)" in page
    assert "Wrong address (1)" in page
    assert "Mailbox full or away (1)" in page


def test_the_desk_says_why_since_when_and_who_told(owner: PortalClient) -> None:
    came_back("hard@example.org", ReportKind.HARD, name=HOSTILE, words=f"No such user {HOSTILE}")

    page = owner.get("/messages/came-back").text

    assert "The address does not exist" in page
    assert "Postmark" in page
    assert "just now" in page
    assert "<summary>their words</summary>5.0.0 No such user &lt;script&gt;" in page
    assert HOSTILE not in page


def test_an_address_that_an_import_suppressed_stands_there_without_a_report(
    owner: PortalClient,
) -> None:
    with factories.work() as work:
        factories.make_contact(work, "hard@example.org")
        suppress(
            work, "hard@example.org", SuppressionReason.HARD_BOUNCE, source="import:7", contact_id=1
        )

    assert people(owner) == {"hard"}
    assert "Address does not exist" in owner.get("/messages/came-back").text


def test_who_got_a_later_email_has_left_the_desk(owner: PortalClient, clock: FixedClock) -> None:
    came_back("soft@example.org", ReportKind.SOFT)
    asked("refused@example.org", state=MessageState.FAILED)
    clock.advance(days=90)
    asked("soft@example.org")
    asked("refused@example.org")

    assert people(owner) == set()


def test_who_was_removed_or_unsubscribed_is_not_at_the_desk(owner: PortalClient) -> None:
    gone = came_back("gone@example.org", ReportKind.HARD)
    asked("out@example.org", state=MessageState.FAILED)
    with factories.work() as work:
        remove_contact(work, gone.id)
        suppress(
            work,
            "out@example.org",
            SuppressionReason.UNSUBSCRIBED,
            source="test",
            contact_id=None,
        )

    assert people(owner) == set()


def test_a_corrected_address_starts_clean_and_leads_to_asking_again(owner: PortalClient) -> None:
    contact = came_back("hard@example.org", ReportKind.HARD, name="Marta Lindqvist")

    answer = owner.post_form(
        f"/messages/came-back/{contact.id}/address", {"email": "marta@example.org", "ask": "1"}
    )
    send = owner.get(answer.location).text

    assert (answer.status_code, answer.location) == (
        303,
        f"/batches/new?contact_ids={contact.id}",
    )
    assert "Send to 1 person" in send
    assert "The address of Marta Lindqvist is corrected." in send
    changed = reading().get_one(Contact, contact.id)
    assert (changed.email, changed.name) == ("marta@example.org", "Marta Lindqvist")
    assert suppression_of(reading(), "hard@example.org") is not None
    assert suppression_of(reading(), "marta@example.org") is None
    assert people(owner) == set()


def test_a_correction_alone_leads_back_to_the_desk(owner: PortalClient) -> None:
    contact = asked("refused@example.org", state=MessageState.FAILED)

    answer = owner.post_form(
        f"/messages/came-back/{contact.id}/address", {"email": "better@example.org"}
    )

    assert answer.location == "/messages/came-back"
    assert people(owner) == set()


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "Write the email address."),
        ("nobody", "«nobody»"),
        ("HARD@example.org", "This is the address that came back."),
        ("sent@example.org", "is in your contacts already"),
    ],
)
def test_a_fault_in_the_address_keeps_the_form(owner: PortalClient, email: str, words: str) -> None:
    contact = came_back("hard@example.org", ReportKind.HARD)
    asked("sent@example.org")

    answer = owner.post_form(f"/messages/came-back/{contact.id}/address", {"email": email})

    assert answer.status_code == 422
    assert words in answer.text
    assert reading().get_one(Contact, contact.id).email == "hard@example.org"


def test_the_form_shows_the_address_that_came_back(owner: PortalClient) -> None:
    contact = came_back("hard@example.org", ReportKind.HARD)

    page = owner.get(f"/messages/came-back/{contact.id}/address").text

    assert 'value="hard@example.org"' in page
    assert "Save and ask again" in page


def test_an_address_that_works_again_leaves_the_desk(owner: PortalClient) -> None:
    contact = came_back("hard@example.org", ReportKind.HARD)

    answer = owner.post_form(f"/messages/came-back/{contact.id}/recovery")

    assert (answer.status_code, answer.location) == (303, "/messages/came-back")
    assert suppression_of(reading(), "hard@example.org") is None
    assert "may be mailed again" in owner.get(answer.location).text
    assert people(owner) == set()


def test_who_complained_cannot_be_brought_back(owner: PortalClient) -> None:
    contact = came_back("complaint@example.org", ReportKind.COMPLAINT)

    page = owner.get("/messages/came-back").text
    owner.post_form(f"/messages/came-back/{contact.id}/recovery")

    assert f"/messages/came-back/{contact.id}/recovery" not in page
    assert "Wants no email" in page
    assert "must stay unmailed" in owner.get("/messages/came-back").text
    assert suppression_of(reading(), "complaint@example.org") is not None


def test_the_desk_is_shown_a_page_at_a_time(owner: PortalClient) -> None:
    for number in range(26):
        came_back(f"c{number}@example.org", ReportKind.HARD)

    first = owner.get("/messages/came-back").text
    second = owner.get("/messages/came-back?page=2").text

    assert "1–25" in first
    assert "of 26" in first
    assert "c0@example.org" in second
    assert "c25@example.org" in first


def test_a_colleague_sees_the_desk_and_decides_nothing(app: Flask, client: PortalClient) -> None:
    contact = came_back("hard@example.org", ReportKind.HARD)
    with factories.work() as work:
        add_user(
            work,
            email="desk@acme.example",
            name="Desk",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("desk@acme.example", factories.PASSWORD)
    place = f"/messages/came-back/{contact.id}"

    page = client.get("/messages/came-back").text

    assert "hard@example.org" in page
    assert place not in page
    assert client.get(f"{place}/address").status_code == 403
    assert client.post_form(f"{place}/address", {"email": "a@example.org"}).status_code == 403
    assert client.post_form(f"{place}/recovery").status_code == 403
    assert suppression_of(reading(), "hard@example.org") is not None


@pytest.mark.parametrize("act", ["address", "recovery"])
def test_an_unknown_person_is_not_found(owner: PortalClient, act: str) -> None:
    assert owner.post_form(f"/messages/came-back/77/{act}").status_code == 404
