"""Choices, signs and properties through a whole import: what stands only in later rows counts."""

import io
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import (
    Contact,
    Property,
    PropertyKind,
    PropertyValue,
    Suppression,
    SuppressionReason,
)
from nps_portal.contacts.properties import PropertySpec, add_property
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import COMMAND_LINE
from nps_portal.imports.commands import choice_of, confirm_import
from nps_portal.imports.keeping import read_mapping, stored_mapping
from nps_portal.imports.mapping import Field, Mapping
from nps_portal.imports.models import Import, ImportState
from nps_portal.imports.previews import preview
from nps_portal.imports.taking_in import take_in
from nps_portal.imports.undo_commands import start_undo
from nps_portal.worker.loop import run_until_idle
from tests.support import factories

PLAN = PropertySpec(name="Plan", kind=PropertyKind.CHOICE, choices=("basic", "pro"))


def taken(text: str) -> int:
    return take_in(COMMAND_LINE, io.BytesIO(text.encode()), "customers.csv")


def imported(app: Flask, import_id: int, properties: dict[int, PropertySpec]) -> Import:
    with factories.work() as work:
        choice = choice_of(work.session.get_one(Import, import_id))
        mapping = replace(choice.mapping, properties=properties)
        confirm_import(work, import_id, replace(choice, mapping=mapping))
    run_until_idle(app)
    reading().rollback()
    return reading().get_one(Import, import_id)


def plans() -> list[tuple[str, str]]:
    rows = reading().execute(
        sa.select(Contact.email, PropertyValue.text)
        .join(PropertyValue, PropertyValue.contact_id == Contact.id)
        .order_by(Contact.id)
    )
    return [(email, text) for email, text in rows]


def test_a_choice_that_only_later_rows_have_is_learned(app: Flask) -> None:
    rows = [f"c{n}@example.org,{'basic' if n % 2 else 'pro'}" for n in range(1200)]
    import_id = taken(
        "Email,Plan\n" + "\n".join([*rows, "x@example.org,Gold", "y@example.org,gold"])
    )

    done = imported(app, import_id, {1: PLAN})

    assert (done.added, done.incomplete) == (1202, 0)
    assert plans()[-2:] == [("x@example.org", "Gold"), ("y@example.org", "Gold")]
    assert reading().scalars(sa.select(Property.choices)).one() == ["basic", "pro", "Gold"]


def test_the_preview_takes_further_choices_as_the_import_will(app: Flask) -> None:
    import_id = taken("Email,Plan\na@example.org,basic\nb@example.org,Gold\n")
    kept = reading().get_one(Import, import_id)
    choice = choice_of(kept)
    mapping = replace(choice.mapping, properties={1: PLAN})

    shown = preview(reading(), kept, replace(choice, mapping=mapping))

    assert (shown.new, shown.incomplete) == (2, 0)


def test_too_many_choices_make_a_text_and_lose_nothing(app: Flask) -> None:
    import_id = taken("Email,Plan\n" + "".join(f"c{n}@example.org,p{n}\n" for n in range(60)))

    done = imported(app, import_id, {1: PLAN})

    assert (done.added, done.incomplete) == (60, 0)
    assert reading().scalars(sa.select(Property.kind)).one() is PropertyKind.TEXT
    assert [text for _, text in plans()] == [f"p{n}" for n in range(60)]


def test_choices_that_the_owner_has_fixed_stay_and_the_cell_is_told(app: Flask) -> None:
    with factories.work() as work:
        add_property(work, replace(PLAN, choices=("basic",)), source="")
    import_id = taken("Email,Plan\na@example.org,basic\nb@example.org,Gold\n")

    done = imported(app, import_id, {1: PropertySpec(name="Plan", kind=PropertyKind.CHOICE)})

    assert (done.added, done.incomplete) == (2, 1)
    assert reading().scalars(sa.select(Property.choices)).one() == ["basic"]


def test_a_column_called_like_a_property_becomes_it(app: Flask) -> None:
    with factories.work() as work:
        add_property(work, PropertySpec(name="City", kind=PropertyKind.TEXT), source="")

    import_id = taken("Email,CITY,Zip\na@example.org,Oslo,0150\n")

    mapping = choice_of(reading().get_one(Import, import_id)).mapping
    assert {index: one.name for index, one in mapping.properties.items()} == {1: "City"}
    assert mapping.left_out() == ["Zip"]


def test_each_sign_suppresses_for_its_own_reason_and_undo_lifts_all(app: Flask) -> None:
    import_id = taken(
        "Email,Unsubscribed at,Bounced,Email Opt-in\n"
        "in@example.org,,no,yes\n"
        "left@example.org,2025-01-01,no,yes\n"
        "dead@example.org,,yes,yes\n"
        "never@example.org,,no,no\n"
        "both@example.org,2025-01-01,yes,no\n"
    )

    done = imported(app, import_id, {})

    rows = reading().execute(sa.select(Suppression.email_key, Suppression.reason))
    assert {key: reason for key, reason in rows} == {
        "left@example.org": SuppressionReason.UNSUBSCRIBED,
        "dead@example.org": SuppressionReason.HARD_BOUNCE,
        "never@example.org": SuppressionReason.UNSUBSCRIBED,
        "both@example.org": SuppressionReason.UNSUBSCRIBED,
    }
    assert done.suppressed == 4

    with factories.work() as work:
        start_undo(work, import_id)
    run_until_idle(app)

    reading().rollback()
    assert reading().get_one(Import, import_id).state is ImportState.UNDONE
    assert reading().scalar(sa.select(sa.func.count(Suppression.id))) == 0


def test_mappings_kept_before_there_were_several_signs_still_hold() -> None:
    stored = stored_mapping(Mapping(headers=("Mail", "Out"), columns={Field.EMAIL: 0}))
    stored["columns"]["opted_out"] = 1
    del stored["signs"]

    mapping = read_mapping(stored)

    assert (mapping.columns, mapping.signs) == ({Field.EMAIL: 0}, {1: Field.OPTED_OUT})


@pytest.mark.parametrize("field", [Field.OPTED_OUT, Field.BOUNCED, Field.OPTED_IN])
def test_several_columns_may_be_chosen_for_one_sign(field: Field) -> None:
    mapping = Mapping.from_choices(["Mail", "A", "B"], {0: Field.EMAIL, 1: field, 2: field})

    assert mapping.signs == {1: field, 2: field}
    assert mapping.choice_of(2) is field
