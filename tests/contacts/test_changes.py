"""What contacts said before they were changed by hand."""

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.bulk.acts import do_act
from nps_portal.bulk.models import BulkKind
from nps_portal.contacts.changes import ContactChange
from nps_portal.contacts.commands import (
    add_contact,
    details_of,
    edit_contact,
    remove_contact,
    upsert_contacts,
)
from nps_portal.contacts.details import ContactDetails
from nps_portal.contacts.erasures import anonymise
from nps_portal.contacts.models import ConsentBasis, Contact, PropertyKind
from nps_portal.contacts.properties import add_property, set_values
from nps_portal.contacts.property_changes import ChoiceChange, change_choices, delete_property
from nps_portal.contacts.values import PropertySpec, value_of
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work
from nps_portal.merges.commands import merge_contacts
from tests.support import factories

Line = tuple[str, str, str]


def kept(contact_id: int) -> list[Line]:
    """Return what is kept of a Contact: field, former text, new text."""
    rows = reading().execute(
        sa.select(ContactChange.field, ContactChange.former_text, ContactChange.new_text)
        .where(ContactChange.contact_id == contact_id)
        .order_by(ContactChange.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


@pytest.fixture
def ann(app: Flask) -> int:
    """Add Ann Lee of Acme."""
    with factories.work() as work:
        return factories.make_contact(work, "ann@example.org", name="Ann Lee", company="Acme").id


@pytest.fixture
def plan(app: Flask) -> int:
    """Add the property Plan: Gold or Basic."""
    with factories.work() as work:
        spec = PropertySpec(name="Plan", kind=PropertyKind.CHOICE, choices=("Gold", "Basic"))
        return add_property(work, spec, source="test").id


def told(contact_id: int) -> ContactDetails:
    return details_of(reading().get_one(Contact, contact_id))


def test_an_edit_keeps_what_each_field_said(ann: int, plan: int) -> None:
    changed = replace(
        told(ann),
        email=parse_email("anna@example.org"),
        name="Anna Lee",
        company="",
        language="de",
        decides=True,
        consent_basis=ConsentBasis.CONTRACT,
        consent_on=date(2026, 1, 31),
        values={plan: value_of("Gold")},
    )

    with unit_of_work(Actor(kind=ActorKind.USER, id=7)) as work:
        edit_contact(work, ann, changed)

    assert sorted(kept(ann)) == [
        ("company", "Acme", ""),
        ("consent_basis", "", "contract"),
        ("consent_on", "", "2026-01-31"),
        ("decides", "no", "yes"),
        ("email", "ann@example.org", "anna@example.org"),
        ("language", "", "de"),
        ("name", "Ann Lee", "Anna Lee"),
        ("property", "", "Gold"),
    ]
    one = reading().scalars(sa.select(ContactChange).where(ContactChange.field == "property")).one()
    assert (one.property_id, one.actor_kind, one.actor_id) == (plan, ActorKind.USER, 7)


def test_an_edit_that_changes_nothing_keeps_nothing(ann: int) -> None:
    with factories.work() as work:
        edit_contact(work, ann, told(ann))

    assert kept(ann) == []


def test_who_comes_back_with_other_details_keeps_the_former(ann: int, plan: int) -> None:
    with factories.work() as work:
        set_values(work, {ann: {plan: value_of("Gold")}})
        remove_contact(work, ann)
    details = replace(told(ann), name="A. Lee", company="Beta", values={plan: value_of("Basic")})

    with factories.work() as work:
        add_contact(work, details, source="by hand")

    assert sorted(kept(ann)) == [
        ("company", "Acme", "Beta"),
        ("name", "Ann Lee", "A. Lee"),
        ("property", "Gold", "Basic"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("company", "Beta", ("company", "Acme", "Beta")),
        ("company", "", ("company", "Acme", "")),
        ("language", "fr", ("language", "", "fr")),
        ("pays", "yes", ("pays", "no", "yes")),
        ("consent_basis", "consent", ("consent_basis", "", "consent")),
    ],
)
def test_an_act_on_many_keeps_what_each_said(ann: int, field: str, value: str, line: Line) -> None:
    with factories.work() as work:
        other = factories.make_contact(work, company="Gamma").id
        do_act(work, BulkKind.SET_FIELD, {"field": field, "value": value}, [ann, other])
        do_act(work, BulkKind.SET_FIELD, {"field": field, "value": value}, [ann, other])

    assert kept(ann) == [line]
    assert len(kept(other)) == 1


def test_an_act_on_very_many_keeps_it_for_each(app: Flask) -> None:
    with factories.work() as work:
        ids = factories.make_crowd(work, 60)
        do_act(work, BulkKind.SET_FIELD, {"field": "company", "value": "Beta"}, ids)

    rows = reading().execute(
        sa.select(ContactChange.contact_id, ContactChange.new_text).order_by(ContactChange.id)
    )
    assert rows.all() == [(one, "Beta") for one in ids]


def test_an_act_on_a_property_keeps_what_each_held(ann: int, plan: int) -> None:
    with factories.work() as work:
        set_values(work, {ann: {plan: value_of("Gold")}})
        other = factories.make_contact(work).id
        terms = {"field": f"property_{plan}", "value": "Basic"}
        do_act(work, BulkKind.SET_FIELD, terms, [ann, other])

    assert kept(ann) == [("property", "Gold", "Basic")]
    assert kept(other) == [("property", "", "Basic")]


def test_a_merge_keeps_what_gives_way(ann: int, plan: int) -> None:
    with factories.work() as work:
        other = factories.make_contact(work, name="Ann M. Lee")
        other.language = "fr"
        set_values(work, {ann: {plan: value_of("Gold")}, other.id: {plan: value_of("Basic")}})
        merge_contacts(work, ann, other.id)

    assert sorted(kept(ann)) == [
        ("language", "", "fr"),
        ("name", "Ann M. Lee", "Ann Lee"),
        ("property", "Basic", "Gold"),
    ]


def test_a_choice_that_is_taken_away_is_kept_with_who_had_it(ann: int, plan: int) -> None:
    with factories.work() as work:
        set_values(work, {ann: {plan: value_of("Gold")}})

    with factories.work() as work:
        change_choices(work, plan, ChoiceChange(renamed={"Gold": ""}), losing=["Gold"])

    assert kept(ann) == [("property", "Gold", "")]


def test_a_property_that_is_deleted_takes_its_former_values_along(ann: int, plan: int) -> None:
    with factories.work() as work:
        edit_contact(work, ann, replace(told(ann), values={plan: value_of("Gold")}))
    assert len(kept(ann)) == 1

    with factories.work() as work:
        delete_property(work, plan)

    assert kept(ann) == []


def test_what_comes_in_by_a_file_writes_nothing_here(ann: int) -> None:
    with factories.work() as work:
        upsert_contacts(work, [replace(told(ann), language="de")], source="import:1")

    assert reading().get_one(Contact, ann, populate_existing=True).language == "de"
    assert kept(ann) == []


def test_erasing_leaves_nothing_of_it(ann: int) -> None:
    with factories.work() as work:
        edit_contact(work, ann, replace(told(ann), name="Anna Lee"))
    with factories.work() as work:
        anonymise(work, work.session.get_one(Contact, ann))

    assert kept(ann) == []
