"""One response: what it says, what it said, who opened the link, and whether it counts."""

from flask import Flask

from nps_portal.insights.queries import Window
from nps_portal.insights.score import score_figures
from nps_portal.responses.models import Response, ResponseState
from tests.responses.asking import answer, ask, responses
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock


def answers_counted() -> int:
    with factories.work() as work:
        return score_figures(work.session, Window()).n


def test_the_page_tells_the_whole_story(app: Flask, owner: PortalClient, clock: FixedClock) -> None:
    marta = ask(app)
    answer(owner, marta.path, 9, "It was good.")
    clock.advance(hours=1)
    answer(owner, marta.path, 2, "It broke.")

    page = owner.get(f"/responses/{responses()[0].id}")

    assert page.status_code == 200
    assert "Changed from 9 to 2 · the customer" in page.text
    assert "Answered 9 · the customer" in page.text
    assert "It was good." in page.text
    assert page.text.index("Changed from 9") < page.text.index("Answered 9")
    assert f"/contacts/{marta.contact_id}" in page.text


def test_the_openings_of_the_link_are_listed(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    clock.advance(minutes=3)
    headers = {"User-Agent": "Reader/2", "Sec-Purpose": "prefetch"}
    owner.get(f"{marta.path}/7", headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    owner.head(marta.path)
    clock.advance(days=2)
    answer(owner, marta.path, 9)
    owner.sign_in(factories.OWNER, factories.PASSWORD)

    page = owner.get(f"/responses/{responses()[0].id}")

    assert "Opened the survey with 7, as prefetch" in page.text
    assert "Opened the survey, headers only" in page.text
    assert "Sent an answer with 9" in page.text
    assert "Reader/2" in page.text
    assert "203.0.113.0/24" in page.text
    assert "203.0.113.9" not in page.text
    assert "3 min" in page.text
    assert "2 d" in page.text


def test_an_answer_is_taken_out_of_the_score_and_put_back(app: Flask, owner: PortalClient) -> None:
    answer(owner, ask(app).path, 9)
    [response] = responses()

    taken = owner.post_form(f"/responses/{response.id}/exclusion")
    without = answers_counted()
    shown = owner.get(f"/responses/{response.id}")
    counted = owner.post_form(f"/responses/{response.id}/inclusion")

    assert (taken.status_code, counted.status_code) == (303, 303)
    assert without == 0
    assert "This answer is not in the score." in shown.text
    assert "Taken out of the score · Jo Baker" in shown.text
    assert "Count it again" in shown.text
    assert answers_counted() == 1


def test_the_consequence_is_named_before_the_act(app: Flask, owner: PortalClient) -> None:
    answer(owner, ask(app).path, 9)

    page = owner.get(f"/responses/{responses()[0].id}")

    assert "Every score is worked out without it" in page.text


def test_a_held_answer_waits_for_a_look(app: Flask, owner: PortalClient) -> None:
    answer(owner, ask(app).path, 9)
    [response] = responses()
    with factories.work() as work:
        work.session.get_one(Response, response.id).state = ResponseState.HELD

    page = owner.get(f"/responses/{response.id}")

    assert "This answer waits for your look." in page.text
    assert "Count it" in page.text
    assert "Count it again" not in page.text


def test_a_form_without_its_token_changes_nothing(app: Flask, owner: PortalClient) -> None:
    answer(owner, ask(app).path, 9)
    [response] = responses()

    refused = owner.post(f"/responses/{response.id}/exclusion")

    assert refused.status_code == 400
    assert answers_counted() == 1


def test_there_is_no_page_of_no_response(owner: PortalClient) -> None:
    assert owner.get("/responses/99").status_code == 404
    assert owner.post_form("/responses/99/exclusion").status_code == 404
    assert owner.post_form("/responses/99/inclusion").status_code == 404
