"""The local mailbox in the browser: what was caught can be read, and nothing in it can act."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from nps_portal import create_app
from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.commands import start_due_batches
from nps_portal.batches.inviting import invite_next
from nps_portal.config import load_settings
from nps_portal.delivery.turns import deliver_due_messages
from nps_portal.foundation.database import db
from nps_portal.mail.mime import build
from nps_portal.mailbox.local import local_mailbox, stop_local_mailboxes
from tests.conftest import environment
from tests.delivery.conftest import mail
from tests.support import factories
from tests.support.browser import axe_violations, open_browser, open_page
from tests.support.client import PortalClient
from tests.support.portal import open_portal

HOSTILE = "<html><head></head><body><script>alert(1)</script><p>hello</p></body></html>"


def catch(subject: str = "A quick question", recipient: str = "zoe@example.org") -> str:
    """Put an email into the mailbox and return its id."""
    content = build(mail(subject=subject, recipient_email=recipient, html=HOSTILE))
    local_mailbox().keep("feedback@acme.example", recipient, content)
    return local_mailbox().messages(1, 0)[0].id


def test_an_empty_mailbox_says_what_it_is_for(owner: PortalClient) -> None:
    page = owner.get("/mailbox")

    assert page.status_code == 200
    assert "No email yet" in page.text


def test_the_newest_stands_first_and_the_search_finds(owner: PortalClient) -> None:
    catch("The first one")
    catch("The second one", "ada@example.org")

    page = owner.get("/mailbox").text
    found = owner.get("/mailbox?q=ADA@").text

    assert page.index("The second one") < page.index("The first one")
    assert "The second one" in found
    assert "The first one" not in found
    assert "No email fits" in owner.get("/mailbox?q=nobody").text


def test_a_long_list_has_pages(owner: PortalClient) -> None:
    for number in range(26):
        catch(f"Email number {number:02}")

    first, second = owner.get("/mailbox").text, owner.get("/mailbox?page=2").text

    assert "1–25 of 26 emails" in " ".join(first.split())
    assert "Email number 00" not in first
    assert "Email number 00" in second
    assert owner.get("/mailbox?page=-5").status_code == 200


def test_one_email_shows_its_text_its_headers_and_its_neighbours(owner: PortalClient) -> None:
    older, middle, newer = catch("older"), catch("middle"), catch("newer")

    page = owner.get(f"/mailbox/{middle}").text

    assert f"/mailbox/{older}" in page
    assert f"/mailbox/{newer}" in page
    assert "Choose a score:" in owner.get(f"/mailbox/{middle}?view=text").text
    assert "auto-generated" in owner.get(f"/mailbox/{middle}?view=headers").text


def test_the_html_is_shown_under_its_own_strict_policy(owner: PortalClient) -> None:
    answer = owner.get(f"/mailbox/{catch()}/html")

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src 'self' http://localhost;")
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "allow-scripts" not in policy
    assert '<head><base target="_blank">' in answer.text


def test_the_bytes_that_arrived_can_be_taken_away(owner: PortalClient) -> None:
    answer = owner.get(f"/mailbox/{catch()}/raw")

    assert answer.content_type == "message/rfc822"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="message.eml"'
    assert b"Message-ID: <o-01jd8x3k9c7m2v@mail.acme.example>" in answer.data


@pytest.mark.parametrize("name", ["1.M2P3Q4.nowhere", "..%2F..%2Fsecret_key", "%00"])
def test_an_id_is_never_a_path(owner: PortalClient, name: str) -> None:
    assert owner.get(f"/mailbox/{name}").status_code == 404
    assert owner.get(f"/mailbox/{name}/raw").status_code == 404


def test_with_a_mail_server_there_is_no_mailbox(owner: PortalClient) -> None:
    message_id = catch()
    with factories.work() as work:
        change_settings(work, {"mail_server": "smtp.example.com"})

    assert owner.get("/mailbox").status_code == 404
    assert owner.get(f"/mailbox/{message_id}/html").status_code == 404
    assert 'href="/mailbox"' not in owner.get("/settings/account").text


def test_a_colleague_may_not_read_it(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        add_user(
            work,
            email="desk@acme.example",
            name="Desk",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("desk@acme.example", factories.PASSWORD)

    assert client.get("/mailbox").status_code == 403
    assert 'href="/mailbox"' not in client.get("/settings/account").text


@pytest.fixture
def served(make_database: Callable[[Path], str], tmp_path: Path) -> Iterator[str]:
    """Serve a portal in which one invitation was sent to the local mailbox."""
    instance = tmp_path / "served"
    instance.mkdir()
    variables = environment(instance, make_database(instance))
    del variables["NPS_PUBLIC_URL"]
    with open_portal(instance, variables) as portal:
        app = create_app(load_settings(variables | {"NPS_PUBLIC_URL": portal.url}))
        with app.app_context():
            _send_one_invitation()
        assert deliver_due_messages(app, threading.Event()) == 1
        stop_local_mailboxes()
        with app.app_context():
            db.engine.dispose()
        portal.start("web")
        portal.wait_until_it_answers()
        yield portal.url


def _send_one_invitation() -> None:
    with factories.work() as work:
        factories.make_business(work)
        factories.make_owner(work)
        factories.make_batch(work, [factories.make_contact(work)])
    with factories.work() as work:
        start_due_batches(work)
    with factories.work() as work:
        invite_next(work)


@pytest.mark.browser
def test_a_score_clicked_in_the_mailbox_opens_the_survey_in_a_new_tab(served: str) -> None:
    with open_browser() as browser, open_page(browser) as page:
        page.goto(f"{served}/sign-in?next=/mailbox")
        page.fill("#email", factories.OWNER)
        page.fill("#password", factories.PASSWORD)
        page.click("button:has-text('Sign in')")
        page.click("tbody th a")
        with page.context.expect_page() as opened:
            page.frame_locator("iframe").locator("a[href$='/7']").click()
        survey = opened.value
        survey.wait_for_load_state()

        assert survey.locator("input[type=radio]:checked").get_attribute("value") == "7"
        assert axe_violations(page) == []
