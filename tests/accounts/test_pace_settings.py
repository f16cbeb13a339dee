"""How fast emails may leave, as the owner sets it."""

import pytest
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.accounts.portal_settings import PortalSettings, portal_settings
from nps_portal.foundation.database import reading
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

PAGE = "/settings/mail"
PACE = "/settings/mail/pace"


def now_set() -> PortalSettings:
    return portal_settings(reading())


def three_days_later(owner: PortalClient, clock: FixedClock) -> None:
    clock.advance(days=3)
    owner.sign_in(factories.OWNER, factories.PASSWORD)


def test_without_a_word_nothing_is_limited(owner: PortalClient) -> None:
    page = owner.get(PAGE).text

    assert "half as many again each day" in page
    assert (now_set().warm_up_per_day, now_set().domain_rate_per_minute) == (0, 0)


def test_the_pace_is_kept_and_shown_again(owner: PortalClient) -> None:
    answer = owner.post_form(
        PACE,
        {"warm_up_per_day": "50", "domain_rate_per_minute": "20", "domain_connections": "2"},
    )
    page = owner.get(PAGE).text

    kept = now_set()
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert (kept.warm_up_per_day, kept.domain_rate_per_minute) == (50, 20)
    assert kept.domain_connections == 2
    assert 'value="50"' in page
    assert "The first day was 2026-03-10." in page


def test_a_warm_up_begins_on_the_day_of_the_accounts_zone(
    owner: PortalClient, clock: FixedClock
) -> None:
    # Half past eleven in the evening of UTC is the next day in Vienna.
    clock.advance(hours=11, minutes=30)

    owner.post_form(PACE, {"warm_up_per_day": "50"})

    assert now_set().warm_up_since == "2026-03-11"


def test_another_number_goes_on_with_the_warm_up(owner: PortalClient, clock: FixedClock) -> None:
    owner.post_form(PACE, {"warm_up_per_day": "50"})
    three_days_later(owner, clock)

    owner.post_form(PACE, {"warm_up_per_day": "80"})

    assert (now_set().warm_up_per_day, now_set().warm_up_since) == (80, "2026-03-10")


@pytest.mark.parametrize("ended", ["0", ""])
def test_no_number_ends_the_warm_up_and_another_begins_anew(
    owner: PortalClient, clock: FixedClock, ended: str
) -> None:
    owner.post_form(PACE, {"warm_up_per_day": "50"})
    three_days_later(owner, clock)

    owner.post_form(PACE, {"warm_up_per_day": ended})
    between = now_set()
    owner.post_form(PACE, {"warm_up_per_day": "60"})

    assert (between.warm_up_per_day, between.warm_up_since) == (0, "")
    assert now_set().warm_up_since == "2026-03-13"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"warm_up_per_day": "-1"}, "Enter a number from 0 to 100,000."),
        ({"warm_up_per_day": "many"}, "Not a valid integer value"),
        ({"domain_rate_per_minute": "100001"}, "Enter a number from 0 to 100,000."),
        ({"domain_connections": "65"}, "Enter a number from 0 to 64."),
    ],
)
def test_a_number_that_cannot_be_is_refused_in_words(
    owner: PortalClient, wrong: dict[str, str], words: str
) -> None:
    answer = owner.post_form(PACE, wrong)

    assert answer.status_code == 422
    assert words in answer.text
    # The other form of the page still shows what is stored.
    assert 'value="feedback@acme.example"' in answer.text
    assert (now_set().warm_up_per_day, now_set().warm_up_since) == (0, "")


def test_the_mail_settings_leave_the_pace_alone(owner: PortalClient) -> None:
    owner.post_form(PACE, {"warm_up_per_day": "50"})

    owner.post_form(
        PAGE, {"mail_from": "feedback@acme.example", "mail_security": "starttls", "mail_port": ""}
    )

    assert (now_set().warm_up_per_day, now_set().warm_up_since) == (50, "2026-03-10")


def test_a_colleague_sets_no_pace(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        add_user(
            work,
            email="desk@acme.example",
            name="Desk",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("desk@acme.example", factories.PASSWORD)

    assert client.post_form(PACE, {"warm_up_per_day": "50"}).status_code == 403
