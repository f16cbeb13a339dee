"""The kiosk as the portal sees it: what a tablet sends, now or days later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.customer_pages.door_answers import believed_time, read_time
from nps_portal.responses.models import Channel, ResponseState
from nps_portal.surveys.commands import OpenDoors, open_doors
from nps_portal.surveys.models import Survey
from tests.customer_pages.asking import busy_database, nonce_in, responses
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import NOON

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def survey(app: Flask) -> Survey:
    with factories.work() as work:
        factories.make_business(work)
        return factories.make_survey(work)


def fresh_nonce(client: PortalClient) -> str:
    answer = client.get("/k/default/nonce").json
    assert isinstance(answer, dict)
    return str(answer["nonce"])


def send(client: PortalClient, **fields: object) -> TestResponse:
    """Send an answer as the tablet's script does."""
    kept: dict[str, Any] = {"key": KEY, "score": 9, "comment": "", "nonce": fresh_nonce(client)}
    return client.post("/k/default", json={**kept, **fields})


def test_the_page_holds_all_that_it_needs_without_a_connection(client: PortalClient) -> None:
    page = client.get("/k/default")

    assert page.status_code == 200
    assert "recommend Acme Supplies" in page.text
    assert page.text.count('type="radio"') == 11
    assert "Thank you for being open with us." in page.text
    assert "Next person" in page.text
    assert "answers are kept on this device" in page.text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Set-Cookie" not in page.headers
    assert responses() == []


def test_the_page_is_in_the_surveys_language_whatever_the_tablets_is(client: PortalClient) -> None:
    headers = {"Accept-Language": "fr"}

    assert '<html lang="en"' in client.get("/k/default", headers=headers).text
    assert '<html lang="de"' in client.get("/k/default?lang=de", headers=headers).text


def test_the_worker_may_serve_every_kiosk(client: PortalClient) -> None:
    script = client.get("/k/sw.js")

    assert script.status_code == 200
    assert script.mimetype == "text/javascript"
    assert script.headers["Service-Worker-Allowed"] == "/k/"
    assert script.headers["Cache-Control"] == "no-cache"


def test_what_a_tablet_sends_is_an_answer(client: PortalClient, survey: Survey) -> None:
    sent = send(client, comment="By noon.")

    assert sent.status_code == 200
    assert sent.json == {"taken": KEY}
    assert "Set-Cookie" not in sent.headers
    [response] = responses()
    assert (response.survey_id, response.score, response.comment) == (survey.id, 9, "By noon.")
    assert response.channel is Channel.KIOSK
    assert response.state is ResponseState.COUNTED


def test_the_same_key_twice_is_one_answer(client: PortalClient) -> None:
    codes = [send(client).status_code for _ in range(3)]

    assert codes == [200, 200, 200]
    assert len(responses()) == 1


@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=5), timedelta(days=7)])
def test_an_answer_keeps_the_time_at_which_it_was_given(
    client: PortalClient, age: timedelta
) -> None:
    given = NOON - age

    send(client, answered_at=given.isoformat().replace("+00:00", "Z"))

    assert responses()[0].answered_at == given
    assert "claimed_at" not in responses()[0].marks


@pytest.mark.parametrize("age", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
def test_a_time_that_cannot_be_true_is_remembered_and_not_believed(
    client: PortalClient, age: timedelta
) -> None:
    send(client, answered_at=(NOON - age).isoformat())

    assert responses()[0].answered_at == NOON
    assert responses()[0].marks["claimed_at"] == (NOON - age).isoformat()


@pytest.mark.parametrize(
    "claimed", ["yesterday", "2026-03-10T11:00:00", 5, None, "9999-12-31T23:59:59-23:59", ["x"]]
)
def test_a_time_that_is_none_means_now(client: PortalClient, claimed: object) -> None:
    assert send(client, answered_at=claimed).status_code == 200
    assert responses()[0].answered_at == NOON


def test_times_are_believed_up_to_a_week() -> None:
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)

    assert believed_time(read_time("2026-03-03T13:00:00+01:00"), now) == now - timedelta(days=7)
    assert believed_time(read_time("2026-03-03T11:59:59Z"), now) is None
    assert believed_time(now + timedelta(seconds=1), now) is None


@pytest.mark.parametrize("score", [11, -1, 9.0, 9.5, True, None, "11", "", [9], {"a": 1}, "९"])
def test_a_wrong_score_is_named_to_the_program(client: PortalClient, score: object) -> None:
    answer = send(client, score=score)

    assert answer.status_code == 422
    assert answer.json == {"error": "Please choose a number from 0 to 10.", "field": "score"}
    assert responses() == []


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 49, "with space in it", 12345678, None, "ä" * 12]
)
def test_a_key_that_is_none_is_refused(client: PortalClient, key: object) -> None:
    answer = send(client, key=key)

    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["field"] == "key"
    assert responses() == []


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "9", '"x"', "[" * 100_000, "\x00"])
def test_a_body_that_is_no_object_is_refused_in_json(client: PortalClient, body: str) -> None:
    answer = client.post("/k/default", data=body, content_type="application/json")

    assert answer.status_code == 422
    assert answer.json is not None
    assert "JSON object" in answer.json["error"]


def test_a_comment_of_another_kind_or_length_is_refused(client: PortalClient) -> None:
    assert send(client, comment={"text": "x"}).status_code == 422
    assert send(client, comment="x" * 5001).status_code == 422
    assert send(client, comment="x" * 4_000_000).status_code == 413
    assert responses() == []


@pytest.mark.parametrize("nonce", ["", "made-up", None, 5])
def test_a_blind_post_is_refused_and_told_what_is_missing(
    client: PortalClient, nonce: object
) -> None:
    answer = send(client, nonce=nonce)

    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["field"] == "nonce"
    assert responses() == []


def test_a_lone_surrogate_in_a_comment_does_no_harm(client: PortalClient) -> None:
    body = '{"key": "%s", "score": 4, "comment": "a\\ud800b\\u0000c", "nonce": "%s"}'
    nonce = fresh_nonce(client)

    answer = client.post("/k/default", data=body % (KEY, nonce), content_type="application/json")

    assert answer.status_code == 200
    assert responses()[0].comment == "abc"


def test_a_busy_database_leaves_the_answer_on_the_tablet(client: PortalClient) -> None:
    nonce = fresh_nonce(client)

    with busy_database():
        answer = client.post("/k/default", json={"key": KEY, "score": 9, "nonce": nonce})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert send(client).status_code == 200


def test_without_scripts_it_is_an_ordinary_form(client: PortalClient) -> None:
    form = {"nonce": nonce_in(client.get("/k/default")), "score": "3", "comment": "Late again"}

    sent = client.post("/k/default", data=form)
    client.post("/k/default", data=form)
    thanks = client.get(sent.headers["Location"])

    assert sent.status_code == 303
    assert sent.headers["Location"] == "/k/default/thanks/detractor"
    assert "Thank you for being open with us." in thanks.text
    assert "Late again" not in thanks.text
    assert thanks.headers["Refresh"] == "8; url=/k/default"
    assert [(one.score, one.comment) for one in responses()] == [(3, "Late again")]


def test_a_form_without_a_score_comes_back(client: PortalClient) -> None:
    form = {"nonce": nonce_in(client.get("/k/default")), "comment": "<svg onload=alert(1)>"}

    page = client.post("/k/default", data=form)

    assert page.status_code == 422
    assert "Please choose a number from 0 to 10." in page.text
    assert "&lt;svg onload=alert(1)&gt;" in page.text
    assert client.post("/k/default", data={**form, "nonce": "x"}).status_code == 403
    assert responses() == []


def test_a_closed_kiosk_takes_nothing_and_looks_again(client: PortalClient, survey: Survey) -> None:
    nonce = fresh_nonce(client)
    with factories.work() as work:
        doors = OpenDoors(link_is_open=True, kiosk_is_open=False, widget_is_open=True)
        open_doors(work, survey.id, doors)

    page = client.get("/k/default")
    sent = client.post("/k/default", json={"key": KEY, "score": 9, "nonce": nonce})

    assert page.status_code == 410
    assert "This survey is closed" in page.text
    assert page.headers["Refresh"] == "60"
    assert sent.status_code == 410
    assert sent.json == {"error": "This survey is closed"}
    assert client.get("/k/default/nonce").status_code == 410
    assert client.post("/k/default", data={"score": "9"}).status_code == 410
    assert responses() == []


@pytest.mark.parametrize("path", ["/k/", "/k/unknown", "/k/default/x/y", "/k/default/thanks/x"])
def test_a_name_of_no_survey_is_a_wrong_link(client: PortalClient, path: str) -> None:
    page = client.get(path)

    assert page.status_code == 404
    assert "This link does not work" in page.text


def test_a_program_reads_in_json_that_there_is_no_such_survey(client: PortalClient) -> None:
    answer = client.post("/k/unknown", json={"score": 9})

    assert answer.status_code == 404
    assert answer.json == {"error": "There is no survey of this name."}


def test_who_goes_back_to_a_page_without_scripts_gives_an_answer_of_their_own(
    client: PortalClient,
) -> None:
    nonce = nonce_in(client.get("/k/default"))
    first = {"nonce": nonce, "score": "3", "comment": "Late again"}
    answers = [first, first, {**first, "comment": "Cold"}, {**first, "score": "9"}, first]

    codes = {client.post("/k/default", data=one).status_code for one in answers}

    assert codes == {303}
    kept = [(one.score, one.comment) for one in responses()]
    assert kept == [(3, "Late again"), (3, "Cold"), (9, "Late again")]
