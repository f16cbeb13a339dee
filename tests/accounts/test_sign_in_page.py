"""Signing in and out: who gets in, for how long, and who is slowed down."""

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.models import User, UserState
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock


@pytest.fixture
def known(app: Flask) -> None:
    """Make an owner who is not signed in."""
    with factories.work() as work:
        factories.make_owner(work)


def cookie_of(client: PortalClient) -> str:
    cookie = client.get_cookie("nps")
    assert cookie is not None
    return cookie.value


def is_signed_in(client: PortalClient) -> bool:
    return client.get("/settings/account").status_code == 200


@pytest.mark.usefixtures("known")
def test_the_right_password_opens_the_portal(client: PortalClient) -> None:
    answer = client.sign_in(factories.OWNER.upper(), factories.PASSWORD)

    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(client)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("email", "password"),
    [
        (factories.OWNER, "not the password"),
        ("nobody@acme.example", factories.PASSWORD),
        ("not an address", factories.PASSWORD),
    ],
)
def test_every_refusal_reads_the_same(client: PortalClient, email: str, password: str) -> None:
    answer = client.sign_in(email, password)

    assert answer.status_code == 422
    assert "Address and password do not fit." in answer.text
    assert password not in answer.text
    assert not is_signed_in(client)


def test_a_disabled_user_does_not_get_in(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work).state = UserState.DISABLED

    answer = client.sign_in(factories.OWNER, factories.PASSWORD)

    assert answer.status_code == 422


@pytest.mark.usefixtures("known")
def test_the_session_is_made_anew_at_sign_in(client: PortalClient) -> None:
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    before = cookie_of(client)

    client.sign_in(factories.OWNER, factories.PASSWORD)

    with client.session_transaction() as session:
        assert "planted" not in session
    assert cookie_of(client) != before


def test_the_cookie_is_not_for_scripts_nor_for_other_sites(
    known: None, client: PortalClient
) -> None:
    answer = client.sign_in(factories.OWNER, factories.PASSWORD)

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_cookie_kept_from_before_the_sign_out_is_dead(owner: PortalClient) -> None:
    kept = cookie_of(owner)

    owner.post_form("/sign-out")
    owner.set_cookie("nps", kept)

    assert not is_signed_in(owner)


def test_signing_out_twice_is_harmless(owner: PortalClient) -> None:
    owner.post_form("/sign-out")

    answer = owner.post_form("/sign-out")

    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_a_session_ends_twelve_hours_after_the_last_visit(
    owner: PortalClient, clock: FixedClock
) -> None:
    clock.advance(hours=11)
    assert is_signed_in(owner)

    clock.advance(hours=11)
    assert is_signed_in(owner)

    clock.advance(hours=12)
    assert not is_signed_in(owner)


def test_a_session_ends_after_thirty_days_of_visits(owner: PortalClient, clock: FixedClock) -> None:
    for _ in range(71):
        clock.advance(hours=10)
        assert is_signed_in(owner)

    clock.advance(hours=10)
    assert not is_signed_in(owner)


def test_a_user_disabled_meanwhile_is_out(owner: PortalClient) -> None:
    with factories.work() as work:
        work.session.execute(sa.update(User).values(state=UserState.DISABLED))

    assert not is_signed_in(owner)


@pytest.mark.usefixtures("known")
def test_a_visitor_goes_on_to_the_page_they_wanted(client: PortalClient) -> None:
    sent_away = client.get("/contacts?q=marta")

    answer = client.post_form(
        sent_away.location, {"email": factories.OWNER, "password": factories.PASSWORD}
    )

    assert answer.location == "/contacts?q=marta"


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https:evil.example",
        "https://evil.example",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
        "%09//evil.example",
        "/%09/evil.example",
        "/%0A/evil.example",
        "javascript:alert(1)",
        "evil.example",
    ],
)
def test_nobody_is_sent_to_another_site(client: PortalClient, wanted: str) -> None:
    answer = client.post_form(
        f"/sign-in?next={wanted}", {"email": factories.OWNER, "password": factories.PASSWORD}
    )

    assert (answer.status_code, answer.location) == (303, "/")


@pytest.mark.usefixtures("known")
def test_a_form_without_its_token_changes_nothing(client: PortalClient) -> None:
    answer = client.post(
        "/sign-in", data={"email": factories.OWNER, "password": factories.PASSWORD}
    )

    assert answer.status_code == 400
    assert not is_signed_in(client)


@pytest.mark.usefixtures("known")
def test_an_email_is_slowed_down_after_ten_wrong_passwords_and_two_more(app: Flask) -> None:
    answers = [_try_from(app, number, factories.OWNER) for number in range(13)]

    assert answers == [422] * 12 + [429]


@pytest.mark.usefixtures("known")
def test_another_email_is_not_slowed_down_with_it(app: Flask) -> None:
    for number in range(13):
        _try_from(app, number, "nobody@acme.example")

    assert _try_from(app, 99, factories.OWNER) == 422


@pytest.mark.usefixtures("known")
def test_the_right_password_begins_the_count_anew(app: Flask, client: PortalClient) -> None:
    for number in range(9):
        _try_from(app, number, factories.OWNER)

    client.sign_in(factories.OWNER, factories.PASSWORD)

    assert [_try_from(app, 20 + number, factories.OWNER) for number in range(10)] == [422] * 10


@pytest.mark.usefixtures("known")
def test_one_client_may_try_twenty_addresses_a_minute(client: PortalClient) -> None:
    answers = [
        client.sign_in(f"somebody{number}@acme.example", "a wrong password").status_code
        for number in range(21)
    ]

    assert answers == [422] * 20 + [429]


def test_before_the_first_owner_sign_in_leads_to_the_set_up(client: PortalClient) -> None:
    answer = client.get("/sign-in")

    assert (answer.status_code, answer.location) == (303, "/set-up")


def test_who_is_signed_in_is_not_asked_again(owner: PortalClient) -> None:
    answer = owner.get("/sign-in?next=/contacts")

    assert (answer.status_code, answer.location) == (303, "/contacts")


def _try_from(app: Flask, number: int, email: str) -> int:
    """Try a wrong password from a client address of its own, and return the status."""
    client = app.test_client()
    assert isinstance(client, PortalClient)
    client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
    return client.sign_in(email, "a wrong password").status_code
