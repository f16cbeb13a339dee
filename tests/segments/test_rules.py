"""Reading rules, and saying them in words."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from nps_portal.contacts.models import PropertyKind
from nps_portal.segments.fields import Catalogue, Choice, KnownProperty, Op
from nps_portal.segments.reading import parse
from nps_portal.segments.reading import read as read_stored
from nps_portal.segments.rules import BadRules, Condition, Rules
from nps_portal.segments.wording import condition_words, op_words, rules_words

CATALOGUE = Catalogue(
    properties=[
        KnownProperty(
            property_id=1, name="Plan", kind=PropertyKind.CHOICE, choices=("Pro", "Free")
        ),
        KnownProperty(property_id=2, name="Seats", kind=PropertyKind.NUMBER),
        KnownProperty(property_id=3, name="Renewal", kind=PropertyKind.DATE),
        KnownProperty(property_id=4, name="Fee", kind=PropertyKind.MONEY, currency="EUR"),
    ],
    users=[Choice(value="7", words="Jo Baker")],
)


def one(field: str, op: str, value: Any = None) -> dict[str, Any]:
    condition = {"field": field, "op": op} | ({} if value is None else {"value": value})
    return {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}


def read(field: str, op: str, value: Any = None) -> Condition:
    return parse(one(field, op, value), CATALOGUE).conditions[0]


def faults_of(written: Any) -> list[str]:
    with pytest.raises(BadRules) as caught:
        parse(written, CATALOGUE)
    return [fault.words for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (one("company", "is", "  Acme   Ltd "), "Acme Ltd"),
        (one("last_score", "between", ["0", 6]), (Decimal(0), Decimal(6))),
        (one("property:2", "less", 12.5), Decimal("12.5")),
        (one("last_asked", "ago", "90"), 90),
        (one("created", "on", "2026-03-01"), date(2026, 3, 1)),
        (one("tags", "any_of", ["VIP", "vip ", "VIP"]), ("VIP", "vip")),
        (one("property:1", "is", "pro"), "Pro"),
        (one("owner", "is", 7), "7"),
        (one("trend", "is", "crossed_down"), "crossed_down"),
        (one("company", "empty"), None),
    ],
)
def test_what_is_written_is_read(written: dict[str, Any], value: object) -> None:
    assert parse(written, CATALOGUE).conditions[0].value == value


@pytest.mark.parametrize(
    "written",
    [
        one("company", "is", "Acme"),
        one("property:4", "between", ["0.0001", "899999999999999.9999"]),
        one("property:3", "after", "2026-12-31"),
        one("tags", "none_of", ["a", "b"]),
        one("last_asked", "empty"),
    ],
)
def test_the_stored_form_reads_back_the_same(written: dict[str, Any]) -> None:
    rules = parse(written, CATALOGUE)

    assert rules.stored() == written
    assert parse(rules.stored(), CATALOGUE) == rules


@pytest.mark.parametrize(
    ("field", "op", "value", "words"),
    [
        ("company", "is", "", "write what to look for"),
        ("company", "is", "x" * 201, "at most 200 letters"),
        ("company", "is", "a\0b", "write what to look for"),
        ("company", "less", "5", "choose how to compare"),
        ("company", "like", "5", "choose how to compare"),
        ("weight", "is", "5", "nothing called «weight»"),
        ("property:x", "is", "5", "nothing called «property:x»"),
        ("last_score", "is", "nan", "too large"),
        ("last_score", "is", "1e99", "too large"),
        ("last_score", "is", True, "write a number"),
        ("last_score", "is", "1.00001", "four decimals"),
        ("last_score", "between", ["6", "0"], "above the second"),
        ("last_score", "between", "6", "from which number"),
        ("last_asked", "ago", "-1", "a number of days"),
        ("last_asked", "ago", "0", "from 1 to"),
        ("last_asked", "within", "²", "a number of days"),
        ("created", "on", "31.12.2026", "write a day"),
        ("created", "on", "0001-01-01", "of the years"),
        ("created", "empty", None, "choose how to compare"),
        ("trend", "is", "falling", "choose one of the list"),
        ("tags", "any_of", [], "at least one tag"),
        ("tags", "any_of", "VIP", "at least one tag"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(
    field: str, op: str, value: Any, words: str
) -> None:
    assert words in faults_of(one(field, op, value))[0]


@pytest.mark.parametrize("written", [None, [], "all", {}, {"groups": {}}, {"groups": []}])
def test_what_are_no_rules_is_refused(written: Any) -> None:
    assert faults_of(written)


def test_every_fault_is_told_at_once_with_its_place() -> None:
    written = {
        "match": "some",
        "groups": [
            {"match": "all", "conditions": [{"field": "company", "op": "is", "value": ""}]},
            {"match": "all", "conditions": [5, {"field": "answers", "op": "is", "value": "x"}]},
        ],
    }

    with pytest.raises(BadRules) as caught:
        parse(written, CATALOGUE)

    assert [(one.group, one.condition) for one in caught.value.faults] == [
        (None, None),
        (0, 0),
        (1, 0),
        (1, 1),
    ]


def test_too_many_conditions_are_refused() -> None:
    condition = {"field": "company", "op": "filled"}

    assert faults_of({"groups": [{"conditions": [condition] * 21}]})
    assert faults_of({"groups": [{"conditions": [condition]}] * 11})


def test_empty_groups_are_left_out() -> None:
    filled = {"field": "company", "op": "filled"}
    written = {"groups": [{"conditions": []}, {"conditions": [filled]}]}

    assert len(parse(written, CATALOGUE).groups) == 1


def test_a_deleted_choice_is_lost_where_it_is_stored_and_a_fault_where_it_is_written() -> None:
    stored = one("property:1", "is_not", "Gone")

    assert read_stored(stored, CATALOGUE).are_lost
    assert "choose one of the list" in faults_of(stored)[0]


def test_a_deleted_property_is_lost_and_no_fault() -> None:
    rules = parse(one("property:99", "is_not", "x"), CATALOGUE)

    assert rules.are_lost
    assert rules_words(rules, CATALOGUE) == "A property that has been deleted: nobody fits"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (read("company", "is", "Acme"), "Company is Acme"),
        (read("company", "is_not", "Acme"), "Company is not Acme (or has none)"),
        (read("name", "not_contains", "x"), "Name does not contain x (or has none)"),
        (read("email", "not_contains", "x"), "Email address does not contain x"),
        (read("last_score", "between", [0, 6]), "Last score is 0 to 6"),
        (read("property:4", "greater", "12500.5"), "Fee is greater than 12,500.5 EUR"),
        (read("last_asked", "within", 90), "Last asked within the last 90 days"),
        (read("last_asked", "within", 1), "Last asked within the last 1 day"),
        (
            read("last_asked", "not_within", 90),
            "Last asked not within the last 90 days (or never)",
        ),
        (read("last_asked", "ago", 1), "Last asked more than 1 day ago"),
        (read("last_asked", "empty"), "Last asked never"),
        (read("created", "before", "2026-03-01"), "Added before 1 Mar 2026"),
        (read("property:3", "empty"), "Renewal is empty"),
        (read("tags", "any_of", ["VIP", "Gold"]), "Tags include any of VIP or Gold"),
        (read("owner", "is", "7"), "Looked after by is Jo Baker"),
        (read("silent", "is", "yes"), "Asked and not answered since"),
    ],
)
def test_a_condition_in_words(condition: Condition, words: str) -> None:
    assert condition_words(condition, CATALOGUE) == words


def test_groups_in_words_are_joined_as_they_must_hold() -> None:
    rules = parse(
        {
            "match": "all",
            "groups": [
                {
                    "match": "any",
                    "conditions": [
                        {"field": "company", "op": "is", "value": "Acme"},
                        {"field": "tags", "op": "any_of", "value": ["VIP"]},
                    ],
                },
                {
                    "match": "all",
                    "conditions": [{"field": "last_score", "op": "between", "value": [0, 6]}],
                },
            ],
        },
        CATALOGUE,
    )

    words = "(Company is Acme or tags include any of VIP) and last score is 0 to 6"
    assert rules_words(rules, CATALOGUE) == words


def test_every_field_offers_operators_in_words() -> None:
    offered = [op_words(field, op) for field in CATALOGUE.fields for op in field.ops]

    assert all(offered)
    assert "is not (or has none)" in offered
    assert isinstance(parse(one("company", "filled"), CATALOGUE), Rules)
    assert Op.EMPTY in CATALOGUE.fields[0].ops
