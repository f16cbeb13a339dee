"""When addresses and names look like one person's."""

import pytest

from nps_portal.merges.likeness import address_likeness, name_likeness

COMPANIES = {"acme.example": 7, "acme.test": 7}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@nordlys.example", "anna+news@nordlys.example"),
        ("anna.berg@gmail.com", "annaberg+x@googlemail.com"),
        ("anna@acme.example", "anna@acme.test"),
    ],
)
def test_addresses_of_one_mailbox_are_alike(one: str, other: str) -> None:
    assert address_likeness(one, COMPANIES) == address_likeness(other, COMPANIES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna.berg@nordlys.example", "annaberg@nordlys.example"),
        ("anna@nordlys.example", "anna@acme.example"),
        ("anna@acme.example", "hanna@acme.test"),
        ("+one@nordlys.example", "+two@nordlys.example"),
        ("...@gmail.com", "+@gmail.com"),
    ],
)
def test_addresses_of_two_mailboxes_are_not(one: str, other: str) -> None:
    assert address_likeness(one, COMPANIES) != address_likeness(other, COMPANIES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Berg", "Berg, Anna"),
        ("ANNA  BERG", "anna berg"),
        ("Jérôme Straße", "jerome STRASSE"),
        ("Søren Łuk", "soren luk"),
    ],
)
def test_names_are_alike_without_capitals_accents_and_order(one: str, other: str) -> None:
    assert name_likeness(one) == name_likeness(other)


def test_other_names_are_not_alike() -> None:
    assert name_likeness("Anna Berg") != name_likeness("Anna Bergmann")
    assert name_likeness("…") == ""
