"""A customer reads their own language, and another one when they choose it."""

import pytest
from flask import Flask

from nps_portal.foundation.languages import LANGUAGES, Address
from nps_portal.surveys.wording import Wording
from tests.customer_pages.asking import answer, ask, nonce_in, speak, take_time, thanked
from tests.support.client import PortalClient


def words(language: str, name: str) -> str:
    return Wording(language, Address.FORMAL)[name]


@pytest.mark.parametrize(
    ("spoken", "shown", "direction"),
    [("de-AT", "de", "ltr"), ("ar", "ar", "rtl"), ("tlh", "en", "ltr"), ("", "en", "ltr")],
)
def test_a_contact_reads_their_language(
    app: Flask, client: PortalClient, spoken: str, shown: str, direction: str
) -> None:
    marta = ask(app)
    speak(marta.contact_id, spoken)

    pages = [client.get(marta.path), client.get(marta.unsubscribe_path)]

    for page in pages:
        assert f'<html lang="{shown}" dir="{direction}">' in page.text
    assert words(shown, "button") in pages[0].text
    assert words(shown, "unsubscribe_title") in pages[1].text


def test_every_language_is_offered_under_its_own_name(app: Flask, client: PortalClient) -> None:
    page = client.get(ask(app).path)

    for language in LANGUAGES:
        selected = " selected" if language.code == "en" else ""
        option = f'<option value="{language.code}" lang="{language.code}"{selected}>'
        assert f"{option}{language.own_name}</option>" in page.text


def test_a_chosen_language_stays_on_the_whole_way(app: Flask, client: PortalClient) -> None:
    marta = ask(app)
    speak(marta.contact_id, "fr")

    form = client.get(f"{marta.path}/9?lang=de")
    take_time()
    sent = client.post(f"{marta.path}?lang=de", data={"nonce": nonce_in(form), "score": "9"})
    thanks = client.get(sent.headers["Location"])
    called = client.post(
        f"{marta.path}/call?lang=de", data={"nonce": nonce_in(thanks), "phone": "+43 1 234 567"}
    )

    assert f'action="{marta.path}?lang=de"' in form.text
    assert words("de", "button") in form.text
    assert sent.headers["Location"] == f"{marta.path}/thanks?lang=de"
    assert words("de", "promoter_title") in thanks.text
    assert f'href="{marta.path}?lang=de"' in thanks.text
    assert "lang=de" in called.headers["Location"]
    assert words("de", "call_done") in client.get(called.headers["Location"]).text


def test_faults_are_told_in_the_chosen_language(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page = client.post(
        f"{marta.path}?lang=de", data={"nonce": nonce_in(client.get(marta.path)), "score": "x"}
    )

    assert page.status_code == 422
    assert words("de", "no_score") in page.text


def test_unsubscribing_speaks_the_chosen_language(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page = client.get(f"{marta.unsubscribe_path}?lang=de")
    done = client.post(f"{marta.unsubscribe_path}?lang=de")

    assert f'action="{marta.unsubscribe_path}?lang=de"' in page.text
    assert words("de", "unsubscribed_title") in done.text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("tlh, fr;q=0.5", "fr"),
        ("en-GB,de;q=0.9", "en"),
        ("*", "en"),
        ("", "en"),
    ],
)
def test_a_page_that_knows_nobody_speaks_as_the_browser_wishes(
    client: PortalClient, accepted: str, language: str
) -> None:
    page = client.get("/s/wrong", headers={"Accept-Language": accepted})
    chosen = client.get("/s/wrong?lang=he", headers={"Accept-Language": accepted})

    assert f'<html lang="{language}"' in page.text
    assert words(language, "invalid_title") in page.text
    assert '<html lang="he" dir="rtl">' in chosen.text


@pytest.mark.parametrize("language", ["xx", "DE", '"><svg>', ""])
def test_no_other_text_is_a_language(app: Flask, client: PortalClient, language: str) -> None:
    page = client.get(ask(app).path, query_string={"lang": language})

    assert '<html lang="en" dir="ltr">' in page.text
    assert "lang=" not in page.text.partition('<form method="post"')[2].partition(">")[0]


def test_words_of_a_person_keep_their_own_direction(app: Flask, client: PortalClient) -> None:
    marta = ask(app)

    page = answer(client, marta.path, "x", "مرحبا")

    assert '<textarea id="comment" name="comment" rows="5" dir="auto"' in page.text


@pytest.mark.parametrize("language", [one.code for one in LANGUAGES])
def test_the_whole_way_can_be_gone_in_every_language(
    app: Flask, client: PortalClient, language: str
) -> None:
    marta = ask(app)
    speak(marta.contact_id, language)

    page = thanked(client, marta.path, 2)

    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
