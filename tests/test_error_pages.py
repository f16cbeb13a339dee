"""What people see when the database is busy or gone, and when an address asks for nonsense."""

import pytest
from flask import Flask

from nps_portal import create_app
from nps_portal.config import load_settings
from nps_portal.foundation.row_ids import LARGEST_ROW_ID
from tests.conftest import environment
from tests.customer_pages.asking import busy_database
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

NO_DATABASE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2"


def test_a_busy_database_keeps_no_page_of_the_admin_away(
    owner: PortalClient, clock: FixedClock
) -> None:
    clock.advance(minutes=10)

    with busy_database():
        shown = owner.get("/contacts")
        unknown = owner.get("/nowhere")

    assert (shown.status_code, unknown.status_code) == (200, 404)


def test_a_busy_database_asks_to_try_again_and_stores_nothing(owner: PortalClient) -> None:
    with busy_database():
        answer = owner.post_form("/settings/account", {"name": "Somebody Else"})
        waiting = owner.get("/settings/account")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Somebody Else" not in waiting.text


@pytest.mark.parametrize("path", ["/", "/sign-in", "/contacts", "/s/guess", "/u/guess"])
def test_a_database_that_is_gone_is_a_busy_portal(app: Flask, path: str) -> None:
    settings = load_settings(environment(app.extensions["nps_settings"].instance_dir, NO_DATABASE))

    answer = create_app(settings).test_client().get(path)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "busy" in answer.text


@pytest.mark.parametrize("number", [LARGEST_ROW_ID, LARGEST_ROW_ID + 1, 10**25])
def test_a_number_of_no_row_is_not_found(app: Flask, owner: PortalClient, number: int) -> None:
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and "<int:" in rule.rule
    ]

    found = {rule.rule: owner.get(_filled(rule.rule, number)).status_code for rule in rules}

    assert len(found) > 10
    assert set(found.values()) == {404}


@pytest.mark.parametrize(
    "path",
    ["/messages?page={}", "/contacts?page={}&removed={}", "/mailbox?page={}", "/batches?page={}"],
)
def test_a_number_of_no_page_shows_a_page(owner: PortalClient, path: str) -> None:
    answer = owner.get(path.replace("{}", str(10**25)))

    assert answer.status_code == 200


def _filled(rule: str, number: int) -> str:
    start, rest = rule.split("<int:", 1)
    return f"{start}{number}{rest.split('>', 1)[1].replace('<score>', '9')}"
