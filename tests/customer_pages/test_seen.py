"""The page's own word that a hand was there: taken with a proof, never answered with a fault."""

import pytest
from flask import Flask

from nps_portal.visits.models import VisitKind
from tests.customer_pages.asking import (
    ask,
    busy_database,
    nonce_in,
    responses,
    take_time,
    visits,
)
from tests.support import factories
from tests.support.client import PortalClient

HAND = {"score": "9", "dwell": "4000", "gestures": "pointer,move,dance"}


def test_a_hand_is_written_down(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(f"{marta.path}/9"))
    take_time(5)

    told = client.post(f"{marta.path}/seen", data={**HAND, "nonce": nonce})

    assert (told.status_code, told.data) == (204, b"")
    seen = visits()[-1]
    assert (seen.kind, seen.score, seen.seconds_on_page) == (VisitKind.SEEN, 9, 5)
    assert seen.details == {"gestures": ["pointer", "move"], "dwell_ms": 4000}
    assert responses() == []


@pytest.mark.parametrize(
    "told",
    [
        {"nonce": ""},
        {"nonce": "forged"},
        {"gestures": ""},
        {"gestures": "dance"},
        {"dwell": "1499"},
        {"dwell": "long"},
        {"dwell": "-4000"},
        {"dwell": "9" * 40},
        {"filler": "x" * 5000},
    ],
)
def test_what_is_no_sign_of_a_hand_is_passed_over(
    app: Flask, client: PortalClient, told: dict[str, str]
) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))
    take_time(5)

    answered = client.post(f"{marta.path}/seen", data={**HAND, "nonce": nonce, **told})

    assert (answered.status_code, answered.data) == (204, b"")
    assert [one.kind for one in visits()] == [VisitKind.SURVEY_PAGE]


def test_a_page_cannot_be_looked_at_for_longer_than_it_is_there(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))
    take_time(1)

    client.post(f"{marta.path}/seen", data={**HAND, "nonce": nonce})

    assert [one.kind for one in visits()] == [VisitKind.SURVEY_PAGE]


def test_one_page_tells_only_a_few_times(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))
    take_time(5)

    codes = {
        client.post(f"{marta.path}/seen", data={**HAND, "nonce": nonce}).status_code
        for _ in range(20)
    }

    assert codes == {204}
    assert len([one for one in visits() if one.kind is VisitKind.SEEN]) == 5


def test_strangers_learn_nothing(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        preview = f"/s/preview-{factories.make_survey(work).id}"
    for path in ("/s/guess", "/s/preview-99", preview):
        assert client.post(f"{path}/seen", data=HAND).status_code == 204


def test_a_busy_database_costs_the_sign_and_not_the_page(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))
    take_time(5)

    with busy_database():
        told = client.post(f"{marta.path}/seen", data={**HAND, "nonce": nonce})

    assert told.status_code == 204
