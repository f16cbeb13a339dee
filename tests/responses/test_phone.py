"""A score that staff type in while the customer is on the telephone."""

import pytest
from flask import Flask

from nps_portal.contacts.models import Contact
from nps_portal.responses.models import Channel, ResponseState
from nps_portal.surveys.models import Survey, SurveyState
from tests.customer_pages.asking import responses, revisions
from tests.support import factories
from tests.support.client import PortalClient

HOSTILE = '"><svg onload=alert(1)> {{ 7*7 }}'


@pytest.fixture
def marta(owner: PortalClient) -> Contact:
    with factories.work() as work:
        return factories.make_contact(work, "marta@example.org")


def form_of(client: PortalClient, path: str, **fields: str) -> dict[str, str]:
    """Return the form's own fields, with what somebody fills in."""
    page = client.get(path).text
    kept = {
        name: page.partition(f'name="{name}"')[2].partition('value="')[2].partition('"')[0]
        for name in ("survey", "key")
    }
    return {**kept, "score": "9", "comment": "", **fields}


def test_the_contacts_page_leads_to_the_form(owner: PortalClient, marta: Contact) -> None:
    path = f"/contacts/{marta.id}/phone-answer"

    assert f'href="{path}"' in owner.get(f"/contacts/{marta.id}").text
    page = owner.get(path)
    assert page.status_code == 200
    assert "Marta Lindqvist" in page.text
    assert "recommend Acme Supplies" in page.text
    assert page.text.count('type="radio" value="') >= 11
    assert responses() == []


def test_what_was_said_is_the_contacts_answer(owner: PortalClient, marta: Contact) -> None:
    path = f"/contacts/{marta.id}/phone-answer"

    sent = owner.post_form(path, form_of(owner, path, score="3", comment="Late\r\nagain"))

    [response] = responses()
    assert sent.status_code == 303
    assert sent.headers["Location"] == f"/responses/{response.id}"
    assert (response.score, response.comment) == (3, "Late\nagain")
    assert response.channel is Channel.PHONE
    assert response.state is ResponseState.COUNTED
    assert response.contact_id == marta.id
    assert revisions()[0].actor_kind.value == "user"


def test_two_presses_of_the_button_are_one_answer(owner: PortalClient, marta: Contact) -> None:
    path = f"/contacts/{marta.id}/phone-answer"
    form = form_of(owner, path)

    owner.post_form(path, form)
    owner.post_form(path, form)
    owner.post_form(path, form_of(owner, path))

    assert len(responses()) == 2


def test_going_back_and_saving_something_else_changes_the_answer(
    owner: PortalClient, marta: Contact
) -> None:
    path = f"/contacts/{marta.id}/phone-answer"
    form = form_of(owner, path, comment="Fine")
    owner.post_form(path, form)

    sent = owner.post_form(path, {**form, "score": "2", "comment": "Not fine"})

    [response] = responses()
    assert (response.score, response.comment) == (2, "Not fine")
    assert [one.actor_kind.value for one in revisions()] == ["user", "user"]
    assert "The answer is changed." in owner.get(sent.headers["Location"]).text


def test_the_key_of_one_person_finds_no_answer_of_another(
    owner: PortalClient, marta: Contact
) -> None:
    with factories.work() as work:
        tom = factories.make_contact(work, "tom@example.org")
    form = form_of(owner, f"/contacts/{marta.id}/phone-answer")

    owner.post_form(f"/contacts/{marta.id}/phone-answer", form)
    owner.post_form(f"/contacts/{tom.id}/phone-answer", {**form, "score": "1"})

    assert [(one.contact_id, one.score) for one in responses()] == [(marta.id, 9), (tom.id, 1)]


@pytest.mark.parametrize("score", ["", "11", "-1", "9.0", "nine", "९"])
def test_a_wrong_score_brings_the_form_back(
    owner: PortalClient, marta: Contact, score: str
) -> None:
    path = f"/contacts/{marta.id}/phone-answer"

    page = owner.post_form(path, form_of(owner, path, score=score, comment="Kept words"))

    assert page.status_code == 422
    assert "Choose the score they gave, from 0 to 10." in page.text
    assert "Kept words" in page.text
    assert responses() == []


def test_somebody_unknown_can_answer_too(owner: PortalClient) -> None:
    form = form_of(owner, "/responses/phone", said_to_be=f"Jo {HOSTILE}", comment=HOSTILE)

    back = owner.post_form("/responses/phone", {**form, "score": ""})
    sent = owner.post_form("/responses/phone", form)

    assert "<svg onload" not in back.text
    assert "&lt;svg onload=alert(1)&gt;" in back.text
    [response] = responses()
    assert response.contact_id is None
    assert response.said_to_be == f"Jo {HOSTILE}"
    assert response.comment == HOSTILE
    assert "<svg onload" not in owner.get(sent.headers["Location"]).text


def test_the_address_chooses_the_survey(owner: PortalClient) -> None:
    with factories.work() as work:
        second = Survey(
            name="repairs", title="Repairs", state=SurveyState.ACTIVE, created_at=work.now
        )
        work.session.add(second)
        work.session.flush()
        second_id = second.id

    page = owner.get(f"/responses/phone?survey={second_id}")

    assert f'<option selected value="{second_id}">Repairs</option>' in page.text
    assert owner.get("/responses/phone?survey=99999999999999").status_code == 200


def test_a_survey_that_is_not_active_takes_no_score(owner: PortalClient) -> None:
    form = form_of(owner, "/responses/phone")
    with factories.work() as work:
        factories.make_survey(work).state = SurveyState.ARCHIVED

    assert "No survey is active" in owner.get("/responses/phone").text
    assert owner.post_form("/responses/phone", form).status_code == 422
    assert responses() == []


def test_nobody_types_in_a_score_without_signing_in(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)
        contact = factories.make_contact(work)

    for path in (f"/contacts/{contact.id}/phone-answer", "/responses/phone"):
        assert client.get(path).status_code == 303
        assert client.post_form(path, {"score": "9"}).status_code == 303
        assert client.post(path, data={"score": "9"}).status_code == 400
    assert responses() == []


def test_there_is_no_form_for_a_contact_who_is_not_there(owner: PortalClient) -> None:
    assert owner.get("/contacts/999/phone-answer").status_code == 404


def test_the_inbox_finds_answers_by_how_they_came(owner: PortalClient, marta: Contact) -> None:
    path = f"/contacts/{marta.id}/phone-answer"
    owner.post_form(path, form_of(owner, path, comment="By phone"))

    assert "By phone" in owner.get("/responses?channel=phone").text
    assert "No answer fits these filters" in owner.get("/responses?channel=kiosk").text
    assert "By phone" in owner.get("/responses?channel=nonsense").text
