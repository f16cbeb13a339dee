"""Tags: one a spelling, put on and taken off many contacts at once."""

import pytest
from flask import Flask

from nps_portal.contacts.tags import (
    BadTag,
    add_tags,
    all_tags,
    ensure_tags,
    mark,
    remove_tags,
    tags_in,
    tags_of,
)
from nps_portal.foundation.database import reading
from nps_portal.journal.queries import events_of_contact
from tests.support import factories


def facts_of(contact_id: int) -> list[tuple[str, dict[str, object]]]:
    return [
        (event.kind, event.facts)
        for event in events_of_contact(reading(), contact_id)
        if event.kind != "contact.added"
    ]


def names_of(contact_id: int) -> list[str]:
    return [tag.name for tag in tags_of(reading(), [contact_id])[contact_id]]


def test_a_cell_lists_tags_parted_by_commas_each_once() -> None:
    assert tags_in(" VIP, vip ;Berlin  Mitte,, \n Pilot|") == ["VIP", "Berlin Mitte", "Pilot"]
    assert tags_in("") == []


def test_a_tag_that_is_too_long_is_refused_and_not_cut() -> None:
    assert tags_in("x" * 80) == ["x" * 80]
    with pytest.raises(BadTag, match="at most 80 characters"):
        tags_in("x" * 81)


def test_two_spellings_are_one_tag_and_the_first_stays(app: Flask) -> None:
    with factories.work() as work:
        first = ensure_tags(work, ["VIP"])

    with factories.work() as work:
        again = ensure_tags(work, [" vip ", "Berlin", "berlin"])

    assert again["vip"] == first["vip"]
    assert [tag.name for tag in all_tags(reading())] == ["Berlin", "VIP"]


def test_tags_are_added_once_and_who_gained_is_told(app: Flask) -> None:
    with factories.work() as work:
        ada, bob = factories.make_contact(work).id, factories.make_contact(work).id
        tags = ensure_tags(work, ["VIP", "Berlin"])
        first = add_tags(work, [ada], [tags["vip"]])

    with factories.work() as work:
        again = add_tags(work, [bob, ada, bob], [tags["vip"]])
        both = add_tags(work, [ada], tags.values())

    assert (first, again, both) == (1, 1, 1)
    assert names_of(ada) == ["Berlin", "VIP"]
    assert facts_of(ada) == [
        ("contact.tagged", {"tags": [tags["berlin"]]}),
        ("contact.tagged", {"tags": [tags["vip"]]}),
    ]
    assert facts_of(bob) == [("contact.tagged", {"tags": [tags["vip"]]})]


def test_tags_are_taken_off_only_from_those_who_have_them(app: Flask) -> None:
    with factories.work() as work:
        ada, bob = factories.make_contact(work).id, factories.make_contact(work).id
        tags = ensure_tags(work, ["VIP", "Berlin"])
        add_tags(work, [ada], tags.values())

    with factories.work() as work:
        lost = remove_tags(work, [ada, bob], [tags["vip"]])

    assert lost == 1
    assert names_of(ada) == ["Berlin"]
    assert facts_of(ada)[0] == ("contact.untagged", {"tags": [tags["vip"]]})
    assert facts_of(bob) == []


def test_each_of_many_is_marked_with_its_own_tags(app: Flask) -> None:
    with factories.work() as work:
        people = [factories.make_contact(work).id for _ in range(3)]
        tags = list(ensure_tags(work, [f"Tag {n}" for n in range(3)]).values())

        gained = mark(work, dict(zip(people, ([tags[0]], [], tags), strict=True)))

    assert gained == {people[0]: [tags[0]], people[2]: tags}
    assert facts_of(people[0]) == []
    assert names_of(people[2]) == ["Tag 0", "Tag 1", "Tag 2"]


def test_nothing_to_mark_is_nothing_done(app: Flask) -> None:
    with factories.work() as work:
        tags = ensure_tags(work, [])

        assert tags == {}
        assert add_tags(work, [], []) == 0
        assert remove_tags(work, [], [1]) == 0
