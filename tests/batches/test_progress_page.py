"""Where a send stands, live and true."""

import csv
import io
import re
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal import create_app
from nps_portal.accounts.portal_settings import change_settings, process_settings
from nps_portal.batches.commands import pause_batch, start_due_batches
from nps_portal.batches.models import BatchState
from nps_portal.batches.queries import PAGE_SIZE
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.delivery.turns import deliver_due_messages
from nps_portal.foundation import heartbeats
from nps_portal.foundation.database import db
from nps_portal.outbox.models import Message, MessageState
from nps_portal.surveys.commands import change_wording
from nps_portal.surveys.wording import Wording
from nps_portal.worker.loop import run_until_idle
from tests.batches.conftest import outcome_for_all, plan_all, send, the_batch
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock
from tests.support.smtp_server import Say, SinkServer


@pytest.fixture
def sink(owner: PortalClient) -> Iterator[SinkServer]:
    """Give the mail server that the business uses."""
    with SinkServer() as server:
        use_server(server.port)
        yield server


def use_server(port: int) -> None:
    with factories.work() as work:
        values = {"mail_server": "127.0.0.1", "mail_port": str(port), "mail_security": "none"}
        change_settings(work, values)


def words(page: str) -> str:
    """Return a page's words without its tags, each gap one space."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def show(owner: PortalClient) -> str:
    return words(owner.get(f"/batches/{the_batch().id}").text)


def sign_of_life() -> None:
    with factories.work() as work:
        heartbeats.beat(work, heartbeats.WORKER_NAME)


def test_the_page_counts_what_has_left_and_what_has_not(
    owner: PortalClient, app: Flask, sink: SinkServer
) -> None:
    with factories.work() as work:
        contacts = [factories.make_contact(work, f"c{n}@example.org") for n in range(5)]
        suppress(
            work, contacts[0].email_key, SuppressionReason.COMPLAINT, source="x", contact_id=None
        )
        factories.make_batch(work)
    sink.fail_at("rcpt", Say("550 5.1.1 Gone"), recipient="c1@example.org")
    sink.fail_at("rcpt", Say("451 4.7.1 Later"), recipient="c2@example.org")

    run_until_idle(app)

    page = show(owner)
    assert "3 of 4" in page
    assert "2 sent" in page
    assert "1 failed" in page
    assert "1 waiting" in page
    assert "1 not asked" in page
    assert "has reported an earlier email as spam 1" in page
    assert "1 email failed or uncertain." in page


def test_the_page_tells_the_same_after_a_restart(
    owner: PortalClient, app: Flask, clock: FixedClock, sink: SinkServer
) -> None:
    send("a@example.org", "b@example.org")
    sink.fail_at("rcpt", Say("451 4.7.1 Later"), recipient="b@example.org")
    deliver_due_messages(app, threading.Event())

    restarted = create_app(process_settings(), clock)
    restarted.test_client_class = PortalClient
    with restarted.app_context():
        again = restarted.test_client()
        assert isinstance(again, PortalClient)
        again.sign_in(factories.OWNER, factories.PASSWORD)
        page = show(again)
        db.engine.dispose()

    assert "1 of 2" in page
    assert "1 sent" in page
    assert "1 waiting" in page


def test_while_it_runs_the_page_asks_for_news_and_reloads_at_a_new_stage(
    owner: PortalClient,
) -> None:
    send("a@example.org")
    batch = the_batch()

    page = owner.get(f"/batches/{batch.id}").text
    found = re.search(r'hx-get="([^"]+)" data-hx-trigger="every 2s"', page)
    assert found is not None
    address = found[1].replace("&amp;", "&")
    same = owner.get(address)
    with factories.work() as work:
        pause_batch(work, batch.id)
    changed = owner.get(address)

    assert "HX-Refresh" not in same.headers
    assert "0 of 1" in words(same.text)
    assert changed.headers["HX-Refresh"] == "true"
    assert "hx-trigger" not in owner.get(f"/batches/{batch.id}").text


def test_pause_go_on_and_cancel(owner: PortalClient) -> None:
    send("a@example.org")
    address = f"/batches/{the_batch().id}"

    stages = []
    for act in ("pause", "resumption", "cancellation"):
        answer = owner.post_form(f"{address}/{act}")
        assert (answer.status_code, answer.location) == (303, address)
        stages.append(the_batch().state)

    assert stages == [BatchState.PAUSED, BatchState.RUNNING, BatchState.CANCELLED]
    assert "1 cancelled" in show(owner)


def test_the_cancelling_names_its_consequence_in_numbers(owner: PortalClient) -> None:
    send("a@example.org")
    outcome_for_all(MessageState.SENT)
    with factories.work() as work:
        second = [factories.make_contact(work, f"b{n}@example.org") for n in range(2)]
        factories.make_batch(work, second)
    plan_all()

    page = words(owner.get("/batches/2").text)

    assert "Nothing has left yet. 2 people will get none." in page


@pytest.mark.parametrize("act", ["pause", "resumption", "cancellation"])
def test_what_the_state_does_not_allow_is_said_and_not_done(owner: PortalClient, act: str) -> None:
    send("a@example.org")
    batch = the_batch()
    owner.post_form(f"/batches/{batch.id}/cancellation")
    owner.get(f"/batches/{batch.id}")

    owner.post_form(f"/batches/{batch.id}/{act}")

    assert "This send is cancelled and so cannot become" in show(owner)


def test_an_unknown_send_is_not_found(owner: PortalClient) -> None:
    pages = [
        owner.get("/batches/9"),
        owner.get("/batches/9/progress"),
        owner.get("/batches/9/email"),
    ]

    assert [page.status_code for page in pages] == [404, 404, 404]
    assert owner.post_form("/batches/9/pause").status_code == 404


def test_the_email_shown_is_the_one_that_was_frozen(owner: PortalClient) -> None:
    send("a@example.org")
    survey_id = the_batch().survey_id
    with factories.work() as work:
        change_wording(work, survey_id, Wording(subject="Changed since"))

    page = owner.get("/batches/1?look=text").text
    frame = owner.get("/batches/1/email")

    assert "A quick question from Acme Supplies" in page
    assert "Changed since" not in page
    assert "Dear Marta" in frame.text
    assert "sandbox" in frame.headers["Content-Security-Policy"]


def test_the_file_lists_whom_the_send_did_not_ask(owner: PortalClient) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, "a@example.org", name="Ann Ash")
        reason = SuppressionReason.HARD_BOUNCE
        suppress(work, contact.email_key, reason, source="x", contact_id=None)
        factories.make_batch(work)
    plan_all()

    text = owner.get("/batches/1/not-asked.csv").text.removeprefix("\ufeff")

    assert list(csv.reader(io.StringIO(text)))[1] == [
        "Ann Ash",
        "a@example.org",
        "",
        "the address does not exist (an earlier email came back)",
    ]


def test_a_send_without_a_worker_says_so(owner: PortalClient, clock: FixedClock) -> None:
    send("a@example.org")
    without = show(owner)

    sign_of_life()
    with_one = show(owner)
    clock.advance(seconds=60)
    after_a_minute = show(owner)

    warning = "The worker is not running, so nothing leaves."
    assert [warning in page for page in (without, with_one, after_a_minute)] == [True, False, True]


def test_a_mail_server_that_is_down_is_named_on_the_page(owner: PortalClient, app: Flask) -> None:
    with SinkServer() as gone:
        use_server(gone.port)
    send("a@example.org")

    deliver_due_messages(app, threading.Event())

    assert "The mail server cannot be reached, so nothing leaves for now." in show(owner)


def test_the_pace_is_shown_once_there_is_enough_to_tell(
    owner: PortalClient, clock: FixedClock
) -> None:
    send(*[f"c{number}@example.org" for number in range(40)])
    clock.advance(minutes=2)
    at_first = show(owner)
    with factories.work() as work:
        left = sa.select(Message.id).order_by(Message.id).limit(20)
        update = sa.update(Message).where(Message.id.in_(left))
        work.session.execute(update.values(state=MessageState.SENT, sent_at=work.now))
    plan_all()
    later = show(owner)

    # 20 in 2 minutes are 10 a minute; the other 20 take 2 minutes more, in Vienna's winter time.
    assert "a minute" not in at_first
    assert "about 10 emails a minute · done about 10 Mar 2026, 13:04 CET" in later


def test_a_late_send_asks_what_to_do(owner: PortalClient, clock: FixedClock) -> None:
    with factories.work() as work:
        factories.make_batch(work, [factories.make_contact(work)])
    clock.advance(hours=7)
    with factories.work() as work:
        start_due_batches(work)

    page = show(owner)

    assert "This send waits for you." in page
    assert "Go on" in page


def test_the_list_shows_every_send_with_its_counts(owner: PortalClient) -> None:
    send("a@example.org", "b@example.org")
    outcome_for_all(MessageState.SENT)
    with factories.work() as work:
        factories.make_batch(work)
    plan_all()

    page = words(owner.get("/batches").text)

    assert page.index("everybody") < page.index("2 chosen contacts")
    assert "2 of 2" in page
    assert "0 of 0" in page


def test_an_empty_list_offers_the_first_send(owner: PortalClient) -> None:
    page = owner.get("/batches").text

    assert "Nothing sent yet" in page
    assert 'href="/batches/new"' in page


def test_older_sends_stand_on_further_pages(owner: PortalClient) -> None:
    with factories.work() as work:
        first = factories.make_batch(work)
        for _ in range(PAGE_SIZE):
            factories.make_batch(work)

    newest, oldest = owner.get("/batches").text, owner.get("/batches?page=2").text

    assert f'href="/batches/{first.id}"' not in newest
    assert 'href="/batches?page=2"' in newest
    assert f'href="/batches/{first.id}"' in oldest


def test_while_no_mail_server_is_set_a_send_says_where_its_emails_stay(owner: PortalClient) -> None:
    send("a@example.org")

    page = owner.get(f"/batches/{the_batch().id}").text

    assert "Every email stays on this machine." in words(page)
    assert 'href="/mailbox"' in page


def test_with_a_mail_server_nothing_is_said_to_stay(owner: PortalClient, sink: SinkServer) -> None:
    send("a@example.org")

    assert "stays on this machine" not in show(owner)


def test_r7_a_send_that_the_mail_server_blocks_pauses_itself_says_why_and_goes_on_when_resumed(
    app: Flask, owner: PortalClient, sink: SinkServer
) -> None:
    send(*[f"c{number}@example.org" for number in range(12)])
    sink.fail_at("dot", Say("554 5.7.1 Listed at example.net"), times=6)

    run_until_idle(app)
    blocked = the_batch().state
    page = show(owner)
    owner.post_form(f"/batches/{the_batch().id}/resumption")
    run_until_idle(app)

    assert blocked is BatchState.PAUSED
    assert "This send was stopped, because the mail server blocks it." in page
    assert "The last answer was: 5.7.1 Listed at example.net" in page
    assert the_batch().state is BatchState.FINISHED
    assert "blocks it" not in show(owner)
    assert len(sink.accepted) == 6
