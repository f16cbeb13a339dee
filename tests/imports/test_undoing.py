"""Undo: everything is as it was before the import, but for what others have done since."""

import io
import itertools
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import (
    ContactDetails,
    edit_contact,
    remove_contact,
    restore_contact,
)
from nps_portal.contacts.company_commands import remove_company
from nps_portal.contacts.models import Contact, PropertyKind, SuppressionReason
from nps_portal.contacts.properties import PropertySpec, add_property, parse_value, set_values
from nps_portal.contacts.queries import contact_by_key, suppression_of
from nps_portal.contacts.suppressions import suppress, suppress_all
from nps_portal.contacts.tags import add_tags, ensure_tags, remove_tags, tags_of
from nps_portal.contacts.upserting import UpdateRule
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import Model, reading
from nps_portal.foundation.work import COMMAND_LINE, WORKER
from nps_portal.imports.commands import Choice, cancel_import, choice_of, confirm_import
from nps_portal.imports.mapping import Field, Mapping
from nps_portal.imports.models import Import, ImportState
from nps_portal.imports.pieces import PIECE_ROWS
from nps_portal.imports.queries import import_by_id, left_alone
from nps_portal.imports.running import next_import_id, run_import
from nps_portal.imports.taking_in import take_in
from nps_portal.imports.undo_commands import (
    NotUndoable,
    OvertakenUndo,
    finish_undo,
    start_undo,
    undo_some,
)
from nps_portal.journal.queries import events_of_contact
from nps_portal.privacy.commands import erase_contact
from nps_portal.worker.loop import run_until_idle
from tests.support import factories
from tests.support.clock import FixedClock

GOING = threading.Event()
# What an import and its Undo leave behind: that they were, and what was chosen.
OF_THE_IMPORT = (
    *("imports", "import_rejections", "import_mappings"),
    # The worker's own.
    *("heartbeats", "installations"),
)
REVENUE = PropertySpec(name="Revenue", kind=PropertyKind.MONEY, currency="EUR")
TEXT = (
    "Email,Name,Company,Language,Out,Tags,Revenue,Decides\n"
    "new@acme.example,New,Acme,de,,vip;new,1.250,yes\n"
    "bare@example.org,Filled,Bare Ltd,fr,,new,17,\n"
    "full@example.org,Other,Other,en,yes,vip,99,no\n"
    "gone@example.org,Gone,,it,,,,\n"
    "colleague@acme.example,Colleague,,,yes,,,\n"
    "bounced@example.org,Bounced,,,yes,,,\n"
    "bare@example.org,Filled,Bare Ltd,fr,,more,,yes\n"
    "rubbish,,,,,,,\n"
)


def dump() -> dict[str, list[Any]]:
    """Return the rows of all tables but those of imports themselves; of the journal no import."""
    reading().rollback()
    tables = {}
    for table in Model.metadata.sorted_tables:
        if table.name in OF_THE_IMPORT:
            continue
        rows = reading().execute(sa.select(table).order_by(*table.primary_key.columns)).all()
        tables[table.name] = [
            tuple(row)
            for row in rows
            if table.name != "events" or "import" not in str((row.kind, row.facts))
        ]
    return tables


def chosen(import_id: int, rule: UpdateRule, tags: tuple[str, ...] = ()) -> Choice:
    mapping = choice_of(found(import_id)).mapping
    headers = mapping.headers
    signs = {headers.index("Out"): Field.OPTED_OUT} if "Out" in headers else {}
    revenue = {headers.index("Revenue"): REVENUE} if "Revenue" in headers else {}
    return Choice(
        mapping=Mapping(headers=headers, columns=mapping.columns, signs=signs, properties=revenue),
        rule=rule,
        tags=tags,
    )


def imported(
    app: Flask, text: str = TEXT, rule: UpdateRule = UpdateRule.FILL, tags: tuple[str, ...] = ()
) -> int:
    import_id = take_in(COMMAND_LINE, io.BytesIO(text.encode()), "customers.csv")
    choice = chosen(import_id, rule, tags)
    with factories.work() as work:
        confirm_import(work, import_id, choice)
    run_until_idle(app)
    assert found(import_id).state is ImportState.FINISHED
    return import_id


def undone(app: Flask, import_id: int) -> Import:
    with factories.work() as work:
        start_undo(work, import_id)
    run_until_idle(app)
    assert found(import_id).state is ImportState.UNDONE
    return found(import_id)


def found(import_id: int) -> Import:
    reading().rollback()
    kept = import_by_id(reading(), import_id)
    assert kept is not None
    return kept


def contact(email: str) -> Contact:
    reading().rollback()
    known = contact_by_key(reading(), email)
    assert known is not None
    return known


def people(count: int) -> str:
    return "Email,Name\n" + "".join(f"c{n}@example.org,Person {n}\n" for n in range(count))


@pytest.fixture
def business(app: Flask) -> Flask:
    """Give a portal that knows some people already."""
    with factories.work() as work:
        factories.make_contact(work, "bare@example.org", name="")
        full = factories.make_contact(work, "full@example.org", name="Full", company="Full Ltd")
        gone = factories.make_contact(work, "gone@example.org", name="Gone")
        remove_contact(work, gone.id)
        factories.make_contact(work, "bounced@example.org")
        suppress_all(
            work, ["bounced@example.org"], SuppressionReason.HARD_BOUNCE, source="mail server"
        )
        add_tags(work, [full.id], list(ensure_tags(work, ["vip"]).values()))
        size = add_property(
            work, PropertySpec(name="Size", kind=PropertyKind.NUMBER), source="hand"
        )
        set_values(work, {full.id: {size.id: parse_value(size, "12,5")}})
    return app


@pytest.mark.parametrize("rule", list(UpdateRule))
def test_an_import_that_is_undone_has_never_been(
    business: Flask, rule: UpdateRule, clock: FixedClock
) -> None:
    before = dump()
    clock.advance(hours=1)
    import_id = imported(business, rule=rule, tags=("March",))
    during = dump()
    clock.advance(hours=1)

    done = undone(business, import_id)

    assert during["contacts"] != before["contacts"]
    assert during["suppressions"] != before["suppressions"]
    assert done.left_alone == 0
    assert dump() == before


def test_an_undo_with_overwritten_properties_restores_their_values(
    business: Flask, clock: FixedClock
) -> None:
    imported(business)
    before = dump()
    clock.advance(hours=1)
    second = imported(
        business,
        "Email,Revenue\nnew@acme.example,77.5\nbare@example.org,18\n",
        UpdateRule.OVERWRITE,
    )
    assert dump()["property_values"] != before["property_values"]

    undone(business, second)

    assert dump() == before


def test_who_was_edited_since_stays_with_the_newer_form(business: Flask, clock: FixedClock) -> None:
    import_id = imported(business)
    clock.advance(hours=1)
    new = contact("new@acme.example")
    bare = contact("bare@example.org")
    with factories.work() as work:
        for one in (new, bare):
            details = ContactDetails(
                email=parse_email(one.email), name="By hand", company="Acme", language="de"
            )
            edit_contact(work, one.id, details)

    done = undone(business, import_id)

    assert contact("new@acme.example").name == "By hand"
    kept = contact("bare@example.org")
    assert (kept.name, kept.company_name, kept.language) == ("By hand", "Acme", "de")
    reasons = {one.name: one.because for one in left_alone(reading(), import_id)}
    assert set(reasons) == {"By hand"}
    assert done.left_alone == 2
    listed = [one.because for one in left_alone(reading(), import_id)]
    assert "Somebody has worked with their record since." in listed
    assert any(one.startswith("Changed since: name, language, company") for one in listed)


def test_who_was_asked_since_stays(business: Flask) -> None:
    import_id = imported(business, people(3))
    with factories.work() as work:
        factories.make_business(work)
        factories.make_batch(work, [contact("c1@example.org")])
    run_until_idle(business)

    done = undone(business, import_id)

    assert (done.taken_back, done.left_alone) == (2, 1)
    assert contact("c1@example.org").name == "Person 1"
    assert contact_by_key(reading(), "c0@example.org") is None
    assert [one.because for one in left_alone(reading(), import_id)] == [
        "An email was made for them."
    ]


def test_a_tag_given_since_keeps_the_person(business: Flask) -> None:
    import_id = imported(business, people(2))
    with factories.work() as work:
        add_tags(work, [contact("c0@example.org").id], list(ensure_tags(work, ["x"]).values()))

    done = undone(business, import_id)

    assert (done.taken_back, done.left_alone) == (1, 1)


def test_the_persons_own_word_outlives_the_undo(business: Flask) -> None:
    import_id = imported(business)
    full = contact("full@example.org")
    with factories.work() as work:
        suppress(
            work,
            full.email_key,
            SuppressionReason.UNSUBSCRIBED,
            source="link",
            contact_id=full.id,
        )

    undone(business, import_id)

    kept = suppression_of(reading(), "full@example.org")
    assert kept is not None
    assert kept.source == "link"
    assert suppression_of(reading(), "colleague@acme.example") is None


@pytest.mark.parametrize(
    "reason", [SuppressionReason.BLOCKED_BY_HAND, SuppressionReason.HARD_BOUNCE]
)
def test_what_is_known_from_elsewhere_too_outlives_the_undo(
    business: Flask, reason: SuppressionReason
) -> None:
    import_id = imported(business)
    full = contact("full@example.org")
    with factories.work() as work:
        suppress(work, full.email_key, reason, source="elsewhere", contact_id=full.id)

    undone(business, import_id)

    kept = suppression_of(reading(), "full@example.org")
    assert kept is not None
    assert kept.source == "elsewhere"


def test_what_two_files_tell_outlives_the_undo_of_the_first(business: Flask) -> None:
    first, _second = imported(business), imported(business)

    undone(business, first)

    assert suppression_of(reading(), "full@example.org") is not None


def test_a_weaker_suppression_comes_back_as_it_was(business: Flask) -> None:
    import_id = imported(business)
    replaced = suppression_of(reading(), "bounced@example.org")
    assert replaced is not None
    assert replaced.reason is SuppressionReason.UNSUBSCRIBED

    undone(business, import_id)

    reading().rollback()
    kept = suppression_of(reading(), "bounced@example.org")
    assert kept is not None
    assert (kept.reason, kept.source) == (SuppressionReason.HARD_BOUNCE, "mail server")


def test_a_company_that_somebody_else_uses_stays(business: Flask) -> None:
    import_id = imported(business)
    with factories.work() as work:
        factories.make_contact(work, "other@example.org", name="Other", company="ACME")

    undone(business, import_id)

    assert contact("other@example.org").company_name == "Acme"


def test_the_timeline_tells_of_the_undo(business: Flask) -> None:
    import_id = imported(business)

    undone(business, import_id)

    kinds = [one.kind for one in events_of_contact(reading(), contact("bare@example.org").id)]
    assert kinds[0] == "contact.import_undone"
    assert "contact.updated" in kinds


def test_an_import_is_undone_once_and_only_when_it_has_ended(business: Flask) -> None:
    import_id = take_in(COMMAND_LINE, io.BytesIO(people(2).encode()), "customers.csv")
    with pytest.raises(NotUndoable), factories.work() as work:
        start_undo(work, import_id)
    ended = imported(business, people(1))
    undone(business, ended)

    with pytest.raises(NotUndoable), factories.work() as work:
        start_undo(work, ended)


def test_an_undo_goes_on_where_it_was_stopped(business: Flask) -> None:
    before = dump()
    import_id = imported(business, people(PIECE_ROWS + 5))
    with factories.work() as work:
        start_undo(work, import_id)
    stopping = threading.Event()

    run_import(import_id, WORKER, stopping, lambda _: stopping.set())
    halfway = found(import_id).taken_back
    waiting = next_import_id()
    run_import(import_id, WORKER, GOING)

    assert 0 < halfway < PIECE_ROWS
    assert waiting == import_id
    assert found(import_id).taken_back == PIECE_ROWS + 5
    assert dump() == before


def test_two_workers_take_each_change_back_once(business: Flask) -> None:
    import_id = imported(business, people(3))
    with factories.work() as work:
        start_undo(work, import_id)
    with factories.work() as work:
        assert undo_some(work, import_id) == 3
    run_import(import_id, WORKER, GOING)

    with pytest.raises(OvertakenUndo), factories.work() as work:
        undo_some(work, import_id)
    with factories.work() as work:
        assert not finish_undo(work, import_id)

    assert found(import_id).taken_back == 3


def test_a_cancelled_import_can_be_undone(business: Flask) -> None:
    before = dump()
    import_id = take_in(COMMAND_LINE, io.BytesIO(people(PIECE_ROWS + 1).encode()), "x.csv")
    with factories.work() as work:
        confirm_import(work, import_id, choice_of(found(import_id)))
    stopping = threading.Event()
    run_import(import_id, WORKER, stopping, lambda _: stopping.set())
    with factories.work() as work:
        cancel_import(work, import_id)

    undone(business, import_id)

    assert dump() == before


def test_a_person_brought_back_is_removed_again(business: Flask) -> None:
    import_id = imported(business)
    assert contact("gone@example.org").removed_at is None

    undone(business, import_id)

    assert contact("gone@example.org").removed_at is not None
    with factories.work() as work:
        restore_contact(work, contact("gone@example.org").id)


FIRST = (
    "Email,Name,Language,Company,Revenue,Out\n"
    "full@example.org,First,de,One,1,yes\nbare@example.org,First,,,1,yes\n"
)
SECOND = (
    "Email,Name,Company,Revenue,Out\n"
    "full@example.org,Second,Two,2,yes\nbare@example.org,Second,Two,2,yes\n"
)
THIRD = "Email,Name,Revenue\nfull@example.org,Third,3\nbare@example.org,Third,3\n"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_imports_undone_in_any_order_leave_what_was_there_before_all(
    business: Flask, clock: FixedClock, order: tuple[int, ...]
) -> None:
    before = dump()
    ids = []
    for text in (FIRST, SECOND, THIRD):
        clock.advance(hours=1)
        ids.append(imported(business, text, UpdateRule.OVERWRITE))

    left = [undone(business, ids[place]).left_alone for place in order]

    assert left == [0, 0, 0]
    assert dump() == before


def test_undoing_the_first_of_two_imports_keeps_what_the_second_says(
    business: Flask, clock: FixedClock
) -> None:
    first = imported(business, FIRST, UpdateRule.OVERWRITE)
    clock.advance(hours=1)
    imported(business, SECOND, UpdateRule.OVERWRITE)
    during = dump()["property_values"]

    undone(business, first)

    kept = contact("full@example.org")
    assert (kept.name, kept.company_name, kept.language) == ("Second", "Two", "")
    assert dump()["property_values"] == during


def test_what_was_set_by_hand_between_two_imports_comes_back(
    business: Flask, clock: FixedClock
) -> None:
    first = imported(business, THIRD, UpdateRule.OVERWRITE)
    full = contact("full@example.org")
    clock.advance(hours=1)
    with factories.work() as work:
        edit_contact(
            work, full.id, ContactDetails(email=parse_email(full.email), name="Hand", company="")
        )
    clock.advance(hours=1)
    second = imported(business, "Email,Name\nfull@example.org,Second\n", UpdateRule.OVERWRITE)

    undone(business, first)
    undone(business, second)

    assert contact("full@example.org").name == "Hand"
    [left] = left_alone(reading(), first)
    assert left.because == "Changed since: name."


def test_a_tag_that_a_later_import_gave_again_stays(business: Flask) -> None:
    first = imported(business, "Email,Tags\nfull@example.org,lead\n")
    full = contact("full@example.org")
    with factories.work() as work:
        remove_tags(work, [full.id], list(ensure_tags(work, ["lead"]).values()))
    imported(business, "Email,Tags\nfull@example.org,lead\n")

    undone(business, first)

    assert "lead" in [tag.name for tag in tags_of(reading(), [full.id])[full.id]]


def test_two_imports_of_new_people_undone_in_turn_leave_nobody(
    business: Flask, clock: FixedClock
) -> None:
    before = dump()
    first = imported(business, people(3))
    clock.advance(hours=1)
    second = imported(business, "Email,Name,Out\nc1@example.org,Other,yes\n", UpdateRule.OVERWRITE)

    undone(business, second)
    done = undone(business, first)

    assert done.left_alone == 0
    assert dump() == before


def test_who_was_added_and_changed_by_another_import_since_stays(business: Flask) -> None:
    first = imported(business, people(3))
    imported(business, "Email,Name\nc1@example.org,Other\n", UpdateRule.OVERWRITE)

    done = undone(business, first)

    assert (done.taken_back, done.left_alone) == (2, 1)
    [left] = left_alone(reading(), first)
    assert left.because == "Another import has changed their record since."
    assert contact("c1@example.org").name == "Other"


def test_who_was_erased_since_is_left_and_named_no_more(business: Flask) -> None:
    import_id = imported(business, people(3))
    with factories.work() as work:
        erase_contact(work, contact("c1@example.org").id)

    done = undone(business, import_id)

    assert (done.taken_back, done.left_alone) == (2, 1)
    [left] = left_alone(reading(), import_id)
    assert left.because == "The person was erased since."
    assert "c1" not in left.name


def test_ids_with_gaps_are_all_taken_back(business: Flask) -> None:
    before = dump()
    import_id = take_in(COMMAND_LINE, io.BytesIO(people(3 * PIECE_ROWS).encode()), "x.csv")
    with factories.work() as work:
        confirm_import(work, import_id, choice_of(found(import_id)))
    between: list[int] = []

    def somebody_comes(_: int) -> None:
        with factories.work() as work:
            number = len(between)
            between.append(factories.make_contact(work, f"between{number}@example.org").id)

    run_import(import_id, WORKER, GOING, somebody_comes)
    run_import(import_id, WORKER, GOING)
    done = undone(business, import_id)

    assert (done.undo_total, done.taken_back, done.left_alone) == (3_000, 3_000, 0)
    assert len(between) == 3
    assert len(dump()["contacts"]) == len(before["contacts"]) + 3


def test_a_company_that_is_gone_does_not_stop_the_undo(app: Flask) -> None:
    imported(app, "Email,Name,Company\nnew@example.org,Ann,Old\n")
    old = contact("new@example.org").company_id
    assert old is not None
    second = imported(app, "Email,Company\nnew@example.org,New\n", UpdateRule.OVERWRITE)
    with factories.work() as work:
        remove_company(work, old)

    undone(app, second)

    assert contact("new@example.org").company_id is None
    [left] = left_alone(reading(), second)
    assert left.because == "Changed since: company."
