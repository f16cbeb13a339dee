"""What an owner sets, and what the environment has decided."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from nps_portal import create_app
from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.config import MailSecurity, load_settings
from nps_portal.foundation.database import db, reading
from tests.conftest import environment
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

MAIL = {
    "sender_name": "Jo at Acme",
    "mail_from": "feedback@acme.example",
    "reply_to": "office@acme.example",
    "mail_server": "smtp.example.com",
    "mail_security": "starttls",
    "mail_port": "",
    "mail_username": "feedback@acme.example",
    "mail_password": "relay password 1",
}
NEW_PASSWORD = "quite another sentence"


@pytest.fixture
def decided_owner(
    make_database: Callable[[Path], str], tmp_path: Path, clock: FixedClock
) -> Iterator[PortalClient]:
    """Give the owner of a portal whose environment decides the mail server and the name."""
    instance = tmp_path / "decided"
    instance.mkdir()
    variables = environment(instance, make_database(instance)) | {
        "NPS_BUSINESS_NAME": "Acme of the Environment",
        "NPS_MAIL_SERVER": "relay.example.net",
        "NPS_MAIL_USERNAME": "env-user",
        "NPS_MAIL_PASSWORD": "env password 1",
    }
    made = create_app(load_settings(variables), clock)
    made.test_client_class = PortalClient
    with made.app_context():
        with factories.work() as work:
            factories.make_owner(work)
        client = made.test_client()
        assert isinstance(client, PortalClient)
        client.sign_in(factories.OWNER, factories.PASSWORD)
        yield client
        db.session.remove()
        db.engine.dispose()


def another_browser(app: Flask) -> PortalClient:
    client = app.test_client()
    assert isinstance(client, PortalClient)
    return client


def test_the_business_is_kept_and_shown_again(owner: PortalClient) -> None:
    entered = {
        "business_name": "Nordlys Bakery",
        "postal_address": "2 Low Street\nOtherton",
        "time_zone": "America/Argentina/Buenos_Aires",
    }

    answer = owner.post_form("/settings/business", entered)
    page = owner.get("/settings/business")

    assert (answer.status_code, answer.location) == (303, "/settings/business")
    assert 'value="Nordlys Bakery"' in page.text
    assert "2 Low Street\nOtherton</textarea>" in page.text
    assert '<option selected value="America/Argentina/Buenos_Aires">' in page.text


def test_the_mail_is_kept_and_its_password_never_shown(owner: PortalClient) -> None:
    owner.post_form("/settings/mail", MAIL)
    page = owner.get("/settings/mail")

    settings = portal_settings(reading())
    assert settings.mail_server == "smtp.example.com"
    assert (settings.mail_port, settings.mail_security) == (587, MailSecurity.STARTTLS)
    assert settings.mail_password == "relay password 1"
    assert 'value="smtp.example.com"' in page.text
    assert "A password is kept." in page.text
    assert "relay password 1" not in page.text


def test_an_empty_password_keeps_the_one_that_is_there(owner: PortalClient) -> None:
    owner.post_form("/settings/mail", MAIL)

    owner.post_form("/settings/mail", MAIL | {"mail_password": "", "mail_port": "2525"})

    settings = portal_settings(reading())
    assert (settings.mail_port, settings.mail_password) == (2525, "relay password 1")


def test_a_kept_password_is_not_handed_to_another_server(owner: PortalClient) -> None:
    owner.post_form("/settings/mail", MAIL)

    answer = owner.post_form(
        "/settings/mail", MAIL | {"mail_server": "evil.example", "mail_password": ""}
    )

    assert answer.status_code == 422
    assert "the kept one was for another" in answer.text
    assert portal_settings(reading()).mail_server == "smtp.example.com"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"mail_from": "nobody"}, "mail_from"),
        ({"mail_from": ""}, "mail_from"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"mail_server": "https://smtp.example.com"}, "mail_server"),
        ({"mail_server": "smtp.example.com:587"}, "mail_server"),
        ({"mail_port": "70000"}, "mail_port"),
        ({"mail_port": "many"}, "mail_port"),
        ({"mail_username": ""}, "mail_username"),
        ({"mail_security": "none"}, "mail_security"),
        ({"mail_security": "perhaps"}, "mail_security"),
    ],
)
def test_a_wrong_setting_names_its_field(
    owner: PortalClient, changed: dict[str, str], field: str
) -> None:
    answer = owner.post_form("/settings/mail", MAIL | changed)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert answer.text.count('-error"><svg') == 1
    assert portal_settings(reading()).uses_local_mailbox


def test_a_server_on_this_machine_may_get_a_password_in_the_clear(owner: PortalClient) -> None:
    answer = owner.post_form(
        "/settings/mail", MAIL | {"mail_server": "127.0.0.1", "mail_security": "none"}
    )

    assert answer.status_code == 303


def test_what_the_environment_decides_is_shown_and_cannot_be_changed(
    decided_owner: PortalClient,
) -> None:
    page = decided_owner.get("/settings/mail")
    answer = decided_owner.post_form(
        "/settings/mail", {"mail_from": "feedback@acme.example", "mail_server": "evil.example"}
    )

    assert 'value="relay.example.net"' in page.text
    assert "Set in the environment by NPS_MAIL_SERVER, which wins over this page." in page.text
    assert "Set in the environment by NPS_MAIL_PASSWORD, which wins over this page." in page.text
    assert "env password 1" not in page.text
    assert answer.status_code == 303
    settings = portal_settings(reading())
    assert (settings.mail_server, settings.mail_from) == (
        "relay.example.net",
        "feedback@acme.example",
    )


def test_the_rest_of_a_page_can_be_changed_beside_what_is_decided(
    decided_owner: PortalClient,
) -> None:
    answer = decided_owner.post_form(
        "/settings/business", {"postal_address": "1 High Street", "time_zone": "Europe/Vienna"}
    )

    assert answer.status_code == 303
    settings = portal_settings(reading())
    assert settings.business_name == "Acme of the Environment"
    assert settings.time_zone == "Europe/Vienna"


def test_a_colleague_has_only_the_account(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        add_user(
            work,
            email="desk@acme.example",
            name="Desk",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("desk@acme.example", factories.PASSWORD)

    assert client.get("/settings").location == "/settings/account"
    assert client.get("/settings/business").status_code == 403
    assert client.post_form("/settings/mail", MAIL).status_code == 403
    assert "/settings/mail" not in client.get("/settings/account").text


def test_a_name_can_be_changed(owner: PortalClient) -> None:
    owner.post_form("/settings/account", {"name": "Jo Baker-Smith"})

    assert "Jo Baker-Smith" in owner.get("/settings/account").text


def test_a_new_password_ends_every_other_session(app: Flask, owner: PortalClient) -> None:
    elsewhere = another_browser(app)
    elsewhere.sign_in(factories.OWNER, factories.PASSWORD)

    answer = owner.post_form(
        "/settings/account/password", {"present": factories.PASSWORD, "new": NEW_PASSWORD}
    )

    assert answer.status_code == 303
    assert owner.get("/settings/account").status_code == 200
    assert elsewhere.get("/settings/account").status_code == 303
    assert elsewhere.sign_in(factories.OWNER, factories.PASSWORD).status_code == 422
    assert elsewhere.sign_in(factories.OWNER, NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("present", "new", "words"),
    [
        ("not the password", NEW_PASSWORD, "This is not your present password."),
        (factories.PASSWORD, "short", "Use at least 8 characters"),
    ],
)
def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(
    owner: PortalClient, present: str, new: str, words: str
) -> None:
    answer = owner.post_form("/settings/account/password", {"present": present, "new": new})

    assert answer.status_code == 422
    assert words in answer.text
