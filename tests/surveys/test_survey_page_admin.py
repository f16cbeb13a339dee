"""The surveys in the admin: texts, cadence, and the email as a customer sees it."""

import re

import pytest
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.surveys.models import Survey
from nps_portal.surveys.queries import survey_by_name
from nps_portal.surveys.wording import GROUPS, text_rules
from tests.support import factories
from tests.support.client import PortalClient

PAGES = (
    "/edit",
    "/look",
    "/languages",
    "/after",
    "/reminder",
    "/cadence",
    "/counting",
    "/questions",
    "/questions/new",
)


def survey() -> Survey:
    with factories.work() as work:
        found = survey_by_name(work.session, "default")
        assert found is not None
        return found


def texts(group: str, language: str = "en", **changes: str) -> dict[str, str]:
    """Return the form of a group as a browser sends it, with these fields changed."""
    [fields] = [one.texts for one in GROUPS if one.key == group]
    wording = survey().wording(language)
    return {text.name: wording[text.name] for text in fields} | changes


def group_of(name: str) -> str:
    """Return the page on which a text stands."""
    return next(group.key for group in GROUPS if name in {text.name for text in group.texts})


def page_of(group: str, language: str = "en") -> str:
    """Return the address of a page of texts."""
    return f"/surveys/{survey().id}/edit?group={group}&language={language}"


def save(owner: PortalClient, language: str = "en", **changes: str) -> int:
    group = group_of(next(iter(changes)))
    form = texts(group, language, **changes)
    return owner.post_form(page_of(group, language), form).status_code


def test_every_text_stands_in_one_group() -> None:
    names = [text.name for group in GROUPS for text in group.texts]

    assert sorted(names) == sorted(text_rules())


def test_the_list_shows_the_ready_made_survey(owner: PortalClient) -> None:
    page = owner.get("/surveys").text

    assert "Customer survey" in page
    assert "ready" in page


def test_an_empty_list_offers_to_make_it(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)

    empty = client.get("/surveys").text
    answer = client.post_form("/surveys")

    assert "No survey yet" in empty
    assert (answer.status_code, answer.location) == (303, f"/surveys/{survey().id}")


def test_only_what_differs_from_the_ready_made_texts_is_kept(owner: PortalClient) -> None:
    status = save(owner, subject="How did we do, {{ first_name }}?")

    assert status == 303
    assert survey().wording().texts() == {"subject": "How did we do, {{ first_name }}?"}


def test_an_emptied_text_is_the_ready_made_one_again(owner: PortalClient) -> None:
    save(owner, question="Would you?")

    save(owner, question="  ")

    assert survey().wording().texts() == {}


def test_an_optional_text_can_be_left_out(owner: PortalClient) -> None:
    save(owner, introduction="")

    assert survey().wording().introduction == ""


def test_line_ends_of_a_browser_become_line_feeds(owner: PortalClient) -> None:
    save(owner, introduction="One\r\n\r\nTwo")

    assert survey().wording().introduction == "One\n\nTwo"


def test_a_text_of_one_line_stays_one_line(owner: PortalClient) -> None:
    save(owner, question="Would you\r\nrecommend us?")

    assert survey().wording().question == "Would you recommend us?"


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("greeting", "Dear {{ firstname }},", "“{{ firstname }}” is not a field"),
        ("note", "{% if x %}", "“{% if x %}” is not a field"),
        ("low_anchor", "x" * 61, "has 61 characters; 60 are possible"),
    ],
)
def test_a_fault_stands_beside_its_field_and_the_form_is_kept(
    owner: PortalClient, name: str, text: str, fault: str
) -> None:
    group = group_of(name)
    other = next(one for one in texts(group) if one != name)

    answer = owner.post_form(page_of(group), texts(group, **{other: "Kept as typed", name: text}))

    assert answer.status_code == 422
    error = re.search(rf'id="{name}-error">(.*?)</div>', answer.text, re.DOTALL)
    assert error is not None
    assert fault in error[1]
    assert answer.text.count('class="field-error"') == 1
    assert "Kept as typed" in answer.text
    assert survey().wording().texts() == {}


def test_two_faults_stand_beside_two_fields(owner: PortalClient) -> None:
    faulty = texts("email", subject="{{ a }}", reason="{{ b }}")

    page = owner.post_form(page_of("email"), faulty).text

    assert 'id="subject-error"' in page
    assert 'id="reason-error"' in page


def test_saving_one_page_of_texts_leaves_the_others_alone(owner: PortalClient) -> None:
    save(owner, subject="How did we do?")

    save(owner, promoter_title="Hurray!")

    assert survey().wording().texts() == {"subject": "How did we do?", "promoter_title": "Hurray!"}


def test_each_language_has_texts_of_its_own(owner: PortalClient) -> None:
    save(owner, question="Would you?")
    save(owner, "de", question="Würden Sie?")

    page = owner.get(page_of("question", "de")).text

    assert survey().wording().texts() == {"question": "Would you?"}
    assert survey().wording("de-AT").texts() == {"question": "Würden Sie?"}
    assert "Würden Sie?</textarea>" in page
    assert 'lang="de"' in page
    assert 'dir="auto"' in page


def test_an_emptied_text_is_the_ready_made_one_of_its_language(owner: PortalClient) -> None:
    save(owner, "de", button="Los")

    save(owner, "de", button="")

    assert survey().wording("de").texts() == {}
    assert survey().wording("de").button == survey().wording("de").ready_made("button")


def test_a_page_of_texts_says_whether_a_person_has_read_the_ready_made_ones(
    owner: PortalClient,
) -> None:
    save(owner, "ja", subject="A", greeting="B")

    english = owner.get(page_of("email")).text
    japanese = owner.get(page_of("email", "ja")).text

    assert ">reviewed</span>" in english
    assert "none changed by you" in english
    assert ">not reviewed yet</span>" in japanese
    assert "2 texts changed by you" in japanese


def test_the_ready_made_texts_of_one_page_can_be_taken_back(owner: PortalClient) -> None:
    save(owner, introduction="", subject="Mine")
    save(owner, promoter_title="Hurray!")

    answer = owner.post_form(f"/surveys/{survey().id}/edit/ready-made?group=email&language=en")

    assert answer.status_code == 303
    assert survey().wording().texts() == {"promoter_title": "Hurray!"}


@pytest.mark.parametrize(
    ("language", "name", "text", "words"),
    [
        ("en", "reviews_promoter", "Write a review and get a 10% discount.", "discount"),
        ("en", "referral_text", "We'll give you 20 dollars for each friend.", "20 dollars"),
        ("de", "reviews_passive", "Als Dank ein Gutschein:", "Gutschein"),
        ("fr", "reviews_detractor", "Un bon d’achat vous attend", "bon d&#39;achat"),
        ("es", "promoter_text", "Entre en el sorteo de un jamón", "sorteo"),
        ("it", "passive_text", "Per Lei un buono sconto", "buono sconto"),
        ("nl", "reminder_introduction", "Als dank een cadeaubon", "cadeaubon"),
    ],
)
def test_a_reward_is_refused_with_its_words_and_the_reason(
    owner: PortalClient, language: str, name: str, text: str, words: str
) -> None:
    group = group_of(name)

    answer = owner.post_form(page_of(group, language), texts(group, language, **{name: text}))

    error = re.search(rf'id="{name}-error">(.*?)</div>', answer.text, re.DOTALL)
    assert answer.status_code == 422
    assert error is not None
    assert f"“{words}” promises a reward" in error[1]
    assert "Google" in error[1]
    assert survey().wording(language).texts() == {}


def test_a_changed_text_makes_a_new_version_of_the_survey(owner: PortalClient) -> None:
    before = survey().version

    save(owner, question="Would you?")

    assert survey().version == before + 1


def test_the_reminder_can_be_looked_at_in_each_language(owner: PortalClient) -> None:
    usual = owner.get(f"/surveys/{survey().id}/email/reminder/de").text
    clicked = owner.get(f"/surveys/{survey().id}/email/reminder-clicked/de").text

    assert 'lang="de"' in usual
    assert "/s/sample/8" in clicked
    assert usual != clicked
    assert owner.get(f"/surveys/{survey().id}/email/parcel/de").status_code == 404


def test_title_and_cadence_are_changed(owner: PortalClient) -> None:
    values = {"title": "  Year's  end ", "days_between": "0", "company_weekly_cap": "0"}

    answer = owner.post_form(f"/surveys/{survey().id}/cadence", values)

    now = survey()
    assert answer.status_code == 303
    assert (now.title, now.days_between, now.company_weekly_cap) == ("Year's end", 0, 0)
    page = owner.get(f"/surveys/{now.id}").text
    assert "no limit" in page
    assert "Nobody is asked twice within 24 hours" in page


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("days_between", "731"),
        ("days_between", "-1"),
        ("days_between", ""),
        ("days_between", "soon"),
        ("company_weekly_cap", "101"),
        ("title", ""),
    ],
)
def test_a_cadence_out_of_bounds_is_refused(owner: PortalClient, name: str, value: str) -> None:
    values = {"title": "Survey", "days_between": "90", "company_weekly_cap": "3", name: value}

    answer = owner.post_form(f"/surveys/{survey().id}/cadence", values)

    assert answer.status_code == 422
    assert f'id="{name}-error"' in answer.text
    assert survey().days_between == 90


def test_the_frame_shows_the_email_and_lets_it_do_nothing(owner: PortalClient) -> None:
    answer = owner.get(f"/surveys/{survey().id}/email")

    policy = answer.headers["Content-Security-Policy"]
    assert "Dear Marta" in answer.text
    assert "Acme Supplies" in answer.text
    assert policy.startswith("default-src 'none'; img-src 'self' http://localhost; ")
    assert "frame-ancestors 'self'" in policy
    assert policy.endswith("; sandbox")


def test_the_email_can_be_looked_at_without_its_images(owner: PortalClient) -> None:
    page = owner.get(f"/surveys/{survey().id}?look=no-images").text
    frame = owner.get(f"/surveys/{survey().id}/email?images=off").text

    assert "/email?images=off" in page
    assert 'alt="10"' in frame
    assert not re.search(r"<img[^>]*\ssrc=", frame)


def test_the_plain_text_holds_all_eleven_links(owner: PortalClient) -> None:
    page = owner.get(f"/surveys/{survey().id}?look=text").text

    assert all(f"/s/sample/{score}" in page for score in range(11))


def test_unsaved_texts_can_be_looked_at_and_are_not_saved(owner: PortalClient) -> None:
    address = f"/surveys/{survey().id}/email?group=email"

    good = owner.post_form(address, texts("email", introduction="Only a draft"))
    faulty = owner.post_form(address, texts("email", introduction="{{ nobody }}"))

    assert "Only a draft" in good.text
    assert faulty.status_code == 422
    assert "is not a field" in faulty.text
    assert survey().wording().texts() == {}


def test_before_the_settings_are_made_the_email_names_what_is_missing(
    app: Flask, client: PortalClient
) -> None:
    with factories.work() as work:
        factories.make_owner(work)
        factories.make_survey(work)
    client.sign_in(factories.OWNER, factories.PASSWORD)

    frame = client.get(f"/surveys/{survey().id}/email").text

    assert "Your business" in frame
    assert "Your postal address" in frame


def test_a_text_of_html_is_shown_as_it_is(owner: PortalClient) -> None:
    save(owner, introduction="<script>alert(1)</script>")

    frame = owner.get(f"/surveys/{survey().id}/email").text

    assert "<script>" not in frame
    assert "&lt;script&gt;" in frame


def test_a_colleague_looks_but_does_not_change(owner: PortalClient) -> None:
    with factories.work() as work:
        add_user(
            work,
            email="colleague@acme.example",
            name="Kim",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    colleague = owner.application.test_client()
    assert isinstance(colleague, PortalClient)
    colleague.sign_in("colleague@acme.example", factories.PASSWORD)
    address = f"/surveys/{survey().id}"

    assert colleague.get(address).status_code == 200
    for page in PAGES:
        assert colleague.get(f"{address}{page}").status_code == 403, page
    for page in (*PAGES, "/logo", "/logo/removal", "/edit/ready-made", "/email"):
        assert colleague.post_form(f"{address}{page}", {}).status_code in {403, 405}, page
    assert colleague.post_form(f"{address}/questions", {}).status_code == 403


@pytest.mark.parametrize("page", ["", "/email", "/email/reminder/de", *PAGES])
def test_an_unknown_survey_is_not_found(owner: PortalClient, page: str) -> None:
    assert owner.get(f"/surveys/99{page}").status_code == 404
