"""The first visit: one owner, once, and on a public address only with the code."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from nps_portal import create_app
from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.accounts.setup_code import setup_code
from nps_portal.config import load_settings
from nps_portal.foundation.database import db, reading
from tests.conftest import environment
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

OWNER = {
    "name": "Jo Baker",
    "email": factories.OWNER,
    "password": factories.PASSWORD,
}


@pytest.fixture(
    params=[
        {"NPS_PUBLIC_URL": "http://nps.acme.example"},
        {"NPS_PUBLIC_URL": "http://localhost", "NPS_BIND": "0.0.0.0:8000"},
    ],
    ids=["by its name", "by its address"],
)
def public_client(
    request: pytest.FixtureRequest,
    make_database: Callable[[Path], str],
    tmp_path: Path,
    clock: FixedClock,
) -> Iterator[PortalClient]:
    """Give a browser at a portal that the world can reach."""
    instance = tmp_path / "public"
    instance.mkdir()
    variables = environment(instance, make_database(instance))
    variables |= request.param
    made = create_app(load_settings(variables), clock)
    made.test_client_class = PortalClient
    with made.app_context():
        client = made.test_client()
        assert isinstance(client, PortalClient)
        yield client
        db.session.remove()
        db.engine.dispose()


def test_the_first_visitor_becomes_the_owner_and_is_signed_in(
    app: Flask, client: PortalClient
) -> None:
    answer = client.post_form("/set-up", OWNER)

    assert (answer.status_code, answer.location) == (303, "/set-up/business")
    assert client.get("/set-up/business").status_code == 200


def test_the_set_up_works_only_once(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)

    shown = client.get("/set-up")
    posted = client.post_form("/set-up", OWNER | {"email": "second@acme.example"})

    assert (shown.status_code, shown.location) == (303, "/sign-in")
    assert (posted.status_code, posted.location) == (303, "/sign-in")
    assert client.sign_in("second@acme.example", factories.PASSWORD).status_code == 422


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "short"}, "Use at least 8 characters"),
        ({"password": "password123"}, "one of the first that anybody would try"),
        ({"email": "nowhere"}, "nowhere"),
        ({"name": ""}, "Enter your name."),
    ],
)
def test_a_wrong_entry_is_named_and_the_rest_is_kept(
    client: PortalClient, changed: dict[str, str], words: str
) -> None:
    answer = client.post_form("/set-up", OWNER | changed)

    assert answer.status_code == 422
    assert words in answer.text
    assert (OWNER | changed)["email"] in answer.text
    assert f'value="{(OWNER | changed)["password"]}"' not in answer.text


def test_a_public_portal_asks_for_the_code(public_client: PortalClient) -> None:
    without = public_client.post_form("/set-up", OWNER)
    wrong = public_client.post_form("/set-up", OWNER | {"code": "AAAA-AAAA"})

    assert (without.status_code, wrong.status_code) == (422, 422)
    assert "Enter the set-up code." in without.text
    assert "This is not the set-up code of this portal." in wrong.text
    assert setup_code() not in wrong.text


def test_the_code_may_be_typed_without_dash_and_in_small_letters(
    public_client: PortalClient,
) -> None:
    typed = setup_code().replace("-", " ").lower()

    answer = public_client.post_form("/set-up", OWNER | {"code": typed})

    assert (answer.status_code, answer.location) == (303, "/set-up/business")


def test_the_code_cannot_be_guessed_quickly(public_client: PortalClient) -> None:
    answers = [
        public_client.post_form("/set-up", OWNER | {"code": f"AAAA-{number:04}"}).status_code
        for number in range(11)
    ]

    assert answers == [422] * 10 + [429]


def test_the_way_leads_from_the_business_over_the_mail_to_the_contacts(
    app: Flask, client: PortalClient
) -> None:
    client.post_form("/set-up", OWNER)

    business = client.post_form(
        "/set-up/business",
        {
            "business_name": "Acme Supplies",
            "postal_address": "1 High Street\r\nAnytown",
            "time_zone": "Europe/Vienna",
        },
    )
    mail = client.post_form(
        "/set-up/mail", {"mail_from": "feedback@acme.example", "mail_security": "starttls"}
    )
    page = client.get("/set-up/mail")

    assert business.location == "/set-up/mail"
    assert mail.location == "/set-up/mail"
    assert "Send a test to me" in page.text
    assert 'href="/contacts/imports/new"' in page.text
    settings = portal_settings(reading())
    assert settings.business_name == "Acme Supplies"
    assert settings.time_zone == "Europe/Vienna"
    assert settings.mail_from == "feedback@acme.example"


def test_no_zone_is_guessed(app: Flask, client: PortalClient) -> None:
    client.post_form("/set-up", OWNER)

    answer = client.post_form(
        "/set-up/business", {"business_name": "Acme", "postal_address": "1 High Street"}
    )

    assert answer.status_code == 422
    assert "Choose your time zone." in answer.text
