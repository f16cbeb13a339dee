"""The texts of a survey: defaults, rules, and what is stored of them."""

import pytest

from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.merging import UnknownMergeField
from nps_portal.nps import Category
from nps_portal.surveys.wording import UnusableWording, Wording, text_rules


def test_the_defaults_can_be_sent_as_they_are() -> None:
    wording = Wording()

    wording.check()

    assert not wording.subject.endswith("?")
    assert wording.texts() == {}


def test_only_what_differs_is_stored_and_comes_back() -> None:
    wording = Wording(greeting="Hi {{ first_name }},", signature_role="Owner")

    stored = wording.texts()

    assert stored == {"greeting": "Hi {{ first_name }},", "signature_role": "Owner"}
    assert Wording.from_texts(stored) == wording


def test_stored_texts_are_tidied_and_unknown_ones_passed_over() -> None:
    wording = Wording.from_texts({"introduction": " one\r\n\r\ntwo \n", "of_old": "x"}, "de")

    assert wording.introduction == "one\n\ntwo"
    assert wording.language == "de"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("question", "", "must not be empty"),
        ("question", " \n ", "must not be empty"),
        ("unsubscribe", "", "must not be empty"),
        ("subject", "one\ntwo", "must be a single line"),
        ("subject", "s" * 151, "has 151 characters; 150 are possible"),
        ("introduction", "s" * 3001, "has 3001 characters; 3000 are possible"),
        ("reason", "bell \x07", "cannot be shown"),
        ("greeting", "return\rgreeting", "cannot be shown"),
    ],
)
def test_a_text_that_does_not_fit_its_place_is_refused(
    name: str, text: str, complaint: str
) -> None:
    wording = Wording().changed(**{name: text})

    with pytest.raises(UnusableWording, match=complaint):
        wording.check()


@pytest.mark.parametrize("name", list(text_rules()))
def test_no_text_may_contain_a_template(name: str) -> None:
    wording = Wording().changed(**{name: "{{ config }}"})

    with pytest.raises(UnknownMergeField, match="config"):
        wording.check()


@pytest.mark.parametrize("name", [name for name, rule in text_rules().items() if not rule.required])
def test_an_optional_text_may_be_empty(name: str) -> None:
    Wording.from_texts({name: ""}).check()


@pytest.mark.parametrize("language", ["", "english language", 'en" onload="x'])
def test_a_language_must_be_a_code(language: str) -> None:
    with pytest.raises(PortalError, match="language code"):
        Wording(language=language).check()


@pytest.mark.parametrize(
    ("language", "direction"), [("en", "ltr"), ("pt-BR", "ltr"), ("ar", "rtl"), ("he-IL", "rtl")]
)
def test_the_direction_follows_the_language(language: str, direction: str) -> None:
    assert Wording(language=language).direction == direction


def test_a_page_fills_the_fields_and_leaves_out_what_it_does_not_know() -> None:
    wording = Wording(note="To {{ business }}, dear {{ first_name }}.")

    filled = wording.filled({"business": "{{ 7*7 }} & Co", "score": "9"})

    assert filled.note == "To {{ 7*7 }} & Co, dear ."
    assert filled.answered_text == "We have your answer: 9. Change it?"
    assert filled.question.startswith("How likely is it that you would recommend {{ 7*7 }} & Co to")


def test_every_category_has_its_question_and_its_thanks() -> None:
    wording = Wording(comment_passive="Why not more?", passive_title="Thanks", passive_text="!")

    assert wording.comment_questions()["passive"] == "Why not more?"
    assert set(wording.comment_questions()) == {"general", "promoter", "passive", "detractor"}
    assert wording.filled({}).thank_you(Category.PASSIVE).title == "Thanks"
    assert wording.filled({}).thank_you(Category.PASSIVE).text == "!"
    assert {wording.filled({}).thank_you(category).text for category in Category} != {"!"}
