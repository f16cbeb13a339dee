"""Further questions: asked by category once the score is in, kept beside what was said before."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.nps import Category
from nps_portal.responses.models import ResponseAnswer
from nps_portal.surveys.models import QuestionKind, SurveyQuestion
from tests.customer_pages.asking import ask, nonce_in, speak, take_time, thanked
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import NOON

EVERYBODY = [category.value for category in Category]


def add_question(kind: QuestionKind, question: str, **given: Any) -> int:
    texts = {"question": question, "choices": given.pop("choices", []), "low": "", "high": ""}
    columns = {"categories": EVERYBODY, "position": 1, "texts": {"en": texts}, **given}
    with factories.work() as work:
        survey = factories.make_survey(work)
        row = SurveyQuestion(survey_id=survey.id, kind=kind, **columns)
        work.session.add(row)
        work.session.flush()
        return row.id


def answers() -> list[ResponseAnswer]:
    with factories.work() as work:
        return list(work.session.scalars(sa.select(ResponseAnswer).order_by(ResponseAnswer.id)))


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        (QuestionKind.LINE, " The <b>shop</b> ", {"text": "The <b>shop</b>"}),
        (QuestionKind.TEXT, "One\r\ntwo", {"text": "One\ntwo"}),
        (QuestionKind.CHOICE, "1", {"choices": [1]}),
        (QuestionKind.SEVERAL, ["2", "0"], {"choices": [0, 2]}),
        (QuestionKind.SCALE, "0", {"scale": 0}),
    ],
)
def test_each_kind_keeps_its_answer(
    app: Flask, client: PortalClient, kind: QuestionKind, sent: object, kept: dict[str, Any]
) -> None:
    number = add_question(kind, "Why?", choices=["Price", "Speed", "People"])
    marta = ask(app)
    page = thanked(client, marta.path, 9)

    posted = client.post(
        f"{marta.path}/more", data={"nonce": nonce_in(page), f"question-{number}": sent}
    )
    after = client.get(posted.headers["Location"])

    assert "A little more, if you like" in page.text
    assert posted.status_code == 303
    assert [(one.question_id, one.value) for one in answers()] == [(number, kept)]
    assert "Thank you. We have these answers too." in after.text
    assert "A little more" not in after.text


def test_a_new_answer_stands_beside_the_former(app: Flask, client: PortalClient) -> None:
    number = add_question(QuestionKind.LINE, "Which product?")
    marta = ask(app)
    nonce = nonce_in(thanked(client, marta.path, 9))

    for product in ("Tea", "Tea", "Coffee", ""):
        client.post(f"{marta.path}/more", data={"nonce": nonce, f"question-{number}": product})
        take_time()

    assert [one.value["text"] for one in answers()] == ["Tea", "Coffee"]
    assert answers()[0].at < answers()[1].at
    assert "Which product?" not in client.get(f"{marta.path}/thanks").text


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (QuestionKind.LINE, "x" * 301),
        (QuestionKind.TEXT, "x" * 5001),
        (QuestionKind.CHOICE, "3"),
        (QuestionKind.CHOICE, "-1"),
        (QuestionKind.SEVERAL, ["0", "three"]),
        (QuestionKind.SCALE, "11"),
    ],
)
def test_what_does_not_fit_comes_back_with_the_rest(
    app: Flask, client: PortalClient, kind: QuestionKind, sent: str | list[str]
) -> None:
    good = add_question(QuestionKind.LINE, "Which product?")
    bad = add_question(kind, "Why?", choices=["Price", "Speed", "People"], position=2)
    marta = ask(app)
    page = thanked(client, marta.path, 9)
    typed = {f"question-{good}": '"Tea" & <i>', f"question-{bad}": sent}

    back = client.post(f"{marta.path}/more", data={"nonce": nonce_in(page), **typed})

    assert back.status_code == 422
    assert f'id="question-{bad}-fault"' in back.text
    assert f'aria-describedby="question-{bad}-fault"' in back.text
    assert 'value="&#34;Tea&#34; &amp; &lt;i&gt;"' in back.text
    if kind is QuestionKind.TEXT:
        assert "x" * 5001 in back.text
    assert answers() == []


def test_questions_are_asked_by_category_in_their_order(app: Flask, client: PortalClient) -> None:
    add_question(QuestionKind.LINE, "Second of all", position=2)
    add_question(QuestionKind.LINE, "First of all", position=1)
    add_question(QuestionKind.LINE, "For the unhappy", categories=["detractor"], position=3)
    add_question(QuestionKind.LINE, "Asked no more", archived_at=NOON)

    glad, unhappy = (thanked(client, ask(app).path, score).text for score in (10, 0))

    assert 0 < glad.index("First of all") < glad.index("Second of all")
    assert "For the unhappy" not in glad
    assert "For the unhappy" in unhappy
    assert "Asked no more" not in glad + unhappy


def test_at_most_ten_are_asked(app: Flask, client: PortalClient) -> None:
    for number in range(12):
        add_question(QuestionKind.LINE, f"Question {number:02}", position=number)

    page = thanked(client, ask(app).path, 8)

    assert page.text.count('<input type="text"') == 10
    assert "Question 09" in page.text
    assert "Question 10" not in page.text


def test_a_question_is_shown_in_the_readers_language_where_it_has_it(
    app: Flask, client: PortalClient
) -> None:
    german = {"question": "Welches Produkt?", "choices": ["Tee", "Kaffee"]}
    english = {"question": "Which product?", "choices": ["Tea", "Coffee"]}
    number = add_question(QuestionKind.CHOICE, "", texts={"en": english, "de": german})
    marta = ask(app)
    speak(marta.contact_id, "de-AT")

    page = thanked(client, marta.path, 9)
    french = client.get(f"{marta.path}/thanks?lang=fr")
    client.post(
        f"{marta.path}/more?lang=de", data={"nonce": nonce_in(page), f"question-{number}": "1"}
    )

    assert "Welches Produkt?" in page.text
    assert "Kaffee" in page.text
    assert "Which product?" in french.text
    assert [one.value for one in answers()] == [{"choices": [1]}]


def test_questions_that_are_not_asked_take_no_answer(app: Flask, client: PortalClient) -> None:
    number = add_question(QuestionKind.LINE, "For the unhappy", categories=["detractor"])
    marta = ask(app)
    nonce = nonce_in(thanked(client, marta.path, 9))

    client.post(f"{marta.path}/more", data={"nonce": nonce, f"question-{number}": "Tea"})

    assert answers() == []
