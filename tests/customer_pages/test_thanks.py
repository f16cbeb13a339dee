"""After the answer: the same links for everyone, a call, a permission, and nothing by accident."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.followups.models import Task
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.journal.models import Event
from nps_portal.responses.models import (
    Channel,
    Evidence,
    QuotePermission,
    Response,
    ResponseState,
)
from nps_portal.surveys.models import QuestionKind, SurveyQuestion
from tests.customer_pages.asking import (
    answer,
    ask,
    busy_database,
    change_survey,
    nonce_in,
    responses,
    speak,
    thanked,
    visits,
)
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

REVIEWS = [
    {"label": "Google", "url": "https://reviews.example/google?a=1&b=2"},
    {"label": "Trustpilot", "url": "https://reviews.example/trustpilot"},
]
SCORES_OF_EACH = (10, 8, 2)


def tasks() -> list[Task]:
    with factories.work() as work:
        return list(work.session.scalars(sa.select(Task).order_by(Task.id)))


def events(kind: str) -> list[Event]:
    with factories.work() as work:
        return list(work.session.scalars(sa.select(Event).where(Event.kind == kind)))


def give_answer_at_a_door() -> str:
    """Make an answer without an Invitation, and return the path of its pages."""
    with factories.work() as work:
        factories.make_business(work)
        response = Response(
            survey_id=factories.make_survey(work).id,
            score=8,
            comment="",
            state="counted",
            evidence="submitted",
            channel=Channel.LINK,
            public_id="AAAAAAAAAAAA",
            answered_at=work.now,
        )
        work.session.add(response)
    return f"/s/{make_token(Purpose.ANSWER, 'AAAAAAAAAAAA')}"


def test_everyone_sees_the_same_review_links(app: Flask, client: PortalClient) -> None:
    change_survey(review_links=REVIEWS)

    pages = [thanked(client, ask(app).path, score) for score in SCORES_OF_EACH]

    shown = [re.findall(r'<a href="(https:[^"]+)"[^>]*>([^<]+)</a>', page.text) for page in pages]
    assert shown[0] == shown[1] == shown[2]
    assert [label for _, label in shown[0]] == ["Google", "Trustpilot"]
    assert shown[0][0][0] == "https://reviews.example/google?a=1&amp;b=2"
    assert "tell others about your experience in public, too:" in pages[0].text
    assert "You can also tell others" in pages[2].text


def test_without_review_links_nothing_is_said_of_reviews(app: Flask, client: PortalClient) -> None:
    page = thanked(client, ask(app).path, 10, "Fast and friendly")

    assert "in public" not in page.text
    assert "Fast and friendly" not in page.text


def test_who_has_just_answered_may_copy_the_comment(app: Flask, client: PortalClient) -> None:
    change_survey(review_links=REVIEWS)

    page = thanked(client, ask(app).path, 10, "Fast <b>and</b>\nfriendly")

    assert "Fast &lt;b&gt;and&lt;/b&gt;\nfriendly</blockquote>" in page.text
    assert re.search(r'data-behaviour="copy"[^>]* hidden>Copy my comment<', page.text)


def test_the_link_alone_shows_nobody_the_comment(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    change_survey(review_links=REVIEWS)
    marta, tom = ask(app), ask(app, "Tom Okafor")
    own = answer(client, marta.path, 10, "A secret of mine").headers["Location"]
    toms = answer(client, tom.path, 10, "Another").headers["Location"]
    proof_of_tom = toms.partition("?")[2]

    pages = [client.get(f"{marta.path}/thanks"), client.get(f"{marta.path}/thanks?{proof_of_tom}")]
    clock.advance(hours=1, seconds=1)
    pages.append(client.get(own))

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert not any("A secret of mine" in page.text for page in pages)


def test_the_referral_link_is_for_everyone_or_nobody(app: Flask, client: PortalClient) -> None:
    without = thanked(client, ask(app).path, 10)
    change_survey(referral_url="https://acme.example/friends")

    pages = [thanked(client, ask(app).path, score) for score in SCORES_OF_EACH]

    assert "Do you know somebody" not in without.text
    assert all('href="https://acme.example/friends"' in page.text for page in pages)
    assert all("Recommend Acme Supplies" in page.text for page in pages)


def test_a_wish_for_a_call_becomes_a_task(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    speak(marta.contact_id, "de")
    page = thanked(client, marta.path, 3)
    wish = {
        "nonce": nonce_in(page),
        "phone": " +43 1 234 567 ",
        "times": ["evening", "morning", "midnight"],
        "about": "The late\r\ndelivery",
    }

    sent = client.post(f"{marta.path}/call", data=wish)
    after = client.get(sent.headers["Location"])

    assert sent.status_code == 303
    assert sent.headers["Location"] == f"{marta.path}/thanks?done=call"
    [task] = tasks()
    assert (task.contact_id, task.response_id) == (marta.contact_id, responses()[0].id)
    assert task.wishes.split("\n") == [
        "+43 1 234 567",
        "In the morning, 9 to 12",
        "In the early evening, 17 to 19",
        "The late",
        "delivery",
    ]
    assert 'action="' + f"{marta.path}/call" not in after.text


@pytest.mark.parametrize("phone", ["", "call me", "1234", "1" * 41])
def test_a_call_without_a_number_comes_back_with_the_rest(
    app: Flask, client: PortalClient, phone: str
) -> None:
    marta = ask(app)
    page = thanked(client, marta.path, 9)
    wish = {"nonce": nonce_in(page), "phone": phone, "times": "morning", "about": "<Late>"}

    back = client.post(f"{marta.path}/call", data=wish)

    assert back.status_code == 422
    assert "Please enter a phone number that we can call." in back.text
    assert "&lt;Late&gt;" in back.text
    assert re.search(r'value="morning" checked', back.text)
    assert "<details open>" in back.text
    assert tasks() == []


def test_a_call_is_offered_where_the_survey_says_so(app: Flask, client: PortalClient) -> None:
    change_survey(offers_call=False)

    page = thanked(client, ask(app).path, 3)

    assert "Shall we call you?" not in page.text


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ("name", QuotePermission.NAME),
        ("initials", QuotePermission.INITIALS),
        ("anonymous", QuotePermission.ANONYMOUS),
    ],
)
def test_words_may_be_quoted_as_their_owner_allows(
    app: Flask, client: PortalClient, choice: str, kept: QuotePermission
) -> None:
    change_survey(asks_to_quote=True)
    marta = ask(app)
    nonce = nonce_in(thanked(client, marta.path, 9, "Fast"))

    sent = client.post(f"{marta.path}/quote", data={"nonce": nonce, "permission": choice})
    after = client.get(sent.headers["Location"])
    again = client.get(f"{marta.path}/thanks")

    assert sent.status_code == 303
    assert responses()[0].quote_permission is kept
    assert [event.facts["permission"] for event in events("response.quoting_permitted")] == [choice]
    assert "Saved. You can change this at any time." in after.text
    assert f'value="{choice}" checked' in again.text


def test_a_permission_can_be_taken_back(app: Flask, client: PortalClient) -> None:
    change_survey(asks_to_quote=True)
    marta = ask(app)
    nonce = nonce_in(thanked(client, marta.path, 9, "Fast"))

    for choice in ("name", "no", "no"):
        client.post(f"{marta.path}/quote", data={"nonce": nonce, "permission": choice})
    forged = client.post(f"{marta.path}/quote", data={"nonce": nonce, "permission": "all"})

    assert forged.status_code == 422
    assert responses()[0].quote_permission is None
    assert len(events("response.quoting_refused")) == 1


def test_nobody_is_asked_to_be_quoted_without_words(app: Flask, client: PortalClient) -> None:
    change_survey(asks_to_quote=True)

    page = thanked(client, ask(app).path, 9)

    assert "May we show your words" not in page.text


@pytest.mark.parametrize("part", ["call", "quote", "more"])
def test_nothing_is_taken_without_our_page(app: Flask, client: PortalClient, part: str) -> None:
    change_survey(asks_to_quote=True)
    marta, tom = ask(app), ask(app, "Tom Okafor")
    foreign = nonce_in(thanked(client, tom.path, 9, "Mine"))
    thanked(client, marta.path, 9, "Mine")
    sent = {"phone": "+43 1 234 567", "permission": "name"}

    codes = [
        client.post(f"{marta.path}/{part}", data={**sent, "nonce": nonce}).status_code
        for nonce in ("", "forged", foreign)
    ]

    assert codes == [403, 403, 403]
    assert tasks() == []
    assert {one.quote_permission for one in responses()} == {None}


@pytest.mark.parametrize("part", ["call", "quote", "more"])
def test_who_has_not_answered_is_led_to_the_question(
    app: Flask, client: PortalClient, part: str
) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))

    sent = client.post(
        f"{marta.path}/{part}?score=9", data={"nonce": nonce, "phone": "+43 1 234 567"}
    )

    assert sent.status_code == 303
    assert sent.headers["Location"] == marta.path
    assert tasks() == []


def test_a_busy_database_gives_the_wish_back(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    wish = {"nonce": nonce_in(thanked(client, marta.path, 9)), "phone": "+43 1 234 567"}

    with busy_database():
        page = client.post(f"{marta.path}/call", data=wish)

    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert 'value="+43 1 234 567"' in page.text
    assert client.post(f"{marta.path}/call", data=wish).status_code == 303


def test_an_answer_from_another_door_has_all_of_these_pages(
    app: Flask, client: PortalClient
) -> None:
    path = give_answer_at_a_door()

    page = client.get(f"{path}/thanks")
    called = client.post(f"{path}/call", data={"nonce": nonce_in(page), "phone": "+43 1 234 567"})
    changed = answer(client, path, 3, "On second thoughts")
    back = client.get(path)

    assert "Your answer helps us to do better." in page.text
    assert (called.status_code, changed.status_code) == (303, 303)
    assert [task.contact_id for task in tasks()] == [None]
    [response] = responses()
    assert (response.score, response.comment) == (3, "On second thoughts")
    assert "We have your answer: 3. Change it?" in back.text
    assert visits() == []


def test_a_preview_shows_all_of_it_and_stores_nothing(app: Flask, client: PortalClient) -> None:
    change_survey(
        review_links=REVIEWS, asks_to_quote=True, referral_url="https://acme.example/friends"
    )
    with factories.work() as work:
        factories.make_business(work)
        survey = factories.make_survey(work)
        work.session.add(
            SurveyQuestion(
                survey_id=survey.id,
                position=1,
                kind=QuestionKind.LINE,
                categories=["promoter"],
                texts={"en": {"question": "Which product?"}},
            )
        )
        path = f"/s/preview-{survey.id}"
    page = client.get(f"{path}/thanks?score=9")
    sent = {"nonce": nonce_in(page), "phone": "+43 1 234 567", "permission": "name"}

    posted = {
        part: client.post(f"{path}/{part}?score=9", data={**sent, "question-1": "Tea"})
        for part in ("call", "quote", "more")
    }
    after = client.get(posted["call"].headers["Location"])

    for words in ("Which product?", "Trustpilot", "May we show", "Shall we call", "Recommend Acme"):
        assert words in page.text
    assert {answer.status_code for answer in posted.values()} == {303}
    assert "A person here will call you. This is a preview: nothing is stored." in after.text
    assert tasks() == []
    assert responses() == []
    assert client.post(f"{path}/seen", data=sent).status_code == 204


@pytest.mark.parametrize("part", ["call", "quote", "more"])
def test_what_is_not_offered_is_not_taken(app: Flask, client: PortalClient, part: str) -> None:
    change_survey(offers_call=False, asks_to_quote=False)
    marta = ask(app)
    nonce = nonce_in(client.get(marta.path))
    answer(client, marta.path, 9, "Fast")
    sent = {"nonce": nonce, "phone": "+43 1 234 567", "permission": "name"}

    assert client.post(f"{marta.path}/{part}", data=sent).status_code == 404
    assert tasks() == []
    assert responses()[0].quote_permission is None


def test_words_that_were_not_written_cannot_be_given_free(app: Flask, client: PortalClient) -> None:
    change_survey(asks_to_quote=True)
    marta = ask(app)
    sent = {"nonce": nonce_in(thanked(client, marta.path, 9)), "permission": "name"}

    assert client.post(f"{marta.path}/quote", data=sent).status_code == 404


@pytest.mark.parametrize(
    ("hand", "agent"),
    [("untrusted,move", "Mozilla/5.0"), ("", "curl/8.5.0"), ("trusted,pointer", "curl/8.5.0")],
)
def test_a_machine_asks_for_no_call_and_permits_nothing(
    app: Flask, client: PortalClient, hand: str, agent: str
) -> None:
    change_survey(asks_to_quote=True)
    marta = ask(app)
    nonce = nonce_in(thanked(client, marta.path, 9, "Fast"))
    sent = {"nonce": nonce, "hand": hand, "phone": "+43 1 234 567", "permission": "name"}

    for part in ("call", "quote"):
        back = client.post(f"{marta.path}/{part}", data=sent, headers={"User-Agent": agent})
        assert (back.status_code, back.headers["Location"]) == (303, f"{marta.path}/thanks")

    assert tasks() == []
    assert responses()[0].quote_permission is None


def set_answer(evidence: Evidence, marks: dict[str, object]) -> None:
    with factories.work() as work:
        response = work.session.scalars(sa.select(Response)).one()
        response.state, response.evidence = ResponseState.CLICKED, evidence
        response.marks = marks


def test_a_click_is_thanked_for_only_when_something_was_sent_too(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)
    answer(client, marta.path, 9)

    set_answer(Evidence.CONFIRMED_CLICK, {})
    clicked = client.get(f"{marta.path}/thanks?score=9")
    set_answer(Evidence.CONFIRMED_CLICK, {"held_revision": True})
    held = client.get(f"{marta.path}/thanks?score=9")

    assert (clicked.status_code, clicked.headers["Location"]) == (303, marta.path)
    assert held.status_code == 200


def test_an_answer_at_a_door_is_not_changed_by_a_script(app: Flask, client: PortalClient) -> None:
    path = give_answer_at_a_door()
    nonce = nonce_in(client.get(path))

    codes = []
    for hand in ("untrusted,pick", "trusted,pick"):
        sent = client.post(path, data={"nonce": nonce, "score": "3", "hand": hand})
        codes.append((sent.status_code, responses()[0].score))

    assert codes == [(303, 8), (303, 3)]
