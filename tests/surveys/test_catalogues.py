"""The catalogues of what customers read: whole, fitting, in both forms of address."""

import re

import pytest
from babel import Locale
from babel.messages.pofile import read_po

from nps_portal.foundation.languages import (
    COUNTED,
    DEFAULT_LANGUAGE,
    LANGUAGES,
    Address,
    Language,
    best_language,
    catalogue,
    catalogue_file,
    direction_of,
)
from nps_portal.foundation.merging import merge_fields_in
from nps_portal.surveys.wording import TEXTS, Wording

CATALOGUES = [
    (language.code, address)
    for language in LANGUAGES
    if language.code != DEFAULT_LANGUAGE
    for address in Address
    if address is Address.FORMAL or language.has_informal
]
ids = [f"{code}-{address.value}" for code, address in CATALOGUES]
every_catalogue = pytest.mark.parametrize(("code", "address"), CATALOGUES, ids=ids)


def test_customers_can_read_at_least_25_languages() -> None:
    assert len({language.code for language in LANGUAGES}) >= 25


@every_catalogue
def test_no_catalogue_lacks_a_text(code: str, address: Address) -> None:
    with catalogue_file(code, address).open("rb") as file:
        stored = {
            (message.context, message.id): message.string
            for message in read_po(file, locale=code.replace("-", "_"))
            if message.context
        }

    lacking = [
        name
        for name, text in TEXTS.items()
        if text.english and not stored.get((name, text.english))
    ]
    lacking += [name for name, words in COUNTED.items() if not all(stored.get((name, words)) or [])]

    assert lacking == []
    forms = {name: list(stored[name, words] or ()) for name, words in COUNTED.items()}
    assert {len(one) for one in forms.values()} == {plural_forms(code)}


def plural_forms(code: str) -> int:
    """Return how many plural forms gettext knows of a language."""
    header = catalogue_file(code, Address.FORMAL).read_text(encoding="utf-8")
    found = re.search(r"nplurals=(\d)", header)
    assert found is not None
    return int(found[1])


@every_catalogue
def test_every_text_fits_its_place_and_has_the_fields_of_the_english_one(
    code: str, address: Address
) -> None:
    wording = Wording(code, address)

    wording.check()

    for name, text in TEXTS.items():
        assert set(merge_fields_in(wording[name])) == set(merge_fields_in(text.english)), name


@every_catalogue
def test_plural_forms_name_the_number_and_differ_as_the_language_does(
    code: str, address: Address
) -> None:
    texts = catalogue(code, address)

    for name in COUNTED:
        said = {texts.counted(name, count) for count in range(3, 130)}
        assert all("{" not in phrase for phrase in said), name
        assert all(re.search(r"\d", phrase) for phrase in said if "count" in COUNTED[name][1])


@every_catalogue
def test_nothing_is_left_in_english(code: str, address: Address) -> None:
    wording = Wording(code, address)

    same = [name for name, text in TEXTS.items() if text.english and wording[name] == text.english]

    # The signature is a name, and some words are spelled alike in several languages.
    assert set(same) <= {"signature_name", "me_name", "quote_no"}


def test_plurals_follow_the_rules_of_the_language() -> None:
    assert catalogue("pl").counted("months", 1) != catalogue("pl").counted("months", 5)
    assert catalogue("pl").counted("months", 2)[1:] != catalogue("pl").counted("months", 5)[1:]
    assert catalogue("ja").counted("months", 1)[1:] == catalogue("ja").counted("months", 3)[1:]
    assert catalogue("en").counted("months", 1) == "1 month"
    assert catalogue("en").counted("months", 6) == "6 months"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("de-AT", "de"),
        ("DE", "de"),
        ("pt-BR", "pt-BR"),
        ("pt_br", "pt-BR"),
        ("pt-AO", "pt"),
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("zh-Hans-CN", "zh"),
        ("zh-CN", "zh"),
        ("iw", "he"),
        ("tlh", "en"),
        ("", "en"),
        ("../../etc", "en"),
    ],
)
def test_a_wanted_language_leads_to_the_nearest_one(wanted: str, code: str) -> None:
    assert best_language(wanted) == code


def test_the_informal_form_is_another_one_where_the_language_has_it() -> None:
    assert Wording("de", Address.INFORMAL).question != Wording("de").question
    assert Wording("sv", Address.INFORMAL).question == Wording("sv").question


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_every_language_is_known_by_its_own_name_and_direction(language: Language) -> None:
    order = Locale.parse(language.code.replace("-", "_")).character_order

    assert language.own_name
    assert direction_of(language.code) == {"left-to-right": "ltr", "right-to-left": "rtl"}[order]


def test_english_needs_no_review_and_the_others_say_whether_they_had_one() -> None:
    assert catalogue("en").is_reviewed
    assert not catalogue("de").is_reviewed
