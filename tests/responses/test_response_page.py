"""One response: what it says, what it said, who opened the link, and whether it counts."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.insights.queries import Window
from nps_portal.insights.score import score_figures
from nps_portal.responses.answers import GivenAnswer, keep_answers, permit_quoting
from nps_portal.responses.commands import (
    Answer,
    PublicFacts,
    submit_answer,
    take_public_answer,
)
from nps_portal.responses.models import Channel, QuotePermission, Response, ResponseState
from nps_portal.surveys.models import QuestionKind, SurveyQuestion
from nps_portal.visits.commands import VisitFacts, log_visit
from nps_portal.visits.models import Verdict, VisitKind
from tests.customer_pages.asking import answer, ask, responses
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

HOSTILE = "<svg onload=alert(1)>"
SCRIPT = VisitFacts(
    kind=VisitKind.SUBMISSION,
    method="POST",
    network="203.0.113.0/24",
    user_agent="Reader/2",
    purpose="",
    seconds_on_page=60,
    details={"pressed": "untrusted"},
)


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


def sent_by_a_script(invitation_id: int, score: int, comment: str = "") -> int:
    """Send an answer as a script would, and return the Response."""
    with factories.work() as work:
        visit = log_visit(work, invitation_id, replace(SCRIPT, score=score))
        return submit_answer(work, invitation_id, Answer(score=score, comment=comment), visit).id


def seen_in(page: str) -> str:
    """Return the newest held revision that a page's buttons speak of."""
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found is not None, page
    return found[1]


def decide(client: PortalClient, response_id: int, act: str) -> TestResponse:
    """Press a button of the Response's page as it is now."""
    seen = seen_in(client.get(f"/responses/{response_id}").text)
    return client.post_form(f"/responses/{response_id}/{act}", {"seen": seen})


@pytest.mark.parametrize("act", ["acceptance", "rejection"])
@pytest.mark.parametrize("place", ["/responses", "/responses/{}"])
def test_what_has_not_been_seen_is_not_decided(
    app: Flask, owner: PortalClient, clock: FixedClock, act: str, place: str
) -> None:
    marta = ask(app)
    held = sent_by_a_script(marta.invitation_id, 9)
    page = place.format(held)
    back = "inbox" if page == "/responses" else ""
    fields = {"seen": seen_in(owner.get(page).text), "back": back}
    clock.advance(minutes=5)
    sent_by_a_script(marta.invitation_id, 1, "Unseen")

    refused = owner.post_form(f"/responses/{held}/{act}", fields)
    shown = owner.get(refused.headers["Location"]).text

    assert (refused.status_code, refused.headers["Location"]) == (303, page)
    assert "A newer answer has arrived; look at it first." in shown
    assert responses()[0].state is ResponseState.HELD
    assert answers_counted() == 0
    decided = owner.post_form(f"/responses/{held}/{act}", {**fields, "seen": seen_in(shown)})
    assert decided.status_code == 303
    assert responses()[0].state is not ResponseState.HELD


def test_a_held_answer_says_why_and_is_accepted_with_one_click(
    app: Flask, owner: PortalClient
) -> None:
    held = sent_by_a_script(ask(app).invitation_id, 9, HOSTILE)

    before = owner.get(f"/responses/{held}").text
    accepted = decide(owner, held, "acceptance")
    after = owner.get(f"/responses/{held}").text

    assert "a script pressed Send, not a hand" in before
    assert "Needs review" in before
    assert "waiting to be judged" in before
    assert "&lt;svg onload=alert(1)&gt;" in before
    assert HOSTILE not in before
    assert accepted.headers["Location"] == f"/responses/{held}"
    assert "This answer waits for your look." not in after
    assert "Counted in the score · Jo Baker" in after
    assert answers_counted() == 1


def test_a_held_answer_of_a_machine_stays_out(app: Flask, owner: PortalClient) -> None:
    held = sent_by_a_script(ask(app).invitation_id, 9)

    decide(owner, held, "rejection")
    page = owner.get(f"/responses/{held}").text
    count_again = decide(owner, held, "inclusion")

    assert "It was refused as automated." in page
    assert "Count it after all" in page
    assert count_again.status_code == 303
    assert answers_counted() == 1


def test_the_inbox_decides_with_one_click_and_stays_where_it_is(
    app: Flask, owner: PortalClient
) -> None:
    held = sent_by_a_script(ask(app).invitation_id, 9)
    inbox = owner.get("/responses?state=held&q=marta").text

    done = owner.post_form(
        f"/responses/{held}/rejection",
        {"back": "inbox", "state": "held", "q": "marta", "seen": seen_in(inbox)},
    )

    for field in ('name="back" value="inbox"', 'name="state" value="held"', 'value="marta"'):
        assert field in inbox
    assert f'action="/responses/{held}/acceptance"' in inbox
    assert done.headers["Location"] == "/responses?q=marta&state=held"
    assert answers_counted() == 0


def test_where_one_comes_back_to_is_always_our_own_page(app: Flask, owner: PortalClient) -> None:
    held = sent_by_a_script(ask(app).invitation_id, 9)

    done = owner.post_form(f"/responses/{held}/acceptance", {"back": "https://evil.example/"})

    assert done.headers["Location"] == f"/responses/{held}"


def test_an_attempt_to_change_an_answer_is_told_and_can_be_accepted(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    answer(owner, marta.path, 9, "Lovely")
    owner.sign_in(factories.OWNER, factories.PASSWORD)
    clock.advance(hours=1)
    changed = sent_by_a_script(marta.invitation_id, 3, HOSTILE)

    before = owner.get(f"/responses/{changed}").text
    waiting = owner.get("/responses?state=held_change").text
    decide(owner, changed, "acceptance")
    after = owner.get(f"/responses/{changed}").text

    assert "An attempt to change this to 3 was held." in before
    assert "a script pressed Send, not a hand" in before
    assert HOSTILE not in before
    assert "change to review" in waiting
    assert "was held." not in after
    assert "Changed from 9 to 3" in after
    assert responses()[0].score == 3


def test_a_refused_change_leaves_the_answer(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    answer(owner, marta.path, 9)
    owner.sign_in(factories.OWNER, factories.PASSWORD)
    clock.advance(hours=1)
    changed = sent_by_a_script(marta.invitation_id, 3)

    decide(owner, changed, "rejection")
    page = owner.get(f"/responses/{changed}").text

    assert "was held." not in page
    assert "A held change was refused · Jo Baker" in page
    assert responses()[0].score == 9


def test_openings_are_shown_with_who_it_was(app: Flask, owner: PortalClient) -> None:
    marta = ask(app)
    answer(owner, marta.path, 9)
    owner.sign_in(factories.OWNER, factories.PASSWORD)
    with factories.work() as work:
        for verdict, rules in (
            (Verdict.PERSON, []),
            (Verdict.MACHINE, ["decoy", "head"]),
            (Verdict.UNCLEAR, ["doubtful_agent"]),
        ):
            facts = replace(SCRIPT, kind=VisitKind.SURVEY_PAGE, method="GET")
            visit = log_visit(work, marta.invitation_id, facts)
            visit.verdict, visit.marks = verdict, {"rules": rules}

    page = owner.get(f"/responses/{responses()[0].id}").text

    for words in (">person<", ">machine<", ">unclear<", ">waiting to be judged<"):
        assert words in page
    assert "opened the link that people cannot see; asked for the headers of the page only" in page


def test_what_else_was_answered_stands_there_literally(app: Flask, owner: PortalClient) -> None:
    with factories.work() as work:
        survey = factories.make_survey(work)
        texts = {"de": {"question": "Was noch?", "choices": ["Preis", HOSTILE, "Rat"]}}
        choice = SurveyQuestion(
            survey_id=survey.id,
            position=1,
            kind=QuestionKind.SEVERAL,
            categories=["promoter"],
            texts={
                **texts,
                "en": {"question": "What else?", "choices": ["Price", HOSTILE, "Tips"]},
            },
        )
        free = SurveyQuestion(
            survey_id=survey.id,
            position=2,
            kind=QuestionKind.TEXT,
            categories=["promoter"],
            texts={"de": {"question": "Und sonst?"}},
        )
        work.session.add_all([choice, free])
        work.session.flush()
        facts = PublicFacts(said_to_be=f"{HOSTILE}@example.org", language="de")
        response = take_public_answer(
            work, survey.id, Answer(score=9, comment=""), Channel.KIOSK, key="key-one", facts=facts
        )
        for question, value in (
            (choice, {"choices": [2]}),
            (choice, {"choices": [0, 1, 7]}),
            (free, {"text": HOSTILE}),
        ):
            given = [GivenAnswer(question_id=question.id, value=value)]
            keep_answers(work, response.id, given)
            work.session.flush()
        permit_quoting(work, response.id, QuotePermission.INITIALS)
        response_id = response.id

    page = owner.get(f"/responses/{response_id}").text

    assert "What else?" in page
    assert "Price, &lt;svg onload=alert(1)&gt;, 7" in page
    assert "Und sonst?" in page
    assert "Tips" not in page
    assert "Says to be" in page
    assert "May be quoted with the initials" in page
    assert "Kiosk" in page
    assert HOSTILE not in page
    assert HOSTILE not in owner.get("/responses").text
