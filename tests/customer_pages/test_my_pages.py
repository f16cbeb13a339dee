"""A person's own page: what they see there, and what they decide."""

import json
import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.batches.eligibility import may_be_asked
from nps_portal.batches.models import Reason
from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.foundation.tokens import Purpose, make_nonce, make_token
from nps_portal.responses.models import (
    Channel,
    Evidence,
    Response,
    ResponseAnswer,
    ResponseRevision,
    ResponseState,
)
from nps_portal.surveys.models import QuestionKind, Survey, SurveyQuestion
from tests.customer_pages.asking import Asked, ask, ask_again, busy_database, nonce_in
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import NOON, FixedClock

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\"'&"


def my_path(asked: Asked) -> str:
    return f"/me/{make_token(Purpose.MY_DATA, asked.public_id)}"


def say(
    asked: Asked | None,
    score: int,
    *comments: str,
    public_id: str | None = None,
    contact_id: int | None = None,
) -> int:
    """Let a person have answered, with these comments one after the other; return its id."""
    with factories.work() as work:
        survey = factories.make_survey(work)
        response = Response(
            invitation_id=asked.invitation_id if asked else None,
            contact_id=asked.contact_id if asked else contact_id,
            survey_id=survey.id,
            score=score,
            comment=comments[-1] if comments else "",
            state=ResponseState.COUNTED,
            evidence=Evidence.SUBMITTED,
            channel=Channel.EMAIL if asked else Channel.LINK,
            public_id=public_id,
            answered_at=work.now,
        )
        work.session.add(response)
        work.session.flush()
        for comment in comments or ("",):
            work.session.add(
                ResponseRevision(
                    response_id=response.id,
                    at=work.now,
                    score=score,
                    comment=comment,
                    actor_kind=work.actor.kind,
                )
            )
        return response.id


def press(client: PortalClient, path: str, act: str, **fields: str) -> TestResponse:
    """Open the page and press a button, as a person does."""
    nonce = nonce_in(client.get(path))
    return client.post(path, data={"nonce": nonce, "act": act, **fields})


def contact_of(asked: Asked) -> Contact:
    with factories.work() as work:
        return work.session.get_one(Contact, asked.contact_id)


def change(asked: Asked, **values: object) -> None:
    with factories.work() as work:
        contact = work.session.get_one(Contact, asked.contact_id)
        for name, value in values.items():
            setattr(contact, name, value)


def suppressions() -> list[tuple[str, SuppressionReason]]:
    with factories.work() as work:
        return list(work.session.execute(sa.select(Suppression.email_key, Suppression.reason)))


def gate(asked: Asked, now: datetime) -> Reason | None:
    with factories.work() as work:
        survey = work.session.scalars(sa.select(Survey)).one()
        [decision] = may_be_asked(work.session, [asked.contact_id], survey, now)
        return decision.reason


def test_the_page_shows_what_is_known_and_all_answers(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app, company="Nordlys AS")
    say(marta, 3, "Too slow.", "Too slow, twice.")
    clock.advance(days=100)
    again = ask_again(app, marta.contact_id)
    say(again, 9, "Much better.")

    page = client.get(my_path(again))

    assert page.status_code == 200
    for shown in (
        "Marta Lindqvist",
        contact_of(marta).email,
        "Nordlys AS",
        "March 10, 2026",
        "June 18, 2026",
        "Too slow, twice.",
        "Much better.",
    ):
        assert shown in page.text
    assert page.text.index("Much better.") < page.text.index("Too slow, twice.")
    earlier = page.text.partition("<details>")[2]
    assert "Too slow." in earlier
    assert f'href="{again.path}"' in page.text
    assert f'href="{marta.path}"' in page.text


def test_the_first_link_opens_the_same_page_as_the_last(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    clock.advance(days=100)
    again = ask_again(app, marta.contact_id)
    say(again, 9, "Much better.")

    assert "Much better." in client.get(my_path(marta)).text


def test_nobody_sees_what_somebody_else_has_answered(app: Flask, client: PortalClient) -> None:
    marta, per = ask(app), ask(app, "Per Olsen")
    say(marta, 3, "Marta's words.")

    page = client.get(my_path(per))

    assert "Marta" not in page.text
    assert "You have not answered a survey yet." in page.text


def test_answers_to_further_questions_are_shown_in_words(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    response_id = say(marta, 9, "Good.")
    with factories.work() as work:
        survey = factories.make_survey(work)
        texts = {
            "en": {"question": "What did you buy?", "choices": ["Paper", "Ink & pens"]},
            "de": {"question": "Was haben Sie gekauft?", "choices": ["Papier", "Tinte"]},
        }
        chosen = SurveyQuestion(
            survey_id=survey.id,
            position=1,
            kind=QuestionKind.SEVERAL,
            categories=["promoter"],
            texts=texts,
        )
        written = SurveyQuestion(
            survey_id=survey.id,
            position=2,
            kind=QuestionKind.LINE,
            categories=["promoter"],
            texts={"en": {"question": "Anything else?"}},
        )
        work.session.add_all([chosen, written])
        work.session.flush()
        for question, value in ((chosen, {"choices": [1, 7]}), (written, {"text": HOSTILE})):
            work.session.add(
                ResponseAnswer(
                    response_id=response_id, question_id=question.id, at=work.now, value=value
                )
            )

    page, german = client.get(my_path(marta)), client.get(f"{my_path(marta)}?lang=de")

    assert "What did you buy?" in page.text
    assert "Ink &amp; pens" in page.text
    assert "Anything else?" in page.text
    assert "<script>alert" not in page.text
    assert "Was haben Sie gekauft?" in german.text
    assert "Tinte" in german.text


def test_the_page_speaks_the_contacts_language_until_another_is_chosen(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)
    say(marta, 9)
    change(marta, language="ar")

    own, chosen = client.get(my_path(marta)), client.get(f"{my_path(marta)}?lang=de")

    assert '<html lang="ar" dir="rtl">' in own.text
    assert "العربية" in own.text
    assert '<html lang="de" dir="ltr">' in chosen.text
    assert "10. März 2026" in chosen.text
    assert "/me/" in chosen.text
    assert "?lang=de" in chosen.text


@pytest.mark.parametrize("hostile", [HOSTILE, "{% raw %}", "</dl><h1>x", "\u202eevil", "a'\"><b"])
def test_hostile_names_and_words_are_shown_as_they_are(
    app: Flask, client: PortalClient, hostile: str
) -> None:
    marta = ask(app)
    say(marta, 2, hostile, f"{hostile} again")
    change(marta, name=hostile)

    page = client.get(my_path(marta))

    assert hostile not in page.text or not set(hostile) & set("<>&\"'")
    text = re.sub(r"<[^>]*>", "", page.text)
    for code, letter in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'")):
        text = text.replace(code, letter)
    assert text.replace("&amp;", "&").count(hostile) == 3


def test_a_pause_lasts_as_long_as_was_chosen_and_can_be_ended(
    app: Flask, client: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    until = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)

    answer = press(client, my_path(marta), "pause", months="6")
    page = client.get(answer.headers["Location"])

    assert answer.status_code == 303
    assert contact_of(marta).paused_until == until
    assert "You will not be asked before September 10, 2026." in page.text
    assert "Saved." in page.text
    clock.at = datetime(2026, 9, 10, 11, 59, 59, tzinfo=UTC)
    assert gate(marta, clock.now()) is Reason.PAUSED
    assert gate(marta, until) is None
    press(client, my_path(marta), "resume")
    assert contact_of(marta).paused_until is None
    assert gate(marta, clock.now()) is None


@pytest.mark.parametrize("months", ["", "0", "1", "-3", "12.0", "1000000000000000000000"])
def test_no_other_pause_can_be_had(app: Flask, client: PortalClient, months: str) -> None:
    marta = ask(app)

    answer = press(client, my_path(marta), "pause", months=months)

    assert answer.status_code == 400
    assert contact_of(marta).paused_until is None


def test_unsubscribing_here_is_unsubscribing(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    answer = press(client, my_path(marta), "stop", sure="yes")
    page = client.get(answer.headers["Location"])

    assert answer.status_code == 303
    assert suppressions() == [(contact_of(marta).email_key, SuppressionReason.UNSUBSCRIBED)]
    assert "You are unsubscribed" in page.text
    assert 'value="stop"' not in page.text
    assert 'value="pause"' not in page.text


@pytest.mark.parametrize("act", ["stop", "erase"])
def test_what_cannot_be_taken_back_needs_the_tick(
    app: Flask, client: PortalClient, act: str
) -> None:
    marta = ask(app)

    answer = press(client, my_path(marta), act)

    assert answer.status_code == 422
    assert "Please tick the box first." in answer.text
    assert suppressions() == []
    assert contact_of(marta).erased_at is None


FIELDS = {"pause": {"months": "3"}, "resume": {}, "stop": {"sure": "yes"}, "erase": {"sure": "yes"}}
ACTS = pytest.mark.parametrize("act", list(FIELDS))
QUESTION = "Was that you? Nothing was changed yet."
PROOFPOINT = "Mozilla/5.0 (compatible; proofpoint)"


def is_done(asked: Asked, act: str) -> bool:
    """Tell whether an act has had its effect; a pause is taken to have run before `resume`."""
    contact = contact_of(asked)
    return {
        "pause": contact.paused_until is not None,
        "resume": contact.paused_until is None,
        "stop": bool(suppressions()),
        "erase": contact.erased_at is not None,
    }[act]


def ready_for(app: Flask, act: str) -> Asked:
    """Ask a person who could do this."""
    marta = ask(app)
    if act == "resume":
        change(marta, paused_until=NOON.replace(year=2027))
    return marta


def confirm(client: PortalClient, path: str, page: TestResponse, hand: str = "") -> TestResponse:
    """Press the button of the question, with what its form holds."""
    form = page.text.partition('role="alert"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return client.post(path, data={**fields, "hand": hand})


def test_every_form_of_the_page_can_tell_of_the_hand(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    content = client.get(my_path(marta)).text.partition("<main>")[2].partition("</main>")[0]

    assert content.count("<form") == 3
    assert content.count('<input type="hidden" name="hand">') == 3


@ACTS
@pytest.mark.parametrize("hand", ["", "trusted", "trusted,pointer", "trusted,key"])
def test_a_person_decides_with_one_press(
    app: Flask, client: PortalClient, act: str, hand: str
) -> None:
    marta = ready_for(app, act)
    client.get(f"{marta.path}/9")

    answer = press(client, my_path(marta), act, hand=hand, **FIELDS[act])

    assert answer.status_code == 303
    assert is_done(marta, act)


@ACTS
def test_a_press_without_any_hand_decides_nothing_however_often(
    app: Flask, client: PortalClient, act: str
) -> None:
    marta = ready_for(app, act)

    page = press(client, my_path(marta), act, hand="untrusted", **FIELDS[act])
    again = confirm(client, my_path(marta), page, hand="untrusted")

    assert QUESTION in page.text
    assert QUESTION in again.text
    assert not is_done(marta, act)


@ACTS
def test_a_press_by_a_program_after_a_hand_is_asked_once(
    app: Flask, client: PortalClient, act: str
) -> None:
    marta = ready_for(app, act)

    page = press(client, my_path(marta), act, hand="untrusted,pointer", **FIELDS[act])
    before = is_done(marta, act)
    answer = confirm(client, my_path(marta), page, hand="untrusted,pointer")

    assert QUESTION in page.text
    assert not before
    assert answer.status_code == 303
    assert is_done(marta, act)


@ACTS
@pytest.mark.parametrize("sign", ["every link", "the hidden link", "its name"])
def test_what_behaves_like_a_filter_is_asked_once(
    app: Flask, client: PortalClient, act: str, sign: str
) -> None:
    marta = ready_for(app, act)
    opened = {"every link": ["0", "5", "10"], "the hidden link": ["11"], "its name": []}[sign]
    for score in opened:
        client.get(f"{marta.path}/{score}")
    if sign == "its name":
        client.environ_base["HTTP_USER_AGENT"] = PROOFPOINT

    page = press(client, my_path(marta), act, **FIELDS[act])
    before = is_done(marta, act)
    answer = confirm(client, my_path(marta), page)

    assert QUESTION in page.text
    assert not before
    assert answer.status_code == 303
    assert is_done(marta, act)


def test_the_length_that_was_chosen_outlasts_the_question(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page = press(client, my_path(marta), "pause", months="6", hand="untrusted,key")
    confirm(client, my_path(marta), page)

    assert contact_of(marta).paused_until == datetime(2026, 9, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("act", ["pause", "resume", "stop", "erase"])
@pytest.mark.parametrize("nonce", ["none", "of the survey", "of another person", "too old"])
def test_what_does_not_come_from_our_page_changes_nothing(
    app: Flask, client: PortalClient, clock: FixedClock, act: str, nonce: str
) -> None:
    marta, per = ask(app), ask(app, "Per Olsen")
    change(marta, paused_until=NOON.replace(year=2027))
    given = {
        "none": "",
        "of the survey": make_nonce(marta.public_id),
        "of another person": nonce_in(client.get(my_path(per))),
        "too old": nonce_in(client.get(my_path(marta))),
    }[nonce]
    clock.advance(hours=25)

    fields = {"nonce": given, "act": act, "months": "3", "sure": "yes"}
    answer = client.post(my_path(marta), data=fields)

    assert answer.status_code == 403
    assert "so nothing was changed." in answer.text
    assert contact_of(marta).paused_until == NOON.replace(year=2027)
    assert contact_of(marta).erased_at is None
    assert suppressions() == []


def test_opening_the_page_changes_nothing(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    before = client.get(f"{my_path(marta)}/data.json").json

    for method in ("GET", "HEAD"):
        for path in ("", "?lang=de", "/data.json"):
            assert client.open(f"{my_path(marta)}{path}", method=method).status_code == 200

    assert client.get(f"{my_path(marta)}/data.json").json == before
    assert "Set-Cookie" not in client.get(my_path(marta)).headers


def test_the_file_holds_everything_under_keys_that_stay(app: Flask, client: PortalClient) -> None:
    marta = ask(app, company="Nordlys AS")
    say(marta, 3, "Too slow.", "Too slow, twice.")
    client.get(f"{marta.path}/3")

    answer = client.get(f"{my_path(marta)}/data.json")
    known = json.loads(answer.text)

    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.mimetype == "application/json"
    assert sorted(known) == [
        "answers",
        "changes",
        "companies",
        "contact",
        "invitations",
        "messages",
        "not_asked",
        "other_addresses",
        "properties",
        "returned_mail",
        "suppression",
        "tags",
        "tasks",
        "visits",
    ]
    assert known["contact"]["email"] == contact_of(marta).email
    assert known["contact"]["created_at"] == "2026-03-10T12:00:00Z"
    assert known["companies"] == [{"name": "Nordlys AS"}]
    [answered] = known["answers"]
    assert [one["comment"] for one in answered["revisions"]] == ["Too slow.", "Too slow, twice."]
    [message] = known["messages"]
    assert (message["state"], message["sent_at"]) == ("sent", "2026-03-10T12:00:00Z")
    assert [visit["score"] for visit in known["visits"]] == [3]


def test_erasing_leads_to_a_page_that_names_nobody(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    say(marta, 3, "Too slow.")
    change(marta, language="de")

    answer = press(client, my_path(marta), "erase", sure="yes")
    page = client.get(answer.headers["Location"])

    assert answer.status_code == 303
    assert page.status_code == 200
    assert '<html lang="de"' in page.text
    assert "Marta" not in page.text + answer.headers["Location"]
    assert contact_of(marta).erased_at is not None
    for path in (my_path(marta), marta.path, f"{my_path(marta)}/data.json", marta.unsubscribe_path):
        assert client.get(path).status_code == 404


def test_an_answer_of_nobody_known_can_be_seen_and_erased(app: Flask, client: PortalClient) -> None:
    ask(app)
    response_id = say(None, 4, "From the till.", public_id="given-here-1")
    path = f"/me/{make_token(Purpose.ANSWER, 'given-here-1')}"

    page = client.get(path)
    known = client.get(f"{path}/data.json").json
    answer = press(client, path, "erase", sure="yes")

    assert "From the till." in page.text
    assert 'value="stop"' not in page.text
    assert known is not None
    assert known["answers"][0]["comment"] == "From the till."
    assert answer.status_code == 303
    with factories.work() as work:
        response = work.session.get_one(Response, response_id)
        assert (response.score, response.comment) == (4, "")
    assert client.get(path).status_code == 404


def test_an_answer_from_another_door_opens_the_page_of_its_contact(
    app: Flask, client: PortalClient
) -> None:
    marta = ask(app)
    say(None, 4, "From the till.", public_id="given-here-2", contact_id=marta.contact_id)
    path = f"/me/{make_token(Purpose.ANSWER, 'given-here-2')}"

    page = client.get(path)
    answer = press(client, path, "stop", sure="yes")

    assert "Marta Lindqvist" in page.text
    assert f'href="/s/{make_token(Purpose.ANSWER, "given-here-2")}"' in page.text
    assert answer.status_code == 303
    assert suppressions() == [(contact_of(marta).email_key, SuppressionReason.UNSUBSCRIBED)]


def test_nobody_known_cannot_stop_or_pause_anything(app: Flask, client: PortalClient) -> None:
    ask(app)
    say(None, 4, public_id="given-here-3")
    path = f"/me/{make_token(Purpose.ANSWER, 'given-here-3')}"

    for act in ("pause", "resume", "stop"):
        press(client, path, act, months="3", sure="yes")

    assert suppressions() == []


def test_wrong_links_are_all_answered_alike(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    token = my_path(marta).removeprefix("/me/")
    others = [make_token(purpose, marta.public_id) for purpose in Purpose]
    others.remove(token)

    pages = [
        client.get(f"/me/{wrong}")
        for wrong in (*others, token[:-2], token * 300, "", "a/b", "%00", "erased", "erased/99")
    ]
    posted = client.post(f"/me/{others[0]}", data={"act": "erase", "sure": "yes"})

    assert {page.status_code for page in [*pages, posted]} == {404}
    assert len({page.text for page in pages}) == 1


def test_a_busy_database_erases_nothing_and_says_so(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    nonce = nonce_in(client.get(my_path(marta)))

    with busy_database():
        page = client.post(my_path(marta), data={"nonce": nonce, "act": "erase", "sure": "yes"})

    assert page.status_code == 503
    assert page.headers["Retry-After"] == "5"
    assert contact_of(marta).erased_at is None


def test_an_unknown_act_is_refused(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    assert press(client, my_path(marta), "sell").status_code == 400
