"""The window on a website, as the portal sees it: its script, its texts, who may say who it is."""

import gzip
import hashlib
import hmac
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import Contact
from nps_portal.responses.models import Channel, ResponseState
from nps_portal.surveys.commands import OpenDoors, open_doors
from nps_portal.surveys.models import Survey
from tests.customer_pages.asking import responses
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

KEY = "0123456789abcdef0123456789abcdef"
SECRET = "only-for-tests-and-long-enough"
MOST_BYTES = 5_000
SITE = {"Origin": "https://shop.example"}


@pytest.fixture(autouse=True)
def survey(app: Flask) -> Survey:
    with factories.work() as work:
        factories.make_business(work)
        made = factories.make_survey(work)
        made.widget_secret = SECRET
        return made


def seal(email: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), email.encode(), hashlib.sha256).hexdigest()


def texts(client: PortalClient, query: str = "") -> dict[str, Any]:
    told = client.get(f"/w/default/texts.json{query}", headers=SITE).json
    assert isinstance(told, dict)
    return told


def send(client: PortalClient, clock: FixedClock, **fields: object) -> TestResponse:
    """Open the window, take a while over it, and send what the script would."""
    nonce = texts(client)["nonce"]
    clock.advance(seconds=20)
    body: dict[str, Any] = {"key": KEY, "score": 9, "comment": "", "nonce": nonce}
    return client.post("/w/default", json={**body, **fields}, headers=SITE)


def contacts() -> list[Contact]:
    with factories.work() as work:
        return list(work.session.query(Contact).order_by(Contact.id))


def test_the_script_is_small_and_may_be_loaded_anywhere(client: PortalClient) -> None:
    script = client.get("/widget.js")

    assert script.status_code == 200
    assert script.mimetype == "text/javascript"
    assert len(gzip.compress(script.data, 6)) < MOST_BYTES
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert script.headers["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in script.headers
    assert "document.cookie" not in script.text


def test_over_the_wire_it_is_under_five_kilobytes(client: PortalClient) -> None:
    for coding in ("gzip", "br"):
        script = client.get("/widget.js", headers={"Accept-Encoding": coding})

        assert script.headers["Content-Encoding"] == coding
        assert len(script.data) < MOST_BYTES


def test_the_texts_are_in_the_asked_language(client: PortalClient) -> None:
    english, german, hebrew = (texts(client, f"?lang={code}") for code in ("", "de-AT", "he"))

    assert "recommend Acme Supplies" in english["question"]
    assert english["close"] == "Close"
    assert set(english["thanks"]) == {"promoter", "passive", "detractor"}
    assert german["language"] == "de"
    assert german["question"] != english["question"]
    assert (hebrew["language"], hebrew["direction"]) == ("he", "rtl")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/w/default/texts.json"),
        ("OPTIONS", "/w/default"),
        ("OPTIONS", "/w/default/texts.json"),
        ("POST", "/w/default"),
        ("GET", "/w/unknown/texts.json"),
    ],
)
def test_every_website_may_read_the_answer_and_none_brings_cookies(
    client: PortalClient, method: str, path: str
) -> None:
    answer = client.open(path, method=method, headers=SITE)

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    if method == "OPTIONS":
        assert answer.status_code == 200
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"


def test_an_answer_from_a_website_is_of_somebody_unknown(
    client: PortalClient, clock: FixedClock
) -> None:
    sent = send(client, clock, comment="Neat", language="de")

    assert sent.status_code == 200
    assert sent.json == {"taken": KEY}
    [response] = responses()
    assert (response.score, response.comment, response.language) == (9, "Neat", "de")
    assert response.channel is Channel.WIDGET
    assert response.state is ResponseState.COUNTED
    assert (response.contact_id, response.said_to_be) == (None, "")


def test_the_same_key_twice_is_one_answer(client: PortalClient, clock: FixedClock) -> None:
    send(client, clock)
    send(client, clock)

    assert len(responses()) == 1


def test_a_sealed_address_is_the_contact(client: PortalClient, clock: FixedClock) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work, "marta@example.org")

    send(client, clock, email="Marta@Example.org", seal=seal("marta@example.org"))

    assert responses()[0].contact_id == marta.id
    assert responses()[0].said_to_be == ""
    assert len(contacts()) == 1


def test_a_sealed_address_that_is_new_becomes_a_contact(
    client: PortalClient, clock: FixedClock
) -> None:
    new = {"email": "new@example.org", "name": "Ada Null", "seal": seal("new@example.org")}

    send(client, clock, **new)
    send(client, clock, **new, key=KEY[::-1])

    [contact] = contacts()
    assert (contact.email, contact.name, contact.source) == (
        "new@example.org",
        "Ada Null",
        "widget",
    )
    assert [one.contact_id for one in responses()] == [contact.id, contact.id]


def test_a_removed_contact_answers_and_stays_removed(
    client: PortalClient, clock: FixedClock
) -> None:
    with factories.work() as work:
        marta = factories.make_contact(work, "marta@example.org")
        remove_contact(work, marta.id)

    send(client, clock, email="marta@example.org", seal=seal("marta@example.org"))

    assert responses()[0].contact_id == marta.id
    assert contacts()[0].removed_at is not None


@pytest.mark.parametrize(
    "wrong",
    ["", "0" * 64, seal("other@example.org"), seal("marta@example.org", "guess"), "ä", 5, None],
)
def test_without_the_right_seal_it_is_only_somebodys_word(
    client: PortalClient, clock: FixedClock, wrong: object
) -> None:
    with factories.work() as work:
        factories.make_contact(work, "marta@example.org")

    sent = send(client, clock, email="marta@example.org", seal=wrong)

    assert sent.status_code == 200
    assert responses()[0].contact_id is None
    assert responses()[0].said_to_be == "marta@example.org"
    assert len(contacts()) == 1


def test_before_there_is_a_secret_no_seal_is_right(
    client: PortalClient, clock: FixedClock, survey: Survey
) -> None:
    with factories.work() as work:
        work.session.get_one(Survey, survey.id).widget_secret = ""

    send(client, clock, email="a@example.org", seal=seal("a@example.org", ""))

    assert responses()[0].contact_id is None
    assert contacts() == []


def test_a_sealed_text_that_is_no_address_makes_nobody(
    client: PortalClient, clock: FixedClock
) -> None:
    send(client, clock, email="<svg onload=1>", seal=seal("<svg onload=1>"))

    assert contacts() == []
    assert responses()[0].said_to_be == "<svg onload=1>"


@pytest.mark.parametrize("nonce", ["", "made-up", None, ["x"]])
def test_a_blind_post_is_refused(client: PortalClient, clock: FixedClock, nonce: object) -> None:
    answer = send(client, clock, nonce=nonce)

    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["field"] == "nonce"
    assert responses() == []


def test_a_machine_that_is_quicker_than_a_hand_waits_for_a_look(client: PortalClient) -> None:
    nonce = texts(client)["nonce"]

    client.post("/w/default", json={"key": KEY, "score": 0, "nonce": nonce})

    assert responses()[0].state is ResponseState.HELD


@pytest.mark.parametrize("score", [11, -1, 9.0, True, None, "x", [9]])
def test_a_wrong_score_is_named(client: PortalClient, clock: FixedClock, score: object) -> None:
    answer = send(client, clock, score=score)

    assert answer.status_code == 422
    assert answer.json == {"error": "Please choose a number from 0 to 10.", "field": "score"}
    assert responses() == []


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_object_is_refused_in_json(client: PortalClient, body: str) -> None:
    answer = client.post("/w/default", data=body, content_type="text/plain")

    assert answer.status_code == 422
    assert answer.json is not None
    assert "JSON object" in answer.json["error"]


def test_a_large_body_is_refused_in_json(client: PortalClient, clock: FixedClock) -> None:
    answer = send(client, clock, comment="x" * 4_000_000)

    assert answer.status_code == 413
    assert answer.json is not None
    assert responses() == []


def test_a_closed_door_has_no_texts(
    client: PortalClient, clock: FixedClock, survey: Survey
) -> None:
    with factories.work() as work:
        doors = OpenDoors(link_is_open=True, kiosk_is_open=True, widget_is_open=False)
        open_doors(work, survey.id, doors)

    answer = client.get("/w/default/texts.json", headers=SITE)

    assert answer.status_code == 410
    assert answer.json == {"error": "This survey is closed"}
    assert client.post("/w/default", json={"score": 9}).status_code == 410
    assert client.get("/w/unknown/texts.json").status_code == 404


@pytest.mark.parametrize("body", ["[" * 200_000, "{", "[]", ""])
def test_a_body_that_is_no_object_is_refused_in_json(client: PortalClient, body: str) -> None:
    answer = client.post("/w/default", data=body, content_type="application/json")

    assert answer.status_code == 422
    assert answer.json is not None
    assert "JSON object" in answer.json["error"]
