"""Properties of contacts: adding them, and writing what they hold, many at once."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import Contact, Property, PropertyKind, PropertyValue
from nps_portal.contacts.properties import (
    MOST_PROPERTIES,
    PropertyExists,
    PropertySpec,
    TooManyProperties,
    Value,
    add_property,
    ensure_properties,
    parse_value,
    properties,
    set_values,
    values_of,
)
from nps_portal.contacts.values import value_of
from nps_portal.foundation.database import reading
from tests.support import factories

PLAN = PropertySpec(name="Plan", kind=PropertyKind.CHOICE, choices=("Basic", "Pro"))
SEATS = PropertySpec(name="Seats", kind=PropertyKind.NUMBER)


def test_properties_stand_in_the_order_in_which_they_were_added(app: Flask) -> None:
    with factories.work() as work:
        add_property(work, SEATS, source="by hand")
        add_property(work, PLAN, source="by hand")

    assert [one.name for one in properties(reading())] == ["Seats", "Plan"]


def test_two_spellings_of_one_name_are_one_property(app: Flask) -> None:
    with factories.work() as work:
        add_property(work, PLAN, source="by hand")

        with pytest.raises(PropertyExists, match="There is a property named pLAN already"):
            add_property(work, replace(PLAN, name=" pLAN "), source="by hand")


def test_what_a_property_does_not_need_is_not_kept(app: Flask) -> None:
    with factories.work() as work:
        made = add_property(work, replace(SEATS, choices=("a",), currency="EUR"), source="import:1")

    assert (made.choices, made.currency, made.source) == ([], "", "import:1")


def test_an_import_makes_what_is_missing_and_leaves_what_is_there(app: Flask) -> None:
    with factories.work() as work:
        add_property(work, PLAN, source="by hand")

    with factories.work() as work:
        found = ensure_properties(
            work,
            [
                PropertySpec(name="plan", kind=PropertyKind.CHOICE, choices=("pro", "Gold")),
                PropertySpec(name="Seats", kind=PropertyKind.NUMBER),
                PropertySpec(name="SEATS", kind=PropertyKind.TEXT),
            ],
            source="import:1",
        )

    assert set(found) == {"plan", "seats"}
    assert [(one.name, one.kind) for one in properties(reading())] == [
        ("Plan", PropertyKind.CHOICE),
        ("Seats", PropertyKind.NUMBER),
    ]
    assert found["plan"].choices == ["Basic", "Pro", "Gold"]
    assert properties(reading())[0].choices == ["Basic", "Pro", "Gold"]


def test_there_is_an_end_to_properties(app: Flask) -> None:
    specs = [PropertySpec(name=f"P{n}", kind=PropertyKind.TEXT) for n in range(MOST_PROPERTIES)]
    with factories.work() as work:
        ensure_properties(work, specs, source="import:1")

    with factories.work() as work, pytest.raises(TooManyProperties, match="200"):
        add_property(work, PLAN, source="by hand")


def test_values_are_written_replaced_and_emptied(app: Flask) -> None:
    with factories.work() as work:
        ada = factories.make_contact(work).id
        plan = add_property(work, PLAN, source="by hand").id
        seats = add_property(work, SEATS, source="by hand").id
        set_values(work, {ada: {plan: value_of("Pro"), seats: value_of("3", Decimal(3))}})

    with factories.work() as work:
        set_values(work, {ada: {plan: None, seats: value_of("4.5", Decimal("4.5"))}})

    kept = values_of(reading(), [ada])[ada]
    assert set(kept) == {seats}
    assert (kept[seats].text, kept[seats].key, kept[seats].number) == ("4.5", "4.5", Decimal("4.5"))


def test_who_has_no_value_is_told_apart_from_nobody(app: Flask) -> None:
    with factories.work() as work:
        ada = factories.make_contact(work).id

    assert values_of(reading(), [ada]) == {ada: {}}
    assert values_of(reading(), []) == {}


def test_values_of_a_thousand_contacts_are_written_in_one_statement_a_kind(app: Flask) -> None:
    with factories.work() as work:
        specs = [PropertySpec(name=f"P{n}", kind=PropertyKind.NUMBER) for n in range(5)]
        ids = [one.id for one in ensure_properties(work, specs, source="test").values()]
        people = [
            Contact(
                email=f"c{n}@example.org",
                email_key=f"c{n}@example.org",
                created_at=work.now,
                changed_at=work.now,
            )
            for n in range(1000)
        ]
        work.session.add_all(people)
        work.session.flush()
        statements: list[str] = []
        sa.event.listen(
            work.session.connection(),
            "before_cursor_execute",
            lambda _1, _2, statement, *_: statements.append(statement),
        )
        number = parse_value(specs[0], "12.5")

        began = time.perf_counter()
        set_values(work, {person.id: dict.fromkeys(ids, number) for person in people})
        seconds = time.perf_counter() - began
        half: dict[int, Value | None] = dict.fromkeys(ids)
        set_values(work, {person.id: half for person in people[:500]})

    assert [statement.split()[0] for statement in statements] == ["INSERT", "DELETE"]
    assert reading().scalar(sa.select(sa.func.count()).select_from(PropertyValue)) == 2500
    assert seconds < 2, "5,000 values take some hundredths of a second"


def test_a_property_that_is_deleted_takes_its_values_along(app: Flask) -> None:
    with factories.work() as work:
        ada = factories.make_contact(work).id
        plan = add_property(work, PLAN, source="by hand").id
        set_values(work, {ada: {plan: value_of("Pro")}})

    with factories.work() as work:
        work.session.execute(sa.delete(Property).where(Property.id == plan))

    assert values_of(reading(), [ada]) == {ada: {}}
