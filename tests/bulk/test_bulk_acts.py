"""Acts on many contacts: each changes whom it should, says so, and survives a kill."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.bulk import running
from nps_portal.bulk.choice import BadChoice, Choice, chosen_count
from nps_portal.bulk.commands import PIECE, NumberChanged, begin_act, go_on
from nps_portal.bulk.models import BulkAct, BulkKind, BulkMember, BulkState
from nps_portal.bulk.running import next_act_id, run_act
from nps_portal.bulk.terms import BadTerms, read_terms
from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import ConsentBasis, Contact, ContactTag, PropertyKind, Tag
from nps_portal.contacts.properties import add_property, values_of
from nps_portal.contacts.tag_changes import delete_tag
from nps_portal.contacts.tags import add_tags, ensure_tags, tags_of
from nps_portal.contacts.values import PropertySpec
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import db, reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work
from nps_portal.journal.models import Event
from nps_portal.merges.commands import merge_contacts
from nps_portal.privacy.commands import erase_contact
from nps_portal.worker.loop import run_until_idle
from tests.support import factories

LANGUAGES = {"de": "German"}


@pytest.fixture
def people(app: Flask) -> list[int]:
    """Give the ids of three contacts and an owner who acts."""
    with factories.work() as work:
        factories.make_owner(work)
        return [factories.make_contact(work, name=f"Person {n}zz").id for n in range(3)]


def begin(choice: Choice, terms: Mapping[str, str], shown: int | None = None) -> int:
    read = read_terms(reading(), terms, LANGUAGES)
    count = chosen_count(reading(), choice, current_clock().now()) if shown is None else shown
    reading().rollback()
    with unit_of_work(Actor(kind=ActorKind.USER, id=1)) as work:
        return begin_act(work, choice, read, count).id


def do(ids: list[int], **terms: str) -> BulkAct:
    act_id = begin(Choice(contact_ids=tuple(ids)), terms)
    run_act(act_id)
    return reading().get_one(BulkAct, act_id, populate_existing=True)


def contact(contact_id: int) -> Contact:
    return reading().get_one(Contact, contact_id, populate_existing=True)


def events(kind: str) -> list[tuple[int | None, Any, Any]]:
    rows = reading().execute(
        sa.select(Event.contact_id, Event.actor_id, Event.facts)
        .where(Event.kind == kind)
        .order_by(Event.id)
    )
    return [tuple(row) for row in rows]


def test_tags_are_added_and_taken_away(people: list[int]) -> None:
    with factories.work() as work:
        add_tags(work, people[:1], ensure_tags(work, ["vip"]).values())

    act = do(people[:2], kind="tag", tags="VIP, spring")

    assert (act.state, act.done, act.changed) == (BulkState.FINISHED, 2, 2)
    assert [[tag.name for tag in tags_of(reading(), [one])[one]] for one in people] == [
        ["spring", "vip"],
        ["spring", "vip"],
        [],
    ]
    assert do(people, kind="untag", tags="vip, unheard-of").changed == 2
    assert [tag.name for tag in tags_of(reading(), people)[people[0]]] == ["spring"]
    assert "unheard-of" not in reading().scalars(sa.select(Tag.name)).all()


def test_an_owner_is_assigned_and_taken_away(people: list[int]) -> None:
    do(people[:2], kind="assign", owner_id="1")

    assert [contact(one).owner_id for one in people] == [1, 1, None]
    assert [event[:2] for event in events("contact.assigned")] == [(people[0], 1), (people[1], 1)]
    assert do(people, kind="assign", owner_id="").changed == 2


@pytest.mark.parametrize(
    ("terms", "column", "value", "name"),
    [
        ({"field": "language", "value": "de"}, "language", "de", "language"),
        ({"field": "company", "value": "Nordlys  AS"}, "company_name", "Nordlys AS", "company"),
        ({"field": "pays", "value": "yes"}, "pays", True, "roles"),
        (
            {"field": "consent_basis", "value": "contract", "since": "2026-01-31"},
            "consent_basis",
            ConsentBasis.CONTRACT,
            "consent",
        ),
    ],
)
def test_one_field_is_set(
    people: list[int], terms: dict[str, str], column: str, value: object, name: str
) -> None:
    act = do(people[:2], kind="set_field", **terms)

    assert act.changed == 2
    assert [getattr(contact(one), column) == value for one in people] == [True, True, False]
    told = {"fields": [name], "properties": []}
    assert events("contact.edited") == [(one, 1, told) for one in people[:2]]
    assert do(people[:2], kind="set_field", **terms).changed == 0


def test_an_own_property_is_set_and_emptied(people: list[int]) -> None:
    with factories.work() as work:
        one = add_property(work, PropertySpec(name="Sum", kind=PropertyKind.NUMBER), source="")
    field = f"property_{one.id}"

    assert do(people[:2], kind="set_field", field=field, value="1234.50").changed == 2
    assert values_of(reading(), people)[people[0]][one.id].text == "1234.5"
    assert do(people, kind="set_field", field=field, value="").changed == 2
    assert values_of(reading(), people)[people[0]] == {}


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "set_field", "field": "email", "value": "a@example.org"},
        {"kind": "set_field", "field": "source", "value": "x"},
        {"kind": "set_field", "field": "last_score", "value": "10"},
        {"kind": "set_field", "field": "created_at", "value": "2020-01-01"},
        {"kind": "set_field", "field": "erased_at", "value": ""},
        {"kind": "set_field", "field": "property_4711", "value": "x"},
        {"kind": "set_field", "field": "language", "value": "tlh"},
        {"kind": "set_field", "field": "pays", "value": ""},
        {"kind": "set_field", "field": "consent_basis", "value": "", "since": "2026-01-31"},
        {"kind": "assign", "owner_id": "4711"},
        {"kind": "tag", "tags": " , "},
        {"kind": "suppress"},
        {},
    ],
)
def test_what_cannot_be_set_for_many_is_refused(people: list[int], terms: dict[str, str]) -> None:
    with pytest.raises(BadTerms):
        read_terms(reading(), terms, LANGUAGES)


def test_people_are_removed_once(people: list[int]) -> None:
    with factories.work() as work:
        remove_contact(work, people[0])

    act_id = begin(Choice(filter={}), {"kind": "remove"})
    run_act(act_id)

    assert reading().get_one(BulkAct, act_id).changed == 2
    assert all(contact(one).removed_at for one in people)
    assert [event[0] for event in events("contact.removed")] == people


def test_people_are_erased(people: list[int]) -> None:
    do(people[:2], kind="erase")

    assert [contact(one).erased_at is not None for one in people] == [True, True, False]


def test_who_is_erased_meanwhile_is_passed_over(people: list[int]) -> None:
    act_id = begin(Choice(contact_ids=tuple(people)), {"kind": "tag", "tags": "vip"})
    with factories.work() as work:
        erase_contact(work, people[1])

    run_act(act_id)

    act = reading().get_one(BulkAct, act_id, populate_existing=True)
    assert (act.done, act.changed) == (3, 2)


def test_erasing_an_alias_among_many_does_not_erase_who_it_stands_for(people: list[int]) -> None:
    act_id = begin(Choice(contact_ids=tuple(people[:1])), {"kind": "erase"})
    with factories.work() as work:
        merge_contacts(work, people[1], people[0])

    run_act(act_id)

    assert [contact(one).erased_at for one in people] == [None, None, None]
    removed = Choice(filter={"group": "removed"})
    assert chosen_count(reading(), removed, current_clock().now()) == 0


def test_who_was_merged_meanwhile_is_not_written_to(people: list[int]) -> None:
    act_id = begin(Choice(contact_ids=tuple(people[:1])), {"kind": "tag", "tags": "vip"})
    with factories.work() as work:
        merge_contacts(work, people[1], people[0])

    run_act(act_id)

    assert reading().scalars(sa.select(ContactTag.contact_id)).all() == []


def test_a_tag_that_is_deleted_meanwhile_is_given_to_nobody(people: list[int]) -> None:
    act_id = begin(Choice(contact_ids=tuple(people)), {"kind": "tag", "tags": "vip"})
    with factories.work() as work:
        delete_tag(work, work.session.scalars(sa.select(Tag.id)).one())

    run_act(act_id)

    assert reading().get_one(BulkAct, act_id, populate_existing=True).changed == 0


def test_a_filter_finds_the_same_as_the_list(people: list[int]) -> None:
    with factories.work() as work:
        add_tags(work, people[:2], ensure_tags(work, ["vip"]).values())
        tag_id = work.session.scalars(sa.select(Tag.id)).one()
        remove_contact(work, people[0])

    now = current_clock().now()
    for given, count in (
        ({"all": "1"}, 2),
        ({"all": "1", "tag": str(tag_id)}, 1),
        ({"all": "1", "q": "person 2zz"}, 1),
        ({"all": "1", "q": "nobody"}, 0),
    ):
        assert chosen_count(reading(), Choice.of(given, []), now) == count


def test_another_number_than_was_shown_changes_nothing(people: list[int]) -> None:
    with pytest.raises(NumberChanged) as fault:
        begin(Choice(filter={}), {"kind": "remove"}, shown=2)

    assert fault.value.found == 3
    assert reading().scalar(sa.select(sa.func.count(BulkAct.id))) == 0
    assert reading().scalar(sa.select(sa.func.count(BulkMember.contact_id))) == 0


@pytest.mark.parametrize(
    ("given", "ids"),
    [({}, []), ({}, ["x"]), ({"segment_id": "-1"}, []), ({}, ["1"] * 5_001)],
)
def test_nobody_can_be_read_out_of_rubbish(given: dict[str, str], ids: list[str]) -> None:
    with pytest.raises(BadChoice):
        Choice.of(given, ids)


def test_a_killed_worker_repeats_nothing(people: list[int]) -> None:
    with factories.work() as work:
        people += factories.make_crowd(work, PIECE)
    # What is set is also what the filter asks for: the people must not slip away.
    act_id = begin(Choice(filter={"owner": "none"}), {"kind": "assign", "owner_id": "1"})
    with factories.work() as work:
        assert go_on(work, act_id) == PIECE
    assert next_act_id(reading()) == act_id

    assert run_act(act_id) == 3

    assert {contact(one).owner_id for one in people} == {1}
    assert reading().get_one(BulkAct, act_id, populate_existing=True).choice == {}
    assert sorted(event[0] or 0 for event in events("contact.assigned")) == sorted(people)
    assert next_act_id(reading()) is None
    assert run_act(act_id) == 0


def test_the_worker_does_what_is_left(app: Flask, people: list[int]) -> None:
    act_id = begin(Choice(filter={}), {"kind": "tag", "tags": "vip"})

    run_until_idle(app)

    act = reading().get_one(BulkAct, act_id, populate_existing=True)
    assert (act.state, act.done, act.changed) == (BulkState.FINISHED, 3, 3)


def test_many_wait_for_the_worker_and_few_do_not(people: list[int]) -> None:
    act = BulkAct(kind=BulkKind.TAG, total=running.AT_ONCE)
    assert running.runs_at_once(act)
    act.total += 1
    assert not running.runs_at_once(act)
    assert not running.runs_at_once(BulkAct(kind=BulkKind.ERASE, total=21))


def test_two_workers_share_an_act(app: Flask, people: list[int]) -> None:
    with factories.work() as work:
        people += factories.make_crowd(work, 2 * PIECE)
    act_id = begin(Choice(filter={}), {"kind": "tag", "tags": "vip"})
    done: list[int] = []
    start = threading.Barrier(2)

    def work_on_it() -> None:
        with app.app_context():
            start.wait(10)
            done.append(run_act(act_id))
            db.session.remove()

    threads = [threading.Thread(target=work_on_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sum(done) == len(people)
    assert [event[0] for event in events("contact.tagged")] == people
