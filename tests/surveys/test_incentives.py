"""Rewards for reviews are found by their words, and nothing innocent is."""

import pytest

from nps_portal.foundation.languages import LANGUAGES, Address
from nps_portal.surveys.incentives import incentive_in
from nps_portal.surveys.wording import TEXTS, Wording


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Leave a review and get 10% off"),
        ("en", "15 percent off your next order"),
        ("en", "We will give you a coffee"),
        ("en", "we’ll send you a small thank-you"),
        ("en", "Every review takes part in our PRIZE DRAW."),
        ("en", "There is a $5 card in it for you"),
        ("en", "a refund of your last bill"),
        ("en", "dis\u00adcounts for reviewers"),
        ("en", "ｖｏｕｃｈｅｒ"),
        ("de", "Wir verlosen unter allen Bewertungen ein Wochenende."),
        ("de", "Dafür gibt es einen Einkaufsgutschein."),
        ("de", "20 % auf die nächste Bestellung"),
        ("de", "Wir geben Ihnen etwas zurück"),
        ("de-AT", "Als Geschenk erhalten Sie Kaffee"),
        ("fr", "Une réduction vous attend"),
        ("fr", "Participez au tirage au sort"),
        ("fr", "Nous vous offrons un café"),
        ("es", "Un cupón para usted"),
        ("es", "Le regalamos un café"),
        ("it", "Uno sconto per Lei"),
        ("it", "Le daremo qualcosa in cambio"),
        ("nl", "Een waardebon voor u"),
        ("nl", "Maak kans op een weekend weg"),
        ("pt-BR", "Ganhe um desconto"),
        ("pl", "Za opinię dajemy zniżkę"),
        ("tr", "Size bir hediye"),
        ("ja", "レビューで割引"),
        ("zh", "写评论，送礼品"),
        ("ar", "لك خصم"),
        ("he", "לקבל הנחות"),
        # Owners leave English words in other languages.
        ("sv", "Du får en voucher"),
        # A text of one language is read by people of all.
        ("en", "Gutschein für Ihre Bewertung"),
        ("en", "Un bon d’achat pour votre avis"),
        ("en", "Un bon d´achat pour votre avis"),
        ("en", "レビューで割引"),
        ("ja", "Un café offert"),
    ],
)
def test_a_reward_is_found(language: str, text: str) -> None:
    assert incentive_in(text, language) != ""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Feel free to tell others about us."),
        ("en", "We will give you a call."),
        ("en", "We are 100 % committed to your safety."),
        ("en", "Tell us in 2 minutes what 5 things we should change."),
        ("de", "Das Gift im Garten ist weg. Wir geben unser Bestes."),
        ("fr", "Merci de nous avoir offre votre temps"),
        ("it", "Per favore, premi il pulsante."),
        ("es", "Vale, gracias"),
        ("nl", "Bedankt voor uw tijd"),
        # What a word of another language means here.
        ("nl", "Hoe was onze offerte?"),
        ("fr", "Le premier avis"),
        ("en", "Acme Premium on Google"),
    ],
)
def test_what_promises_nothing_is_left_alone(language: str, text: str) -> None:
    assert incentive_in(text, language) == ""


def test_the_words_are_named_as_they_were_written() -> None:
    assert incentive_in("One  Gift   Card now", "en") == "Gift Card"


@pytest.mark.parametrize("address", list(Address), ids=lambda address: address.value)
def test_no_ready_made_text_promises_anything(address: Address) -> None:
    found = {
        (language.code, name): words
        for language in LANGUAGES
        for wording in [Wording(language.code, address)]
        for name in TEXTS
        if (words := incentive_in(wording[name], language.code))
    }

    assert found == {}
