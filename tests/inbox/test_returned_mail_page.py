"""The page of settings on which an owner says where returned emails arrive."""

from pathlib import Path

import pytest
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.foundation.database import reading
from nps_portal.inbox import maildir
from nps_portal.inbox.commands import note_trouble, read_mail, take_in
from nps_portal.inbox.queries import inbox_trouble
from tests.inbox.returned import delivery_report, letter
from tests.inbox.test_hooks import SendGridSender
from tests.support import factories
from tests.support.client import PortalClient

PAGE = "/settings/returned-mail"


def test_the_inbox_is_kept_and_its_password_never_shown(owner: PortalClient) -> None:
    answer = owner.post_form(
        PAGE,
        {
            "bounce_domain": "bounces.acme.example",
            "inbox_url": "imaps://me:geheim1@imap.acme.example",
        },
    )
    page = owner.get(PAGE).text

    assert (answer.status_code, answer.location) == (303, PAGE)
    assert portal_settings(reading()).inbox_url == "imaps://me:geheim1@imap.acme.example"
    assert 'value="bounces.acme.example"' in page
    assert "An inbox is kept." in page
    assert "me@imap.acme.example:993/INBOX" in page
    assert "geheim1" not in page


def test_an_empty_field_keeps_the_inbox_and_forgetting_ends_it(owner: PortalClient) -> None:
    owner.post_form(PAGE, {"bounce_domain": "", "inbox_url": "maildir:/var/mail/bounces"})

    owner.post_form(PAGE, {"bounce_domain": "b.acme.example", "inbox_url": ""})
    kept = portal_settings(reading()).inbox_url
    owner.post_form(f"{PAGE}/end")

    assert kept == "maildir:/var/mail/bounces"
    reading().rollback()
    assert portal_settings(reading()).inbox_url == ""
    assert "Try it now" not in owner.get(PAGE).text


@pytest.mark.parametrize(
    "values",
    [
        {"inbox_url": "imap.example.com"},
        {"inbox_url": "imap://a:b%0a@imap.example.com"},
        {"bounce_domain": "https://bounces.example.com"},
    ],
)
def test_what_cannot_be_used_comes_back_with_the_reason(
    owner: PortalClient, values: dict[str, str]
) -> None:
    answer = owner.post_form(PAGE, {"bounce_domain": "kept.example", "inbox_url": "", **values})

    assert answer.status_code == 422
    assert "Nothing was saved yet" in answer.text
    assert portal_settings(reading()).inbox_url == ""


def test_keys_are_judged_and_kept(owner: PortalClient) -> None:
    key = SendGridSender().public_key

    wrong = owner.post_form(f"{PAGE}/keys", {"sendgrid_public_key": "abc"})
    right = owner.post_form(
        f"{PAGE}/keys",
        {
            "sendgrid_public_key": f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----",
            "mailgun_signing_key": "sign-me-1",
        },
    )
    page = owner.get(PAGE).text

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert portal_settings(reading()).mailgun_signing_key == "sign-me-1"
    assert "A key is kept." in page
    assert "sign-me-1" not in page


def test_the_inbox_can_be_tried(owner: PortalClient, tmp_path: Path) -> None:
    maildir.deliver(tmp_path, letter())
    owner.post_form(PAGE, {"bounce_domain": "", "inbox_url": f"maildir:{tmp_path}"})
    with factories.work() as work:
        note_trouble(work, "It was broken.")

    before = owner.get(PAGE).text
    owner.post_form(f"{PAGE}/trial")
    after = owner.get(PAGE).text

    assert "It was broken." in before
    assert "New emails in it: 1." in after
    assert "It was broken." not in after


def test_trouble_is_told_when_trying(owner: PortalClient) -> None:
    owner.post_form(PAGE, {"bounce_domain": "", "inbox_url": "maildir:/nowhere"})

    owner.post_form(f"{PAGE}/trial")
    page = owner.get(PAGE).text

    assert "/nowhere is not a Maildir" in page
    assert "Cannot be read" in page
    assert inbox_trouble(reading()) is not None


def test_each_provider_has_its_address_with_a_key_that_works(
    app: Flask, owner: PortalClient
) -> None:
    page = owner.get(PAGE).text
    start = page.index("http://localhost/hooks/brevo?key=")
    url = page[start : page.index("<", start)]

    assert owner.post(url, data="{}").status_code == 200
    assert page.count("/hooks/") == 5


def test_reports_that_belong_to_nobody_are_listed(owner: PortalClient) -> None:
    assert "cannot be tied to a message" in owner.get(PAGE).text
    report = delivery_report(recipient="<script>@example.net")
    with factories.work() as work:
        take_in(work, read_mail(report))
        take_in(work, read_mail(delivery_report(recipient="somebody@example.net")))

    page = owner.get(PAGE).text

    assert "somebody@example.net" in page
    assert "The address does not exist" in page
    assert "<script>@" not in page


def test_only_owners_see_it(owner: PortalClient, app: Flask) -> None:
    with factories.work() as work:
        add_user(
            work,
            email="colleague@acme.example",
            name="Lee",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    other = app.test_client()
    assert isinstance(other, PortalClient)
    other.sign_in("colleague@acme.example", factories.PASSWORD)

    posts = [other.post_form(f"{PAGE}{path}") for path in ("", "/keys", "/trial", "/end")]

    assert other.get(PAGE).status_code == 403
    assert [answer.status_code for answer in posts] == [403] * 4
