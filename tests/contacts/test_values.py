"""What properties hold, read from what people and programs write."""

from decimal import Decimal

import pytest

from nps_portal.contacts.guessing import guess_kind
from nps_portal.contacts.models import PropertyKind
from nps_portal.contacts.values import (
    NO,
    YES,
    BadValue,
    Habits,
    PropertySpec,
    Value,
    habits_of,
    parse_value,
)
from nps_portal.contacts.written_numbers import plain_money, plain_number, read_number

TEXT = PropertySpec(name="Note", kind=PropertyKind.TEXT)
NUMBER = PropertySpec(name="Seats", kind=PropertyKind.NUMBER)
MONEY = PropertySpec(name="Revenue", kind=PropertyKind.MONEY, currency="EUR")
DATE = PropertySpec(name="Since", kind=PropertyKind.DATE)
YES_NO = PropertySpec(name="Newsletter", kind=PropertyKind.YES_NO)
CHOICE = PropertySpec(name="Plan", kind=PropertyKind.CHOICE, choices=("Basic", "Pro"))


def kept(spec: PropertySpec, written: str, habits: Habits | None = None) -> Value:
    value = parse_value(spec, written, habits or Habits())
    assert value is not None
    return value


@pytest.mark.parametrize("spec", [TEXT, NUMBER, MONEY, DATE, YES_NO, CHOICE])
def test_what_is_blank_is_no_value(spec: PropertySpec) -> None:
    assert parse_value(spec, " \u00a0\t\n") is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12", "12"),
        ("-3.5", "-3.5"),
        ("−3,5", "-3.5"),
        ("1.234,50", "1234.5"),
        ("1,234.50", "1234.5"),
        ("1 234,5", "1234.5"),
        ("1\u202f234,5", "1234.5"),
        ("1’234.50", "1234.5"),
        ("1.234.567", "1234567"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        ("0.125", "0.125"),
        (".5", "0.5"),
        ("12345.678", "12345.678"),
        ("1.25e3", "1250"),
        ("12 %", "12"),
        ("(12.50)", "-12.5"),
        ("12.50-", "-12.5"),
        ("0.00005", "0"),
    ],
)
def test_a_number_is_read_however_it_is_written(written: str, number: str) -> None:
    assert kept(NUMBER, written).number == Decimal(number)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1.234,50 €", "1234.5"),
        ("€1,234.50", "1234.5"),
        ("EUR 1.234", "1234"),
        ("1.234 €", "1234"),
        ("-€5", "-5"),
        ("€ 1.234,-", "1234"),
        ("1234.567", "1234.567"),
    ],
)
def test_money_is_read_with_its_currency_beside_it(written: str, number: str) -> None:
    assert kept(MONEY, written).number == Decimal(number)


@pytest.mark.parametrize(
    "written", ["twelve", "1,23,456", "1.2.3", "12 apples", "1e20", "--5", "€", "٣", "1/2"]
)
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(BadValue):
        parse_value(NUMBER, written)


def test_a_number_that_could_be_a_thousand_times_as_large_is_refused() -> None:
    with pytest.raises(BadValue, match=r"can mean 1234 or 1\.2340"):
        parse_value(NUMBER, "1.234")

    assert kept(NUMBER, "1.234", Habits(decimal_mark=".")).number == Decimal("1.234")
    assert kept(NUMBER, "1.234", Habits(decimal_mark=",")).number == Decimal(1234)


def test_money_in_another_currency_is_refused() -> None:
    with pytest.raises(BadValue, match="is not in EUR"):
        parse_value(MONEY, "$12")

    dollars = PropertySpec(name="Revenue", kind=PropertyKind.MONEY, currency="CAD")
    assert kept(dollars, "$12").number == Decimal(12)


@pytest.mark.parametrize("number", ["0", "-0", "7", "1234.5", "1.234", "-0.0001", "1000", "2.5"])
def test_a_kept_number_reads_as_itself(number: str) -> None:
    exact = Decimal(number)

    assert read_number(plain_number(exact)) == exact
    assert read_number(plain_money(exact)) == exact


def test_numbers_are_kept_plainly_and_amounts_with_their_cents() -> None:
    assert kept(NUMBER, "1.234,50").text == "1234.5"
    assert kept(MONEY, "1.234,50").text == "1234.50"
    assert kept(MONEY, "1.234 €").text == "1234"


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-31",
        "2026/12/31",
        "20261231",
        "2026-12-31T10:15:00Z",
        "2026-12-31 10:15:00.000+01:00",
        "31.12.2026",
        "31. 12. 2026",
        "31.12.26",
        "31/12/2026",
        "12/31/2026",
        "12/31/2026 3:15 PM",
        "31-12-2026",
        "31 Dec 2026",
        "December 31st, 2026",
        "31. Dezember 2026",
        "31 décembre 2026",
        "31 de diciembre de 2026",
        "31-Dec-2026",
    ],
)
def test_a_day_is_read_however_it_is_written(written: str) -> None:
    assert kept(DATE, written).text == "2026-12-31"


def test_a_day_that_could_be_another_is_refused_unless_its_column_tells() -> None:
    with pytest.raises(BadValue, match="can mean 2026-03-04 or 2026-04-03"):
        parse_value(DATE, "03/04/2026")

    assert kept(DATE, "03/04/2026", Habits(day_first=True)).text == "2026-04-03"
    assert kept(DATE, "03/04/2026", Habits(day_first=False)).text == "2026-03-04"
    assert kept(DATE, "03.04.2026").text == "2026-04-03"
    assert kept(DATE, "04/04/2026").text == "2026-04-04"


@pytest.mark.parametrize("written", ["2026-02-30", "31.06.2026", "0000-00-00", "soon", "32/13/26"])
def test_what_is_no_day_is_refused(written: str) -> None:
    with pytest.raises(BadValue, match="is not a day"):
        parse_value(DATE, written)


def test_two_digit_years_are_of_the_last_seventy_years_or_the_next() -> None:
    assert kept(DATE, "31.12.69").text == "2069-12-31"
    assert kept(DATE, "31.12.70").text == "1970-12-31"


def test_a_month_that_means_two_in_two_languages_is_refused() -> None:
    with pytest.raises(BadValue):
        parse_value(DATE, "3 listopad 2026")


@pytest.mark.parametrize("written", ["Yes", "ja", "OUI", "true", "x", "✓", "1"])
def test_yes_has_many_words(written: str) -> None:
    assert kept(YES_NO, written).text == "yes"


@pytest.mark.parametrize("written", ["No", "nein", "NON", "False", "0"])
def test_no_has_many_words(written: str) -> None:
    assert kept(YES_NO, written).text == "no"


def test_no_word_means_yes_and_no() -> None:
    assert frozenset() == YES & NO
    with pytest.raises(BadValue, match="neither yes nor no"):
        parse_value(YES_NO, "perhaps")


def test_a_choice_is_kept_as_it_is_spelled_in_the_list() -> None:
    assert kept(CHOICE, "  pRO ").text == "Pro"
    with pytest.raises(BadValue, match="is not one of: Basic, Pro"):
        parse_value(CHOICE, "Gold")


def test_a_text_is_one_line_of_what_can_be_shown() -> None:
    value = kept(TEXT, " Straße\n 1\x00\ud800 Cafe\u0301 ")

    assert value.text == "Straße 1 Café"
    assert value.key == "strasse 1 café"
    with pytest.raises(BadValue, match="1000"):
        parse_value(TEXT, "x" * 1001)


def test_a_column_tells_its_habits_where_its_cells_agree() -> None:
    assert habits_of(["3/4/2026", "12/31/2026"]) == Habits(day_first=False)
    assert habits_of(["3/4/2026", "31/12/2026"]) == Habits(day_first=True)
    assert habits_of(["31/12/2026", "12/31/2026"]) == Habits()
    assert habits_of(["1.234", "2,5"]) == Habits(decimal_mark=",")
    assert habits_of(["1.234", "2.25"]) == Habits(decimal_mark=".")
    assert habits_of(["1.234", "hello", ""]) == Habits()


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("Note", [], PropertyKind.TEXT),
        ("Note", ["", " "], PropertyKind.TEXT),
        ("Seats", ["1", "", "12"], PropertyKind.NUMBER),
        ("Weight", ["1.234", "2.5"], PropertyKind.NUMBER),
        ("Seats", ["1.234", "2.500"], PropertyKind.TEXT),
        ("Seats", ["1", "twelve"], PropertyKind.TEXT),
        ("Customer no.", ["1001", "1002"], PropertyKind.TEXT),
        ("Customer_ID", ["1001", "1002"], PropertyKind.TEXT),
        ("Area", ["01234", "56789"], PropertyKind.TEXT),
        ("Reached at", ["+49 123 456", "+43 1 234"], PropertyKind.TEXT),
        ("Since", ["2026-01-02", "31.12.2026"], PropertyKind.DATE),
        ("Since", ["3/4/2026", "12/31/2026"], PropertyKind.DATE),
        ("Since", ["3/4/2026", "5/6/2026"], PropertyKind.TEXT),
        ("Since", ["20260102", "20261231"], PropertyKind.NUMBER),
        ("Newsletter", ["yes", "No", ""], PropertyKind.YES_NO),
        ("Newsletter", ["x", ""], PropertyKind.YES_NO),
        ("Newsletter", ["j", "n"], PropertyKind.YES_NO),
        ("Initial", ["j", "t"], PropertyKind.TEXT),
        ("Children", ["0", "1", "1"], PropertyKind.NUMBER),
        ("Plan", ["Basic", "Pro", "Pro"] * 10, PropertyKind.CHOICE),
        ("Plan", ["Basic", "Pro", "Pro"], PropertyKind.TEXT),
        ("City", [f"City {n}" for n in range(40)], PropertyKind.TEXT),
    ],
)
def test_the_kind_of_a_column_is_guessed_and_is_text_in_doubt(
    name: str, cells: list[str], kind: PropertyKind
) -> None:
    assert guess_kind(name, cells).kind is kind


def test_money_is_guessed_with_its_currency() -> None:
    assert guess_kind("Revenue", ["1.234,50 €", "12 €"]).currency == "EUR"
    assert guess_kind("Revenue (GBP)", ["12", "13"]).currency == "GBP"
    assert guess_kind("Revenue (GBP)", ["12", "13"]).kind is PropertyKind.MONEY
    assert guess_kind("Revenue", ["12 €", "$13"]).kind is PropertyKind.TEXT


def test_guessed_choices_are_those_of_the_column() -> None:
    assert guess_kind(" Plan ", ["pro", "Basic", "Pro"] * 12) == PropertySpec(
        name="Plan", kind=PropertyKind.CHOICE, choices=("Basic", "pro")
    )
