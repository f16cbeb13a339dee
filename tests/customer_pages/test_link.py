"""The public link: a form for whoever has the address, and one answer for each page of it."""

import pytest
from flask import Flask

from nps_portal.contacts.models import Contact
from nps_portal.nps import SCORES
from nps_portal.responses.models import Channel, ResponseState
from nps_portal.surveys.commands import OpenDoors, open_doors
from nps_portal.surveys.models import Survey, SurveyState
from tests.customer_pages.asking import busy_database, chosen_in, nonce_in, responses, revisions
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

HOSTILE = "\"><svg onload=alert(1)> ' OR 1=1 -- {{ 7*7 }} \u202e"


@pytest.fixture
def survey(app: Flask) -> Survey:
    with factories.work() as work:
        factories.make_business(work)
        return factories.make_survey(work)


def change(survey: Survey, **values: object) -> None:
    with factories.work() as work:
        row = work.session.get_one(Survey, survey.id)
        for name, value in values.items():
            setattr(row, name, value)


def sent_form(client: PortalClient, clock: FixedClock, **fields: str) -> dict[str, str]:
    """Open the form, take a while over it, and return what the browser would send."""
    nonce = nonce_in(client.get("/l/default"))
    clock.advance(seconds=20)
    return {"nonce": nonce, "score": "9", "comment": "", **fields}


@pytest.mark.usefixtures("survey")
def test_the_form_asks_and_writes_nothing(client: PortalClient) -> None:
    for method in ("GET", "HEAD"):
        page = client.open("/l/default", method=method)
        assert page.status_code == 200
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers

    page = client.get("/l/default")

    assert "recommend Acme Supplies" in page.text
    assert page.text.count('type="radio"') == len(SCORES)
    assert "Your email address, if you would like a reply" in page.text
    assert chosen_in(page) == []
    assert responses() == []


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize("score", SCORES)
def test_a_score_in_the_address_is_chosen(client: PortalClient, score: int) -> None:
    assert chosen_in(client.get(f"/l/default/{score}")) == [score]
    assert responses() == []


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize("score", ["11", "-1", "9.0", "९", "nine"])
def test_another_score_in_the_address_is_said_not_to_be_on_the_scale(
    client: PortalClient, score: str
) -> None:
    page = client.get(f"/l/default/{score}")

    assert page.status_code == 404
    assert "This number is not on the scale" in page.text
    assert 'href="/l/default"' in page.text


def test_a_sent_form_is_an_answer_by_the_link(
    client: PortalClient, clock: FixedClock, survey: Survey
) -> None:
    form = sent_form(client, clock, comment="By noon.\r\nAs ever. 👍", said_to_be="jo@example.org")

    sent = client.post("/l/default", data=form)

    assert sent.status_code == 303
    assert "/thanks" in sent.headers["Location"]
    assert "Thank you!" in client.get(sent.headers["Location"]).text
    [response] = responses()
    assert (response.survey_id, response.score) == (survey.id, 9)
    assert response.comment == "By noon.\nAs ever. 👍"
    assert response.channel is Channel.LINK
    assert response.state is ResponseState.COUNTED
    assert response.contact_id is None
    assert response.said_to_be == "jo@example.org"
    assert response.language == "en"
    assert [revision.score for revision in revisions()] == [9]


@pytest.mark.usefixtures("survey")
def test_an_unproven_address_is_never_taken_for_the_contact(
    client: PortalClient, clock: FixedClock
) -> None:
    with factories.work() as work:
        factories.make_contact(work, "jo@example.org")

    client.post("/l/default", data=sent_form(client, clock, said_to_be="jo@example.org"))

    assert responses()[0].contact_id is None
    with factories.work() as work:
        assert work.session.query(Contact).count() == 1


@pytest.mark.usefixtures("survey")
def test_sending_twice_is_one_answer(client: PortalClient, clock: FixedClock) -> None:
    form = sent_form(client, clock)

    places = {client.post("/l/default", data=form).headers["Location"] for _ in range(3)}

    assert len(places) == 1
    assert len(responses()) == 1
    assert len(revisions()) == 1


@pytest.mark.usefixtures("survey")
def test_going_back_and_choosing_anew_changes_the_one_answer(
    client: PortalClient, clock: FixedClock
) -> None:
    form = sent_form(client, clock)

    client.post("/l/default", data=form)
    client.post("/l/default", data={**form, "score": "3"})

    assert [response.score for response in responses()] == [3]
    assert [revision.score for revision in revisions()] == [9, 3]


@pytest.mark.usefixtures("survey")
def test_two_people_at_one_link_are_two_answers(client: PortalClient, clock: FixedClock) -> None:
    client.post("/l/default", data=sent_form(client, clock))
    client.post("/l/default", data=sent_form(client, clock, score="2"))

    assert [response.score for response in responses()] == [9, 2]


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize("score", ["", "11", "-1", "9.5", "true", " 9", "0x9", "९"])
def test_a_wrong_score_brings_the_form_back_with_what_was_written(
    client: PortalClient, clock: FixedClock, score: str
) -> None:
    form = sent_form(client, clock, score=score, comment="Kept words", said_to_be="jo@example.org")

    page = client.post("/l/default", data=form)

    assert page.status_code == 422
    assert "Please choose a number from 0 to 10." in page.text
    assert "Kept words" in page.text
    assert 'value="jo@example.org"' in page.text
    assert responses() == []


@pytest.mark.usefixtures("survey")
def test_a_comment_that_is_too_long_comes_back_whole(
    client: PortalClient, clock: FixedClock
) -> None:
    page = client.post("/l/default", data=sent_form(client, clock, comment="ä" * 5001))

    assert page.status_code == 422
    assert "5001 characters" in page.text
    assert "ä" * 5001 in page.text
    assert responses() == []


@pytest.mark.usefixtures("survey")
def test_a_body_of_megabytes_is_refused(client: PortalClient, clock: FixedClock) -> None:
    page = client.post("/l/default", data=sent_form(client, clock, comment="x" * 4_000_000))

    assert page.status_code == 413
    assert responses() == []


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize("nonce", ["", "made-up", "W10.a.b"])
def test_a_blind_post_is_no_answer(client: PortalClient, nonce: str) -> None:
    page = client.post("/l/default", data={"score": "10", "comment": "spam", "nonce": nonce})

    assert page.status_code == 403
    assert "Please send your answer once more" in page.text
    assert responses() == []


@pytest.mark.usefixtures("survey")
def test_a_nonce_of_another_door_is_worth_nothing(client: PortalClient) -> None:
    nonce = client.get("/w/default/texts.json").json["nonce"]  # type: ignore[index]

    assert client.post("/l/default", data={"score": "10", "nonce": nonce}).status_code == 403
    assert responses() == []


@pytest.mark.usefixtures("survey")
def test_an_answer_sent_at_once_waits_for_a_look(client: PortalClient) -> None:
    nonce = nonce_in(client.get("/l/default"))

    sent = client.post("/l/default", data={"nonce": nonce, "score": "10"})

    assert sent.status_code == 303
    assert responses()[0].state is ResponseState.HELD


@pytest.mark.usefixtures("survey")
def test_hostile_text_is_shown_and_kept_as_it_is(client: PortalClient, clock: FixedClock) -> None:
    form = sent_form(client, clock, comment=HOSTILE, said_to_be=HOSTILE)

    back = client.post("/l/default", data={**form, "score": "x"})
    client.post("/l/default", data=form)

    assert "<svg" not in back.text
    assert "&lt;svg onload=alert(1)&gt;" in back.text
    assert "{{ 7*7 }}" in back.text
    [response] = responses()
    assert response.comment == HOSTILE.strip()
    assert response.said_to_be.startswith("\"><svg onload=alert(1)> ' OR 1=1 -- {{ 7*7 }}")


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize(
    ("headers", "query", "language", "direction"),
    [
        ({"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}, "", "de", "ltr"),
        ({"Accept-Language": "de"}, "?lang=fr", "fr", "ltr"),
        ({"Accept-Language": "xx, he;q=0.5"}, "", "he", "rtl"),
        ({"Accept-Language": "xx"}, "?lang=<svg>", "en", "ltr"),
    ],
)
def test_the_form_is_in_the_readers_language(
    client: PortalClient, headers: dict[str, str], query: str, language: str, direction: str
) -> None:
    page = client.get(f"/l/default{query}", headers=headers)

    assert f'<html lang="{language}" dir="{direction}">' in page.text


def test_the_answer_remembers_its_language(
    client: PortalClient, clock: FixedClock, survey: Survey
) -> None:
    form = sent_form(client, clock)

    sent = client.post("/l/default?lang=de", data=form)

    assert responses()[0].language == "de"
    assert "lang=de" in sent.headers["Location"]


@pytest.mark.parametrize("shut", ["link", "draft", "archived"])
def test_a_closed_link_says_so_and_takes_nothing(
    client: PortalClient, clock: FixedClock, survey: Survey, shut: str
) -> None:
    form = sent_form(client, clock)
    if shut == "link":
        with factories.work() as work:
            doors = OpenDoors(link_is_open=False, kiosk_is_open=True, widget_is_open=True)
            open_doors(work, survey.id, doors)
    else:
        change(survey, state=SurveyState(shut))

    for page in (client.get("/l/default"), client.post("/l/default", data=form)):
        assert page.status_code == 410
        assert "This survey is closed" in page.text
    assert responses() == []


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize(
    "path", ["/l/", "/l/unknown", "/l/default/9/x", "/l/Default", "/l/a%00b", "/l/" + "x" * 300]
)
def test_a_name_of_no_survey_is_a_wrong_link(client: PortalClient, path: str) -> None:
    page = client.get(path)

    assert page.status_code == 404
    assert "This link does not work" in page.text


@pytest.mark.usefixtures("survey")
def test_a_busy_database_gives_the_words_back(client: PortalClient, clock: FixedClock) -> None:
    form = sent_form(client, clock, comment="Kept words")

    with busy_database():
        page = client.post("/l/default", data=form)

    assert page.status_code == 503
    assert "Nothing of it is lost" in page.text
    assert "Kept words" in page.text
    assert client.post("/l/default", data=form).status_code == 303


@pytest.mark.usefixtures("survey")
def test_who_sends_faster_than_people_is_slowed_down(
    client: PortalClient, clock: FixedClock
) -> None:
    form = sent_form(client, clock)

    codes = {client.post("/l/default", data=form).status_code for _ in range(125)}

    assert codes == {303, 429}
    assert len(responses()) == 1
