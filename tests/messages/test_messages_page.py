"""Who got what: the list of every email, one email, and the file of all."""

import csv
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.delivery.mail_server import record_fenced, record_stopped
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.shown_pages import PAGE_SIZE
from nps_portal.outbox.bounces import note_report
from nps_portal.outbox.commands import cancel_content
from nps_portal.outbox.models import EmailContent, Message, MessageState, RelayState, RelayStatus
from nps_portal.reports.models import Report, ReportKind
from tests.delivery.queue import queue
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

ZOE = "zoe@example.org"
HOSTILE = "<script>alert(1)</script>"


def ended(state: MessageState, reason: str = "", reply: str = "", email: str = ZOE) -> Message:
    """Return the message to this address, ended in this way."""
    queue(email)
    with factories.work() as work:
        found = sa.select(Message).where(Message.recipient_email == email)
        message = work.session.scalars(found.order_by(Message.id.desc()).limit(1)).one()
        message.state, message.reason, message.last_reply = state, reason, reply
        message.committed_at, message.attempts = work.now, 1
        message.sent_at = work.now if state is MessageState.SENT else None
    return message


def returned(kind: ReportKind, words: str = "", email: str = ZOE) -> Message:
    """Return a message that was sent and about which this was told."""
    message = ended(MessageState.SENT, email=email)
    with factories.work() as work:
        fresh = work.session.get_one(Message, message.id)
        report = Report(kind=kind, recipient=email, status="5.1.1", reason=words)
        note_report(work, report, fresh, told_by="inbox", dedupe=f"report on {message.id}")
    return message


def state_now() -> MessageState:
    return reading().scalars(sa.select(Message.state)).one()


def shown(owner: PortalClient, url: str) -> list[str]:
    """Return the addresses that the list shows, in its order."""
    page = owner.get(url).text
    links = [part.split('"')[0] for part in page.split('aria-label="The email to ')[1:]]
    assert len(links) == len(set(links))
    return links


def colleague(client: PortalClient) -> PortalClient:
    with factories.work() as work:
        add_user(
            work,
            email="desk@acme.example",
            name="Desk",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("desk@acme.example", factories.PASSWORD)
    return client


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_without_any_email_the_page_says_what_it_is_for(owner: PortalClient) -> None:
    page = owner.get("/messages").text

    assert "Nothing sent yet" in page
    assert "Nothing needs you" in page
    assert "Takes our mail" in page
    assert "/messages.csv" not in page


def test_a_failure_is_shown_with_its_reason_and_the_servers_words(owner: PortalClient) -> None:
    ended(MessageState.FAILED, "the mail server refused the message", "5.7.1 Looks like spam")

    page = owner.get("/messages").text

    assert ZOE in page
    assert "The mail server refused the message" in page
    assert "The server: “5.7.1 Looks like spam”" in page
    assert "did not arrive" in page


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", {"queued", "sent", "uncertain", "failed", "hard", "complaint", "cancelled"}),
        ("waiting", {"queued"}),
        ("sent", {"sent", "complaint"}),
        ("uncertain", {"uncertain"}),
        ("failed", {"failed", "hard"}),
        ("came-back", {"hard", "complaint"}),
        ("cancelled", {"cancelled"}),
        ("nonsense", {"queued", "sent", "uncertain", "failed", "hard", "complaint", "cancelled"}),
    ],
)
def test_the_list_shows_one_fate(owner: PortalClient, state: str, expected: set[str]) -> None:
    for one in MessageState:
        if one.value in {"queued", "sent", "uncertain", "failed", "cancelled"}:
            ended(one, "for a reason", email=f"{one.value}@example.org")
    returned(ReportKind.HARD, email="hard@example.org")
    returned(ReportKind.COMPLAINT, email="complaint@example.org")

    found = shown(owner, f"/messages?state={state}")

    assert {email.removesuffix("@example.org") for email in found} == expected


def test_the_newest_stand_first_and_pages_lead_forth_and_back(
    owner: PortalClient, clock: FixedClock
) -> None:
    emails = [f"c{number}@example.org" for number in range(2 * PAGE_SIZE + 1)]
    for email in emails:
        queue(email)
        clock.advance(seconds=1)
    newest_first = emails[::-1]

    pages = [(first := owner.get("/messages").text)]
    second = _link(first, "next")
    third = _link(owner.get(second).text, "next")
    back = _link(owner.get(third).text, "prev")

    assert shown(owner, "/messages") == newest_first[:PAGE_SIZE]
    assert shown(owner, second) == newest_first[PAGE_SIZE : 2 * PAGE_SIZE]
    assert shown(owner, third) == newest_first[2 * PAGE_SIZE :]
    assert shown(owner, back) == newest_first[PAGE_SIZE : 2 * PAGE_SIZE]
    assert _link(owner.get(back).text, "prev") == "/messages"
    assert 'rel="next"' not in owner.get(third).text
    assert "26–50" in owner.get(second).text
    assert pages


def _link(page: str, rel: str) -> str:
    """Return where the previous or next page is."""
    before = page.split(f'rel="{rel}"')[0]
    return before.rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")


def test_pages_of_one_send_keep_to_it(owner: PortalClient) -> None:
    mine = queue(*[f"c{number}@example.org" for number in range(PAGE_SIZE + 1)])
    queue(ZOE)

    first = f"/messages?batch={mine.id}&state=waiting"
    second = _link(owner.get(first).text, "next")

    assert len(shown(owner, first)) == PAGE_SIZE
    assert shown(owner, second) == ["c0@example.org"]


@pytest.mark.parametrize(
    "place", ["page=2", "page=-1&older=3", "page=x&newer=1", "older=99999999999", "page=7&newer=77"]
)
def test_any_place_in_the_list_is_answered(owner: PortalClient, place: str) -> None:
    ended(MessageState.SENT)

    assert owner.get(f"/messages?{place}").status_code == 200


def test_the_search_finds_a_person_by_name_address_and_message_id(
    owner: PortalClient, app: Flask
) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work, "marta@example.org", name="Marta Lindqvist")
    message = ended(MessageState.SENT, email="marta@example.org")
    other = ended(MessageState.SENT)
    with factories.work() as work:
        work.session.get_one(Message, message.id).contact_id = marta.id

    assert shown(owner, "/messages?q=lindqvist+marta") == ["marta@example.org"]
    assert shown(owner, "/messages?q=MARTA%40example.org") == ["marta@example.org"]
    assert shown(owner, f"/messages?q=%3Co-{other.public_id}%40acme.example%3E") == [ZOE]
    assert shown(owner, f"/messages?q=o-{other.public_id}") == [ZOE]
    assert shown(owner, "/messages?q=marta&state=failed") == []
    assert "No email fits" in owner.get("/messages?q=%25").text
    assert owner.get("/messages?q=%00").status_code == 200


def test_an_uncertain_message_is_sent_again_only_by_the_owners_decision(
    owner: PortalClient,
) -> None:
    message = ended(MessageState.UNCERTAIN, "the mail server took the message, but no answer came")

    page = owner.get("/messages").text
    answer = owner.post_form(f"/messages/{message.id}/another-try", {"state": "uncertain"})

    assert "it may arrive twice" in page
    assert (answer.status_code, answer.location) == (303, "/messages?state=uncertain")
    assert state_now() is MessageState.QUEUED


def test_a_second_press_does_no_harm(owner: PortalClient) -> None:
    message = ended(MessageState.UNCERTAIN, "no answer came")
    owner.post_form(f"/messages/{message.id}/another-try")
    owner.get("/messages")

    answer = owner.post_form(f"/messages/{message.id}/another-try")

    assert answer.status_code == 303
    assert "was not queued" in owner.get("/messages").text


def test_all_of_one_reason_are_sent_again_with_one_press(owner: PortalClient) -> None:
    reason = "the mail server put it off for two days"
    for number in range(3):
        ended(MessageState.FAILED, reason, email=f"c{number}@example.org")

    page = owner.get("/messages").text
    chosen = {"state": "failed", "reason": reason, "batch": ""}
    answer = owner.post_form("/messages/another-try", chosen)
    after = owner.get("/messages").text
    owner.post_form("/messages/another-try", chosen)

    assert "Send to 3 people again?" in page
    assert (answer.status_code, answer.location) == (303, "/messages")
    assert "3 emails are queued again." in after
    assert "Nothing was queued" in owner.get("/messages").text


def test_the_owner_is_warned_that_uncertain_ones_may_arrive_twice(owner: PortalClient) -> None:
    for number in range(2):
        ended(MessageState.UNCERTAIN, "no answer came", email=f"c{number}@example.org")

    assert "2 people may get the email twice" in owner.get("/messages").text


@pytest.mark.parametrize(
    "chosen", [{}, {"state": "sent"}, {"state": "failed", "batch": "x"}, {"state": "queued"}]
)
def test_only_what_needs_a_person_can_be_chosen(
    owner: PortalClient, chosen: dict[str, str]
) -> None:
    ended(MessageState.SENT)

    assert owner.post_form("/messages/another-try", chosen).status_code == 400
    assert state_now() is MessageState.SENT


def test_an_address_that_must_not_be_mailed_has_no_button(owner: PortalClient) -> None:
    ended(MessageState.FAILED, "the address does not exist")
    with factories.work() as work:
        suppress(work, ZOE, SuppressionReason.HARD_BOUNCE, source="smtp", contact_id=None)

    page = owner.get("/messages").text

    assert "Its person must not be mailed" in page
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
    desk = colleague(client)

    assert ZOE in desk.get("/messages").text
    assert ZOE in desk.get(f"/messages/{message.id}").text
    assert "another-try" not in desk.get("/messages").text
    assert "another-try" not in desk.get(f"/messages/{message.id}").text
    assert desk.get("/messages.csv").status_code == 403
    for act in (
        f"/messages/{message.id}/another-try",
        "/messages/another-try",
        "/messages/mail-server/another-try",
        "/messages/fence/reconciliation",
        "/messages/fence/removal",
        "/settings/mail/test",
    ):
        assert desk.post_form(act).status_code == 403
    assert state_now() is MessageState.UNCERTAIN


def test_a_stopped_mail_server_is_shown_and_tried_again_by_the_owner(owner: PortalClient) -> None:
    with factories.work() as work:
        record_stopped(work, "The certificate of the mail server cannot be trusted.")

    page = owner.get("/messages").text
    owner.post_form("/messages/mail-server/another-try")

    assert "The certificate of the mail server cannot be trusted." in page
    assert reading().scalars(sa.select(RelayState.status)).all() == [RelayStatus.WORKING]


@pytest.mark.parametrize("act", ["reconciliation", "removal"])
def test_the_owner_decides_about_a_restored_database(owner: PortalClient, act: str) -> None:
    with factories.work() as work:
        record_fenced(work, "This database is older than what has left already.")

    page = owner.get("/messages").text
    owner.post_form("/messages/mail-server/another-try")
    still = reading().scalars(sa.select(RelayState.status)).one()
    answer = owner.post_form(f"/messages/fence/{act}")

    assert "This database is older than what has left already." in page
    assert f'action="/messages/fence/{act}"' in page
    assert "Try again now" not in page
    assert still is RelayStatus.FENCED
    assert (answer.status_code, answer.location) == (303, "/messages")
    assert reading().scalars(sa.select(RelayState.status)).one() is RelayStatus.WORKING


def test_the_page_of_a_message_tells_everything(owner: PortalClient, clock: FixedClock) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, ZOE, name="Zoë Müller")
    message = ended(MessageState.SENT, reply="2.0.0 Kept as 4711")
    with factories.work() as work:
        mine = work.session.get_one(Message, message.id)
        mine.contact_id, mine.recipient_name, mine.former_attempts = contact.id, "Zoë Müller", 12
        mine.created_at = clock.now() - timedelta(hours=1)
        mine.sent_at = clock.now() + timedelta(seconds=60)
    with factories.work() as work:
        report = Report(
            kind=ReportKind.HARD, recipient=ZOE, status="5.1.1", reason=f"No such user {HOSTILE}"
        )
        fresh = work.session.get_one(Message, message.id)
        note_report(work, report, fresh, told_by="inbox", dedupe="one")

    page = owner.get(f"/messages/{message.id}").text

    assert f"&lt;o-{message.public_id}@acme.example&gt;" in page
    # The account's zone is Vienna, and 12:00 UTC in March is 13:00 there.
    assert "10 Mar 2026, 12:00 CET" in page
    assert "10 Mar 2026, 13:00 CET" in page
    assert "10 Mar 2026, 13:01 CET" in page
    assert "Europe/Vienna" in page
    assert "13, 1 since it was sent again" in page
    assert "The address does not exist" in page
    assert "told by an email in the inbox" in page
    assert "Came back</span>" in page
    assert "It came back" in page
    assert HOSTILE not in page
    assert "No such user &lt;script&gt;" in page
    assert f'href="/contacts/{contact.id}"' in page


def test_the_story_says_who_had_it_sent_again(owner: PortalClient) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, ZOE)
    message = ended(MessageState.UNCERTAIN, "no answer came")
    with factories.work() as work:
        work.session.get_one(Message, message.id).contact_id = contact.id

    answer = owner.post_form(f"/messages/{message.id}/another-try", {"one": "1"})
    page = owner.get(answer.location).text

    assert answer.location == f"/messages/{message.id}"
    assert "Queued once more" in page
    assert "By Jo Baker." in page


def test_a_message_leads_to_its_send(owner: PortalClient) -> None:
    with factories.work() as work:
        batch = factories.make_batch(work, [factories.make_contact(work)])

    assert owner.get(f"/batches/of-email/{batch.content_id}").location == f"/batches/{batch.id}"
    assert owner.get("/batches/of-email/77").status_code == 404


def test_the_counts_of_a_send_lead_to_its_messages(owner: PortalClient) -> None:
    with factories.work() as work:
        batch = factories.make_batch(work, [factories.make_contact(work)])
    message = ended(MessageState.FAILED, "refused")
    with factories.work() as work:
        work.session.get_one(Message, message.id).content_id = batch.content_id

    page = owner.get(f"/batches/{batch.id}").text

    assert f'href="/messages?batch={batch.content_id}&amp;state=failed">1 failed</a>' in page
    assert shown(owner, f"/messages?batch={batch.content_id}&state=failed") == [ZOE]
    assert f'href="/messages?batch={batch.content_id}">1</a>' in owner.get("/batches").text


def test_hostile_words_are_shown_as_they_are(owner: PortalClient) -> None:
    message = ended(MessageState.FAILED, HOSTILE, HOSTILE)
    with factories.work() as work:
        work.session.get_one(Message, message.id).recipient_name = HOSTILE
        work.session.get_one(EmailContent, message.content_id).subject = HOSTILE

    pages = [owner.get("/messages").text, owner.get(f"/messages/{message.id}").text]
    pages.append(owner.get(f"/messages?q={HOSTILE}").text)

    for page in pages:
        assert HOSTILE not in page
        assert "&lt;script&gt;" in page


def test_an_unknown_message_is_not_found(owner: PortalClient) -> None:
    assert owner.get("/messages/77").status_code == 404
    assert owner.post_form("/messages/77/another-try").status_code == 404


def test_the_file_tells_of_every_message(owner: PortalClient) -> None:
    message = returned(ReportKind.HARD, "No such user")
    ended(MessageState.QUEUED, email="late@example.org")

    answer = owner.get("/messages.csv")
    late, zoe = rows_of(answer.text)

    assert answer.text.startswith("\ufeff")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    disposition = 'attachment; filename="messages-2026-03-10.csv"'
    assert answer.headers["Content-Disposition"] == disposition
    assert late["Address"] == "late@example.org"
    assert zoe == {
        "Person": "",
        "Address": ZOE,
        "Batch": "A quick question, 2026-03-10",
        "Kind": "invitation",
        "State": "failed",
        "Reason": "it came back: the address does not exist",
        "Queued at": "2026-03-10T13:00:00+01:00",
        "Sent at": "2026-03-10T13:00:00+01:00",
        "Attempts": "1",
        "Message-ID": f"<o-{message.public_id}@acme.example>",
        "Server's last reply": "5.1.1 No such user",
        "Came back": "the address does not exist",
        "Came back: status": "5.1.1",
        "Came back: reason": "No such user",
        "Came back: when": "2026-03-10T13:00:00+01:00",
    }


def test_the_file_holds_what_the_filter_shows(owner: PortalClient) -> None:
    ended(MessageState.SENT)
    failed = ended(MessageState.FAILED, "refused", email="failed@example.org")
    returned(ReportKind.SOFT, email="full@example.org")

    def addresses(query: str) -> list[str]:
        return [row["Address"] for row in rows_of(owner.get(f"/messages.csv?{query}").text)]

    assert addresses("state=sent") == [ZOE]
    assert addresses("state=failed") == ["full@example.org", "failed@example.org"]
    assert addresses("state=came-back") == ["full@example.org"]
    assert addresses(f"batch={failed.content_id}") == ["failed@example.org"]
    assert addresses("q=zoe%40example.org") == [ZOE]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_the_file_is_a_formula(owner: PortalClient, start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    message = ended(MessageState.FAILED, "refused", evil)
    with factories.work() as work:
        work.session.get_one(Message, message.id).recipient_name = evil

    (row,) = rows_of(owner.get("/messages.csv").text)

    assert (row["Person"], row["Server's last reply"]) == (f"'{evil}", f"'{evil}")


def test_the_file_holds_more_than_is_read_at_once(owner: PortalClient) -> None:
    emails = [f"c{number}@example.org" for number in range(1_200)]
    queue(*emails)

    rows = rows_of(owner.get("/messages.csv").text)

    assert [row["Address"] for row in rows] == emails[::-1]


def test_the_file_gives_its_connection_back(owner: PortalClient) -> None:
    queue(ZOE)

    for _ in range(3):
        owner.get("/messages.csv")

    assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # QueuePool has it


def test_who_was_asked_since_cannot_be_asked_again_and_the_page_says_why(
    owner: PortalClient, clock: FixedClock
) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work, ZOE)
    failed = ended(MessageState.FAILED, "the mail server refused the message")
    clock.advance(minutes=5)
    sent = ended(MessageState.SENT)
    with factories.work() as work:
        for message in (failed, sent):
            work.session.get_one(Message, message.id).contact_id = marta.id

    page = owner.get("/messages").text
    story = owner.get(f"/messages/{failed.id}").text
    owner.post_form(f"/messages/{failed.id}/another-try")

    assert "cannot be sent again: asked since by another send" in page
    assert "Asked since by another send, or about to be" in page
    assert "Asked since by another send, or about to be" in story
    assert "another-try" not in page + story
    assert "was not queued" in owner.get("/messages").text
