"""The settings of a Survey: each is judged, kept, written down, and told to customers."""

import io
import re

import pytest
from flask import Flask
from PIL import Image

from nps_portal.foundation.database import reading
from nps_portal.foundation.languages import Address
from nps_portal.journal.models import Event
from nps_portal.responses.models import Channel, Evidence, Response, ResponseState
from nps_portal.surveys.commands import (
    AfterAnswer,
    PromisedReward,
    change_after_answer,
    change_texts,
    set_logo,
)
from nps_portal.surveys.links import ReviewLink
from nps_portal.surveys.models import CountingMode, ReminderMode, Survey
from nps_portal.surveys.queries import logo_by_digest, logo_of
from tests.support import factories
from tests.support.client import PortalClient

AFTER = {"offers_call": "y"}
COUNTING = {
    "counting": "submitted",
    "hold_minutes": "30",
    "delivery_seconds": "10",
    "decoy_link": "y",
}


def survey() -> Survey:
    with factories.work() as work:
        return factories.make_survey(work)


def address(page: str) -> str:
    return f"/surveys/{survey().id}/{page}"


def last_event() -> Event:
    event = reading().query(Event).order_by(Event.id.desc()).first()
    assert event is not None
    return event


def picture() -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (200, 50), "#2f5fd0").save(file, "PNG")
    file.seek(0)
    return file


def error_beside(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-error">(.*?)</div>', page, re.DOTALL)
    assert found is not None, field
    return found[1]


def test_a_colour_is_kept(owner: PortalClient) -> None:
    before = survey().version

    answer = owner.post_form(address("look"), {"picked": "#2f5fd0", "accent_colour": "17744F"})

    assert answer.location == address("look")
    assert survey().accent_colour == "#17744f"
    assert survey().version == before + 1
    assert last_event().kind == "survey.look_changed"


def test_a_picked_colour_goes_before_a_typed_one_that_was_not_touched(owner: PortalClient) -> None:
    owner.post_form(address("look"), {"picked": "#17744f", "accent_colour": "#2f5fd0"})

    assert survey().accent_colour == "#17744f"


def test_a_colour_that_cannot_be_seen_is_corrected_and_the_owner_is_shown_how(
    owner: PortalClient,
) -> None:
    answer = owner.post_form(address("look"), {"picked": "#2f5fd0", "accent_colour": "#ff0"})

    page = owner.get(answer.location).text
    assert answer.location == address("look?asked=ffff00")
    assert survey().accent_colour not in {"#ffff00", "#2f5fd0"}
    assert "the contrast of #ffff00 is 1.1 to 1" in page
    assert 'fill="#ffff00"' in page
    assert f'fill="{survey().accent_colour}"' in page


def test_what_is_no_colour_is_refused(owner: PortalClient) -> None:
    answer = owner.post_form(address("look"), {"picked": "#2f5fd0", "accent_colour": "blue"})

    assert answer.status_code == 422
    assert "six digits after a #" in error_beside(answer.text, "accent_colour")


def test_a_logo_is_kept_and_removed(owner: PortalClient) -> None:
    answer = owner.post_form(address("logo"), {"logo": (picture(), "logo.png")})

    logo = logo_of(reading(), survey().id)
    assert answer.status_code == 303
    assert logo is not None
    assert (logo.width, logo.height) == (400, 100)
    assert logo_by_digest(reading(), logo.digest) == logo
    assert logo.digest in owner.get(address("look")).text
    assert last_event().kind == "survey.logo_changed"

    owner.post_form(address("logo/removal"))

    assert logo_of(reading(), survey().id) is None
    assert last_event().kind == "survey.logo_removed"


def test_a_second_logo_takes_the_place_of_the_first(app: Flask) -> None:
    number = survey().id
    with factories.work() as work:
        first = set_logo(work, number, picture().read()).digest
    square = io.BytesIO()
    Image.new("RGB", (50, 50), "#ff0000").save(square, "PNG")

    with factories.work() as work:
        set_logo(work, number, square.getvalue())

    logo = logo_of(reading(), number)
    assert logo is not None
    assert (logo.width, logo.height) == (100, 100)
    assert logo_by_digest(reading(), first) is None


@pytest.mark.parametrize(
    ("data", "fault"), [(b"<svg/>", "not a picture"), (None, "Choose a picture first")]
)
def test_a_logo_that_cannot_be_is_refused_beside_its_field(
    owner: PortalClient, data: bytes | None, fault: str
) -> None:
    form = {} if data is None else {"logo": (io.BytesIO(data), "logo.png")}

    answer = owner.post_form(address("logo"), form)

    assert answer.status_code == 422
    assert fault in error_beside(answer.text, "logo")
    assert logo_of(reading(), survey().id) is None


def test_language_and_address_are_kept(owner: PortalClient) -> None:
    answer = owner.post_form(address("languages"), {"language": "de", "address": "informal"})

    now = survey()
    assert answer.status_code == 303
    assert (now.language, now.address) == ("de", Address.INFORMAL)
    assert now.wording().language == "de"
    assert last_event().facts["changed"] == ["language", "address"]


def test_the_languages_page_tells_which_texts_a_person_has_read(owner: PortalClient) -> None:
    number = survey().id
    with factories.work() as work:
        change_texts(work, number, "fi", {"subject": "Yksi kysymys"})

    page = owner.get(address("languages")).text

    row = page[page.index(">Suomi<") :][:900]
    assert "not reviewed yet" in row
    assert "1 text" in row


def test_a_language_that_there_is_not_is_refused(owner: PortalClient) -> None:
    answer = owner.post_form(address("languages"), {"language": "tlh", "address": "formal"})

    assert answer.status_code == 422
    assert survey().language == "en"


def test_the_reminder_is_kept_and_shown(owner: PortalClient) -> None:
    answer = owner.post_form(address("reminder"), {"reminder": "clicked", "reminder_days": "14"})

    now = survey()
    assert answer.status_code == 303
    assert (now.reminder, now.reminder_days) == (ReminderMode.CLICKED, 14)
    page = owner.get(address("reminder")).text
    assert "A reminder: one question from Acme Supplies" in page
    assert "/email/reminder-clicked/en" in page


@pytest.mark.parametrize("days", ["0", "15", "", "x"])
def test_a_reminder_comes_after_one_to_fourteen_days(owner: PortalClient, days: str) -> None:
    answer = owner.post_form(address("reminder"), {"reminder": "nobody", "reminder_days": days})

    assert answer.status_code == 422
    assert error_beside(answer.text, "reminder_days")
    assert survey().reminder is ReminderMode.EVERYBODY


def test_the_thank_you_page_offers_what_is_kept(owner: PortalClient) -> None:
    form = AFTER | {
        "label_1": "Google",
        "url_1": " https://g.page/r/acme/review ",
        "label_3": "Trustpilot",
        "url_3": "https://www.trustpilot.com/evaluate/acme.example",
        "referral_url": "https://acme.example/friends",
        "asks_to_quote": "y",
    }

    answer = owner.post_form(address("after"), form)

    now = survey()
    assert answer.status_code == 303
    assert now.review_links == [
        {"label": "Google", "url": "https://g.page/r/acme/review"},
        {"label": "Trustpilot", "url": "https://www.trustpilot.com/evaluate/acme.example"},
    ]
    assert now.referral_url == "https://acme.example/friends"
    assert (now.offers_call, now.asks_to_quote) == (True, True)
    assert "Everyone sees the same links" in owner.get(address("after")).text


@pytest.mark.parametrize(
    ("form", "field", "fault"),
    [
        ({"label_1": "Google", "url_1": "http://g.page/acme"}, "url_1", "beginning with https://"),
        ({"label_1": "Google", "url_1": "javascript:alert(1)"}, "url_1", "https://"),
        ({"label_1": "Google", "url_1": "https://jo:secret@g.page/"}, "url_1", "https://"),
        ({"label_1": "Google", "url_1": "https://localhost/"}, "url_1", "https://"),
        ({"label_1": "Google"}, "url_1", "Write the address"),
        ({"url_1": "https://g.page/acme"}, "label_1", "Give this link a name"),
        (
            {"label_1": "Google: get a voucher", "url_1": "https://g.page/acme"},
            "label_1",
            "“voucher” promises a reward",
        ),
        ({"referral_url": "acme.example"}, "referral_url", "https://"),
    ],
)
def test_a_link_that_cannot_be_is_refused_beside_its_field(
    owner: PortalClient, form: dict[str, str], field: str, fault: str
) -> None:
    answer = owner.post_form(address("after"), AFTER | form)

    assert answer.status_code == 422
    assert fault in error_beside(answer.text, field)
    assert survey().review_links == []


def test_no_way_around_the_form_keeps_a_reward(app: Flask) -> None:
    number = survey().id
    link = ReviewLink(label="Gutschein holen", url="https://g.page/acme")
    offers = AfterAnswer(
        review_links=[link], referral_url="", offers_call=True, asks_to_quote=False
    )
    with factories.work() as work:
        work.session.get_one(Survey, number).language = "de"

    with pytest.raises(PromisedReward, match="Google"), factories.work() as work:
        change_after_answer(work, number, offers)
    with pytest.raises(PromisedReward, match="Rabatt"), factories.work() as work:
        change_texts(work, number, "de", {"reviews_promoter": "Dafür gibt es Rabatt."})


def test_counting_is_kept_and_the_clicks_are_judged_anew(owner: PortalClient) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work)
        work.session.add(
            Response(
                contact_id=contact.id,
                survey_id=factories.make_survey(work).id,
                score=9,
                state=ResponseState.CLICKED,
                evidence=Evidence.CONFIRMED_CLICK,
                channel=Channel.EMAIL,
                answered_at=work.now,
            )
        )
    form = COUNTING | {"counting": "seen", "hold_minutes": "5", "delivery_seconds": "900"}
    del form["decoy_link"]

    answer = owner.post_form(address("counting"), form)

    now = survey()
    assert answer.status_code == 303
    assert now.counting is CountingMode.SEEN
    assert (now.hold_minutes, now.delivery_seconds, now.decoy_link) == (5, 900, False)
    assert reading().query(Response).one().state is ResponseState.COUNTED

    owner.post_form(address("counting"), COUNTING)

    assert reading().query(Response).one().state is ResponseState.CLICKED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hold_minutes", "4"),
        ("hold_minutes", "241"),
        ("delivery_seconds", "-1"),
        ("delivery_seconds", "901"),
        ("counting", "all"),
    ],
)
def test_counting_out_of_bounds_is_refused(owner: PortalClient, field: str, value: str) -> None:
    answer = owner.post_form(address("counting"), COUNTING | {field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert survey().hold_minutes == 30


def test_the_counting_page_names_the_price_of_both_ways(owner: PortalClient) -> None:
    page = owner.get(address("counting")).text

    assert "at most about 15 %" in page
    assert "costs a little" in page


def test_saving_without_a_change_leaves_no_trace(owner: PortalClient) -> None:
    before, event = survey().version, last_event().id

    owner.post_form(address("languages"), {"language": "en", "address": "formal"})
    owner.post_form(address("counting"), COUNTING)

    assert (survey().version, last_event().id) == (before, event)


def test_a_new_survey_begins_with_the_ready_made_texts(owner: PortalClient) -> None:
    made = owner.post_form("/surveys/new", {"title": "  Après   vente "})

    page = owner.get(made.headers["Location"])
    assert "Après vente" in page.text
    with factories.work() as work:
        found = work.session.query(Survey).filter_by(name="apres-vente").one()
    assert (found.anonymous, found.reminder) == (False, ReminderMode.EVERYBODY)
    assert last_event().kind == "survey.made"


def test_two_surveys_of_one_title_have_two_names(owner: PortalClient) -> None:
    for _ in range(3):
        owner.post_form("/surveys/new", {"title": "满意度"})

    with factories.work() as work:
        names = {one.name for one in work.session.query(Survey)}
    assert {"survey", "survey-2", "survey-3"} <= names


def test_an_anonymous_survey_says_so_and_reminds_nobody(owner: PortalClient) -> None:
    made = owner.post_form("/surveys/new", {"title": "Quiet", "anonymous": "y"})

    page = owner.get(made.headers["Location"]).text
    number = int(made.headers["Location"].rpartition("/")[2])
    assert "nobody sees it" in page
    assert "anonymous" in owner.get("/surveys").text
    assert "reminds nobody" in owner.get(f"/surveys/{number}/reminder").text
    refused = owner.post(f"/surveys/{number}/reminder", data={"reminder": "everybody"})
    assert refused.status_code in {400, 404}
    preview = owner.get(f"/s/preview-{number}").text
    assert "sees the answers, but not whose they are" in preview


def test_a_survey_needs_a_title(owner: PortalClient) -> None:
    refused = owner.post_form("/surveys/new", {"title": " "})

    assert refused.status_code == 422
    assert "Give it a title." in error_beside(refused.text, "title")
