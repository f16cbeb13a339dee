"""Every door has its guard."""

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, Rule

from nps_portal import create_app, doors
from nps_portal.accounts.portal_settings import process_settings
from nps_portal.foundation.database import db
from tests.support import factories
from tests.support.client import PortalClient

OPEN = {
    "accounts",
    "survey_pages",
    "thanks_pages",
    "logo_pages",
    "unsubscribe_pages",
    "my_pages",
    "link_pages",
    "kiosk_pages",
    "widget_pages",
    "hooks",
    "health",
}


def test_every_blueprint_is_registered_with_a_guard(app: Flask) -> None:
    guarded = {blueprint.name for blueprint, _ in doors.DOORS}

    assert set(app.blueprints) == guarded


def test_a_page_without_a_guard_is_shut(app: Flask) -> None:
    def page() -> str:
        return "open"

    own = create_app(process_settings())
    own.add_url_rule("/nowhere", "nowhere.page", page)

    assert own.test_client().get("/nowhere").status_code == 403
    with own.app_context():
        db.engine.dispose()


def test_nobody_gets_into_the_admin_without_signing_in(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)
    closed = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and rule.endpoint.split(".")[0] not in OPEN
    ]

    for rule in closed:
        url = rule.build(arguments_of(rule), append_unknown=False)
        assert url is not None
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        answer = client.open(url[1], method=method)
        refused = answer.status_code == 303 and "/sign-in" in answer.headers["Location"]
        # A form without its token is turned away before the guard is asked.
        assert refused or (method == "POST" and answer.status_code == 400), rule.rule

    assert len(closed) > 20


def arguments_of(rule: Rule) -> dict[str, str | int]:
    """Return values that a rule's address can be built with."""
    return {
        name: next(iter(converter.items)) if isinstance(converter, AnyConverter) else 1
        for name, converter in rule._converters.items()
    } | {"filename": "x"}


def test_the_first_visit_leads_to_the_set_up(client: PortalClient) -> None:
    answer = client.get("/")

    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/set-up")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example"])
def test_a_forged_host_is_refused(client: PortalClient, host: str) -> None:
    answer = client.get("/sign-in", headers={"Host": host})

    assert answer.status_code == 400


def test_every_page_carries_the_protecting_headers(client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)

    headers = client.get("/sign-in").headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
