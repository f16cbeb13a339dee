"""Five ways end, five texts; and the preview ends in none of them."""

import pytest
from flask import Flask

from nps_portal.contacts.commands import remove_contact
from nps_portal.responses.queries import LIFE_OF_A_LINK
from tests.customer_pages.asking import answer, ask, chosen_in, nonce_in, responses, visits
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (10, "We are glad to hear that"),
        (8, "Your answer helps us to do better."),
        (0, "We are sorry that it was not better."),
    ],
)
def test_the_thanks_fit_the_category(
    app: Flask, client: PortalClient, score: int, words: str
) -> None:
    marta = ask(app)

    sent = answer(client, marta.path, score)
    page = client.get(sent.headers["Location"])

    assert page.status_code == 200
    assert words in page.text
    assert f'href="{marta.path}"' in page.text


def test_thanks_without_an_answer_lead_to_the_form(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page = client.get(f"{marta.path}/thanks")

    assert page.status_code == 303
    assert page.headers["Location"] == marta.path


def test_who_comes_back_is_told_the_score_and_may_change_it(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)
    answer(client, marta.path, 9, "A secret of mine")

    page = client.get(marta.path)

    assert "We have your answer: 9. Change it?" in page.text
    assert chosen_in(page) == [9]
    assert "what you wrote before stays as it is" in page.text
    assert "A secret of mine" not in page.text


def test_another_score_in_the_link_is_offered_not_taken(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    answer(client, marta.path, 9)

    page = client.get(f"{marta.path}/3")

    assert chosen_in(page) == [3]
    assert responses()[0].score == 9


def test_a_late_answer_is_welcome_and_marked(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    clock.at += LIFE_OF_A_LINK
    in_time = client.get(marta.path)
    clock.advance(seconds=1)
    late = client.get(marta.path)

    sent = answer(client, marta.path, 7)

    assert "your answer is still welcome" not in in_time.text
    assert "This survey has ended, but your answer is still welcome." in late.text
    assert sent.status_code == 303
    assert responses()[0].late


def test_who_was_removed_may_still_answer(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    with factories.work() as work:
        remove_contact(work, marta.contact_id)

    sent = answer(client, marta.path, 6)

    assert sent.status_code == 303
    assert [response.score for response in responses()] == [6]


def test_who_has_unsubscribed_may_still_answer(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    client.post(marta.unsubscribe_path)

    assert answer(client, marta.path, 6).status_code == 303


def test_the_five_texts_differ(app: Flask, client: PortalClient, clock: FixedClock) -> None:
    marta, tom = ask(app), ask(app, "Tom Okafor")
    thanked = client.get(answer(client, marta.path, 9).headers["Location"])
    answered = client.get(marta.path)
    unsubscribed = client.post(marta.unsubscribe_path)
    invalid = client.get("/s/wrong")
    clock.advance(days=91)
    late = client.get(tom.path)

    marks = {
        "Thank you!": thanked,
        "We have your answer": answered,
        "still welcome": late,
        "You are unsubscribed": unsubscribed,
        "This link does not work": invalid,
    }
    for words, page in marks.items():
        assert [mark for mark in marks if mark in page.text] == [words]


@pytest.fixture
def preview(app: Flask) -> str:
    with factories.work() as work:
        factories.make_business(work)
        return f"/s/preview-{factories.make_survey(work).id}"


def test_a_preview_shows_the_form_and_says_that_it_is_one(
    client: PortalClient, preview: str
) -> None:
    page = client.get(f"{preview}/9")

    assert page.status_code == 200
    assert "This is a preview: nothing is stored." in page.text
    assert chosen_in(page) == [9]


def test_a_preview_goes_on_to_the_thanks_and_stores_nothing(
    client: PortalClient, preview: str
) -> None:
    nonce = nonce_in(client.get(preview))

    sent = client.post(preview, data={"nonce": nonce, "score": "2", "comment": "Try"})
    page = client.get(sent.headers["Location"])

    assert sent.status_code == 303
    assert "Thank you for being open with us." in page.text
    assert "This is a preview: nothing is stored." in page.text
    assert responses() == []
    assert visits() == []


def test_a_preview_judges_as_the_page_does(client: PortalClient, preview: str) -> None:
    nonce = nonce_in(client.get(preview))

    assert client.post(preview, data={"nonce": nonce, "score": "11"}).status_code == 422
    assert client.post(preview, data={"score": "9"}).status_code == 403
    assert client.get(f"{preview}/12").status_code == 404
    assert chosen_in(client.get(f"{preview}/11")) == []
    assert client.get(f"{preview}/thanks").headers["Location"] == preview


def test_a_preview_of_no_survey_is_a_wrong_link(client: PortalClient) -> None:
    for path in ("/s/preview-99", "/s/preview-99/9", "/s/preview-99/thanks", "/s/preview-x"):
        assert client.get(path).status_code == 404
    assert client.post("/s/preview-99").status_code == 404
