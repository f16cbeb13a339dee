"""Anonymous surveys: an answer that nothing anywhere ties to whoever gave it."""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches.audience import Audience
from nps_portal.batches.commands import BatchPlan, schedule_batch
from nps_portal.batches.hiding import TooFewToHide
from nps_portal.batches.models import Batch, BatchState, Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import db
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.insights.queries import ResponseRate, Window, response_rate
from nps_portal.outbox.models import EmailContent
from nps_portal.privacy.given_answers import given_responses
from nps_portal.responses.anonymous import mix_marks
from nps_portal.responses.models import Channel, Response, ResponseAnswer, ResponseState
from nps_portal.responses.queries import answered_by_batch
from nps_portal.responses.reminders import remind_next
from nps_portal.responses.reviewing import count_response
from nps_portal.surveys.models import QuestionKind, SurveyQuestion
from nps_portal.visits.models import Visit
from nps_portal.worker.loop import run_until_idle
from tests.customer_pages.asking import (
    Asked,
    asked,
    chosen_in,
    nonce_in,
    responses,
    revisions,
    speak,
    take_time,
    visits,
)
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

Row = tuple[Any, ...]


def ask_five(app: Flask, **columns: object) -> list[Asked]:
    """Ask five people an anonymous survey, and let the emails leave."""
    with factories.work() as work:
        factories.make_business(work)
        survey = factories.make_survey(work)
        survey.anonymous = True
        for name, value in columns.items():
            setattr(survey, name, value)
        contacts = [factories.make_contact(work, name=f"Person {one}") for one in range(5)]
        factories.make_batch(work, contacts)
    run_until_idle(app)
    return [asked(contact) for contact in contacts]


def whole_database() -> dict[str, Counter[Row]]:
    """Return all rows of all tables."""
    with db.engine.connect() as connection:
        return {
            table.name: Counter(
                tuple(str(cell) for cell in row) for row in connection.execute(sa.select(table))
            )
            for table in db.metadata.sorted_tables
        }


def changed(before: Mapping[str, Counter[Row]]) -> dict[str, list[Row]]:
    """Return by table the rows that are new or different since then."""
    now = whole_database()
    found = {name: list((now[name] - before[name]).elements()) for name in now}
    return {name: rows for name, rows in found.items() if rows}


def is_midnight(at: datetime) -> bool:
    with factories.work() as work:
        local = at.astimezone(portal_settings(work.session).zone)
    return local.time() == time()


def is_used_up(one: Asked) -> bool:
    with factories.work() as work:
        return work.session.get_one(Invitation, one.invitation_id).answered_anonymously


def answer(client: FlaskClient, path: str, score: int, comment: str = "") -> TestResponse:
    """Answer as a hand does on a page with scripts."""
    return send(client, path, score, comment, hand="trusted,pointer,pick")


def send(
    client: FlaskClient, path: str, score: int, comment: str = "", *, hand: str = ""
) -> TestResponse:
    """Open the form some time after the email and send it."""
    take_time()
    nonce = nonce_in(client.get(path))
    take_time()
    sent = {"nonce": nonce, "score": str(score), "comment": comment, "hand": hand}
    return client.post(path, data=sent)


def test_nothing_that_is_written_tells_whose_an_answer_is(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    people = ask_five(app)
    third = people[2]
    clock.advance(hours=3, minutes=7)
    before = whole_database()

    client.get(f"{third.path}/9")
    answer(client, third.path, 9, "Your night shift is rude")

    news = changed(before)
    assert set(news) == {"invitations", "responses", "response_revisions", "events"}
    (invitation,) = news.pop("invitations")
    former = next(row for row in before["invitations"] if row[0] == str(third.invitation_id))
    assert [cell for cell in invitation if cell not in former] == ["True"]
    assert "night shift" in str(news["responses"])
    told = str(news)
    for one in people:
        assert one.public_id not in told
    assert clock.now().strftime("%H:%M") not in told
    (response,) = responses()
    assert (response.contact_id, response.invitation_id, response.score) == (None, None, 9)
    assert response.state is ResponseState.COUNTED
    assert is_midnight(response.answered_at)


def test_what_is_written_is_the_same_whoever_of_them_answers(
    app: Flask, client: PortalClient
) -> None:
    people = ask_five(app)
    texts = []
    for one in (people[0], people[4]):
        before = whole_database()
        answer(client, one.path, 4, "The same words")
        news = changed(before)
        del news["invitations"]
        texts.append(
            [
                re.sub(r"'[0-9]+'|'response_id': [0-9]+|[\w-]{12}", "…", str(rows))
                for rows in news.values()
            ]
        )

    assert texts[0] == texts[1]


def test_the_email_keeps_the_score_from_every_server(app: Flask, client: PortalClient) -> None:
    ask_five(app)

    with factories.work() as work:
        content = work.session.scalars(sa.select(EmailContent)).one()
    assert "{{ survey_url }}#9" in content.html
    assert "{{ survey_url }}#9" in content.text
    assert "{{ survey_url }}/" not in content.html + content.text
    assert "sees the answers, but not whose they are" in content.html
    assert "sees the answers, but not whose" in content.text


def test_an_answer_can_be_sent_once(app: Flask, client: PortalClient) -> None:
    marta, *_ = ask_five(app)
    late_form = nonce_in(client.get(marta.path))

    thanks = answer(client, marta.path, 9)
    again = client.get(f"{marta.path}/3")
    late = {"nonce": late_form, "score": "3", "hand": "trusted,pick"}
    pressed_twice = client.post(marta.path, data=late)

    assert thanks.status_code == 200
    assert "Thank you" in thanks.text
    assert [one.score for one in responses()] == [9]
    for page in (again, pressed_twice):
        assert "The answer is in" in page.text
        assert '<form method="post"' not in page.text


def test_the_thanks_offer_nothing_that_would_tell_who_it_is(
    app: Flask, client: PortalClient
) -> None:
    marta, *_ = ask_five(app, offers_call=True, asks_to_quote=True)

    thanks = answer(client, marta.path, 2, "Bad")

    assert "/call" not in thanks.text
    assert "/quote" not in thanks.text
    assert "Change" not in thanks.text


def add_question(title: str) -> int:
    texts = {"en": {"question": title, "choices": [], "low": "", "high": ""}}
    with factories.work() as work:
        row = SurveyQuestion(
            survey_id=factories.make_survey(work).id,
            kind=QuestionKind.LINE,
            categories=["promoter", "passive", "detractor"],
            position=1,
            texts=texts,
        )
        work.session.add(row)
        work.session.flush()
        return row.id


def field_in(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', text)
    assert found is not None, name
    return found[1]


def more(client: FlaskClient, thanks: TestResponse, **given: str) -> TestResponse:
    sent = {name: field_in(thanks.text, name) for name in ("nonce", "answer")}
    action = re.search(r'<form method="post" action="([^"]+)"', thanks.text)
    assert action is not None
    take_time()
    return client.post(html.unescape(action[1]), data={**sent, **given})


@pytest.mark.parametrize("hand", ["trusted,pick", ""])
def test_further_answers_stay_with_the_answer_and_in_no_address(
    app: Flask, client: PortalClient, hand: str
) -> None:
    marta, *_ = ask_five(app)
    number = add_question("What did you buy?")
    thanks = send(client, marta.path, 8, hand=hand)

    page = more(client, thanks, **{f"question-{number}": "A lamp"})

    assert page.status_code == 200
    assert "We have these answers too" in page.text
    assert marta.path not in page.text
    with factories.work() as work:
        (kept,) = work.session.scalars(sa.select(ResponseAnswer)).all()
    assert (kept.response_id, kept.value) == (responses()[0].id, {"text": "A lamp"})
    assert is_midnight(kept.at)


def test_the_thanks_speak_the_readers_language(app: Flask, client: PortalClient) -> None:
    marta, *_ = ask_five(app)
    speak(marta.contact_id, "de")
    number = add_question("What did you buy?")

    thanks = answer(client, marta.path, 8)
    page = more(client, thanks, **{f"question-{number}": "A lamp"})

    for shown in (thanks, page):
        assert '<html lang="de"' in shown.text
        assert 'data-behaviour="language"' not in shown.text


def test_an_answer_that_is_not_named_gets_nothing_more(app: Flask, client: PortalClient) -> None:
    marta, *_ = ask_five(app)
    answer(client, marta.path, 8)

    for wrong in ("", "nonsense", make_token(Purpose.ANSWER, "unknown")):
        assert client.post("/s/more", data={"answer": wrong}).status_code == 404
    assert client.post(f"{marta.path}/more", data={"nonce": "x"}).status_code == 303


def test_openings_leave_no_trace(app: Flask, client: PortalClient) -> None:
    marta, *_ = ask_five(app)

    page = client.get(f"{marta.path}/9")
    client.post(f"{marta.path}/seen", data={"nonce": nonce_in(page), "gestures": "pick"})

    assert chosen_in(page) == [9]
    assert "data-seen" not in page.text
    assert visits() == []


@pytest.mark.parametrize("hand", ["untrusted", ""])
def test_a_doubtful_answer_waits_and_whoever_comes_next_finds_the_form(
    app: Flask, client: PortalClient, hand: str
) -> None:
    marta, *_ = ask_five(app)

    thanks = send(client, marta.path, 0, hand=hand)
    used_up = is_used_up(marta)
    answer(client, marta.path, 10)

    assert "Thank you" in thanks.text
    assert (used_up, is_used_up(marta)) == (False, True)
    assert [(one.score, one.state) for one in responses()] == [
        (0, ResponseState.HELD),
        (10, ResponseState.COUNTED),
    ]


def test_a_held_answer_says_nothing_of_its_mail_or_network(
    app: Flask, client: PortalClient
) -> None:
    marta, *_ = ask_five(app, delivery_seconds=900)
    before = whole_database()

    send(client, marta.path, 0)

    assert responses()[0].marks == {"rules": ["no_hand"]}
    assert "invitations" not in changed(before)


def test_one_link_is_not_good_for_any_number_of_doubtful_answers(
    app: Flask, client: PortalClient
) -> None:
    marta, *_ = ask_five(app)

    codes = [send(client, marta.path, 0).status_code for _ in range(12)]

    assert codes == [200] * 10 + [429] * 2
    assert len(responses()) == 10


def test_a_held_one_can_be_counted(app: Flask, client: PortalClient) -> None:
    marta, *_ = ask_five(app)
    send(client, marta.path, 6, hand="untrusted")

    with factories.work() as work:
        count_response(work, work.session.scalars(sa.select(Response.id)).one())

    (response,) = responses()
    assert (response.state, response.contact_id) == (ResponseState.COUNTED, None)


def test_of_many_presses_at_once_one_counts(app: Flask) -> None:
    marta, *_ = ask_five(app)
    take_time()
    nonces = [nonce_in(app.test_client().get(marta.path)) for _ in range(8)]
    take_time()

    def press(nonce: str) -> int:
        with app.app_context():
            sent = {"nonce": nonce, "score": "7", "hand": "trusted,pick"}
            return app.test_client().post(marta.path, data=sent).status_code

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(press, nonces))

    assert codes == [200] * 8
    assert len(responses()) == 1


@pytest.mark.parametrize(("anonymous", "reminded"), [(True, 0), (False, 4)])
def test_nobody_is_reminded_because_that_would_tell_who_has_answered(
    app: Flask, client: PortalClient, clock: FixedClock, *, anonymous: bool, reminded: int
) -> None:
    people = ask_five(app, anonymous=anonymous)
    answer(client, people[1].path, 9)
    clock.advance(days=6)

    with factories.work() as work:
        assert remind_next(work) == reminded


def test_the_number_of_answers_of_a_send_is_known(app: Flask, client: PortalClient) -> None:
    people = ask_five(app)
    for one in people[:3]:
        answer(client, one.path, 9)

    with factories.work() as work:
        batch_id = work.session.get_one(Invitation, people[0].invitation_id).batch_id
        assert answered_by_batch(work.session, [batch_id]) == {batch_id: 3}


def test_nobody_stands_anywhere_for_an_anonymous_answer(app: Flask, client: PortalClient) -> None:
    marta, *_ = ask_five(app)
    answer(client, marta.path, 1, "Awful")

    with factories.work() as work:
        contact = work.session.get_one(Contact, marta.contact_id)
        assert (contact.last_score, contact.answers, contact.last_answered_at) == (None, 0, None)
        assert list(given_responses(work.session, marta.contact_id)) == []
    with factories.work() as work:
        token = make_token(Purpose.MY_DATA, marta.public_id)
    assert "Awful" not in client.get(f"/me/{token}").text


def test_the_inbox_says_anonymous_and_a_day(
    app: Flask, client: PortalClient, owner: PortalClient
) -> None:
    marta, *_ = ask_five(app)
    answer(client, marta.path, 1, "Awful")

    inbox = owner.get("/responses").text
    page = owner.get(f"/responses/{responses()[0].id}").text

    for shown in (inbox, page):
        assert "Anonymous" in shown
        assert "Awful" in shown
        assert "Person 0" not in shown
    assert "00:00" not in inbox


def test_a_send_to_too_few_is_refused_with_the_reason(app: Flask, owner: PortalClient) -> None:
    people = ask_five(app)
    with factories.work() as work:
        survey_id = factories.make_survey(work).id
    sent = {"survey_id": survey_id, "contact_ids": str(people[0].contact_id), "when": "now"}

    page = owner.post_form("/batches", sent)

    assert "with fewer than 5, everybody could guess who said what" in page.text


def plan(people: Sequence[int], at: datetime | None = None) -> None:
    with factories.work() as work:
        factories.make_business(work)
        survey = factories.make_survey(work)
        survey.anonymous = True
        audience = Audience(contact_ids=tuple(people))
        schedule_batch(work, BatchPlan(survey_id=survey.id, audience=audience, name="", at=at))


def test_fewer_than_five_are_not_asked(app: Flask) -> None:
    with factories.work() as work:
        crowd = factories.make_crowd(work, 5)
        work.session.get_one(Contact, crowd[0]).removed_at = work.now

    with pytest.raises(TooFewToHide, match="4 of these people"):
        plan(crowd)


def test_five_are_enough(app: Flask) -> None:
    with factories.work() as work:
        crowd = factories.make_crowd(work, 5)

    plan(crowd)


def test_a_send_whose_people_have_gone_ends_before_anybody_is_asked(
    app: Flask, clock: FixedClock, owner: PortalClient
) -> None:
    with factories.work() as work:
        crowd = factories.make_crowd(work, 6)
    plan(crowd, at=clock.now() + timedelta(hours=1))
    with factories.work() as work:
        for contact_id in crowd[:2]:
            work.session.get_one(Contact, contact_id).removed_at = work.now
    clock.advance(hours=1)

    run_until_idle(app)

    with factories.work() as work:
        batch = work.session.scalars(sa.select(Batch)).one()
        assert work.session.scalars(sa.select(Invitation.id)).all() == []
    assert batch.state is BatchState.CANCELLED
    assert "Nobody was asked." in owner.get(f"/batches/{batch.id}").text


def test_many_who_may_not_be_asked_hide_nobody(app: Flask) -> None:
    with factories.work() as work:
        crowd = factories.make_crowd(work, 1200)
        work.session.execute(
            sa.update(Contact)
            .where(Contact.id.in_(crowd[1:]))
            .values(paused_until=work.now + timedelta(days=9))
        )

    with pytest.raises(TooFewToHide, match="1 of these people"):
        plan(crowd)


def test_the_rate_of_chosen_people_tells_of_no_anonymous_answer(
    app: Flask, client: PortalClient
) -> None:
    people = ask_five(app)
    answer(client, people[0].path, 9)

    with factories.work() as work:
        everybody = response_rate(work.session, Window())
        for one in people[:2]:
            chosen = Window(people=sa.select(sa.literal(one.contact_id)))
            assert response_rate(work.session, chosen) == ResponseRate(asked=0, answered=0)
    assert everybody == ResponseRate(asked=5, answered=1)


def test_the_marks_of_all_are_mixed(app: Flask, client: PortalClient) -> None:
    people = ask_five(app)
    for one in people[:2]:
        answer(client, one.path, 9)

    with factories.work() as work:
        mix_marks(work)

    assert [is_used_up(one) for one in people] == [True, True, False, False, False]
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect() as connection:
            written = sa.text(
                "SELECT count(DISTINCT xmin::text) FROM invitations WHERE answered_anonymously"
            )
            assert connection.execute(written).scalar() == 1


def test_the_key_that_a_website_gives_an_answer_is_not_kept(
    app: Flask, client: PortalClient
) -> None:
    ask_five(app)
    form = client.get("/w/default/texts.json").get_json()
    take_time()
    sent = {"nonce": form["nonce"], "key": "customer-4711", "score": 9, "email": "a@example.org"}

    taken = [client.post("/w/default", json=sent).status_code for _ in range(2)]

    assert taken == [200, 200]
    (response,) = responses()
    assert "4711" not in str(response.submission_key)
    assert (response.said_to_be, response.contact_id) == ("", None)


def test_the_public_link_keeps_nothing_of_whoever_answers(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    ask_five(app, offers_call=True)
    form = client.get("/l/default")
    take_time()
    sent = {"nonce": nonce_in(form), "score": "9", "said_to_be": "marta@example.org"}

    thanks = client.post("/l/default", data=sent, follow_redirects=True)

    assert "said_to_be" not in form.text
    assert "/call" not in thanks.text
    change = {**sent, "score": "3", "comment": "After all"}
    clock.advance(minutes=1)
    client.post("/l/default", data=change)

    assert thanks.request.path == "/l/default"
    assert "sees the answers, but not whose" in form.text
    assert "Change your answer" not in thanks.text
    (response,) = responses()
    assert (response.score, response.comment) == (3, "After all")
    assert response.changed_at is not None
    assert is_midnight(response.changed_at)
    assert all(is_midnight(one.at) for one in revisions())
    assert (response.said_to_be, response.language, response.channel) == ("", "", Channel.LINK)
    assert response.marks.get("network", "") == ""
    assert is_midnight(response.answered_at)


def test_the_telephone_is_not_offered(app: Flask, owner: PortalClient) -> None:
    people = ask_five(app)

    page = owner.get(f"/contacts/{people[0].contact_id}/phone-answer")

    assert "Customer survey" not in page.text


def test_no_visit_is_kept_either_when_an_answer_is_sent(app: Flask, client: PortalClient) -> None:
    marta, *_ = ask_five(app)

    answer(client, marta.path, 9)

    with factories.work() as work:
        assert work.session.scalar(sa.select(sa.func.count(Visit.id))) == 0
