"""Suggestions of records that are likely one person."""

import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import Company, CompanyDomain
from nps_portal.foundation.database import reading
from nps_portal.merges.commands import merge_contacts, say_distinct
from nps_portal.merges.finding import MOST_COMPARED, Likeness, suggestions
from tests.support import factories


def make(email: str, name: str = "", company: str = "") -> int:
    with factories.work() as work:
        return factories.make_contact(work, email, name=name, company=company).id


def found() -> list[tuple[int, int, Likeness]]:
    return [
        (one.first.id, one.second.id, one.likeness) for one in suggestions(reading(), 1).suggestions
    ]


def test_one_mailbox_is_suggested_and_others_are_not(app: Flask) -> None:
    first = make("anna@nordlys.example")
    second = make("anna+news@nordlys.example")
    make("bert@nordlys.example")

    assert found() == [(first, second, Likeness.ADDRESS)]


def test_a_name_counts_at_one_company_only(app: Flask) -> None:
    first = make("anna@nordlys.example", "Anna Berg", "Nordlys")
    second = make("a.b@example.org", "Berg, Anna", "NORDLYS")
    make("anna@example.org", "Anna Berg", "Another")
    make("berg@example.org", "Anna Berg")

    assert found() == [(first, second, Likeness.NAME)]


def test_one_local_part_at_the_domains_of_one_company_is_suggested(app: Flask) -> None:
    first = make("anna@nordlys.example", company="Nordlys")
    second = make("anna@nordlys.test")
    with factories.work() as work:
        company_id = work.session.scalars(sa.select(Company.id)).one()
        for domain in ("nordlys.example", "nordlys.test"):
            work.session.merge(CompanyDomain(domain=domain, company_id=company_id))

    assert found() == [(first, second, Likeness.ADDRESS)]


def test_of_several_alike_each_is_paired_once(app: Flask) -> None:
    ids = [make(f"anna+{tag}@nordlys.example", "Anna Berg", "Nordlys") for tag in "abc"]

    assert [pair[:2] for pair in found()] == [(ids[0], ids[1]), (ids[0], ids[2])]


def test_an_answer_is_remembered_and_the_next_pair_takes_its_place(app: Flask) -> None:
    ids = [make(f"anna+{tag}@nordlys.example") for tag in "abc"]
    with factories.work() as work:
        say_distinct(work, ids[2], ids[0])
        say_distinct(work, ids[0], ids[2])

    assert [pair[:2] for pair in found()] == [(ids[0], ids[1]), (ids[1], ids[2])]


def test_two_people_stay_two_when_one_of_them_is_merged(app: Flask) -> None:
    ids = [make(f"anna+{tag}@nordlys.example") for tag in "abc"]
    with factories.work() as work:
        say_distinct(work, ids[0], ids[2])
        merge_contacts(work, ids[1], ids[0])

    assert found() == []


def test_removed_ones_are_not_suggested(app: Flask) -> None:
    make("anna@nordlys.example")
    second = make("anna+news@nordlys.example")
    with factories.work() as work:
        remove_contact(work, second)

    assert found() == []


def test_only_so_many_are_compared_at_a_time(app: Flask) -> None:
    old = [make("anna@nordlys.example"), make("anna+1@nordlys.example")]
    with factories.work() as work:
        factories.make_crowd(work, MOST_COMPARED - 2)
    new = [make("bert@nordlys.example"), make("bert+1@nordlys.example")]

    newest = suggestions(reading(), 1)
    older = suggestions(reading(), 1, newest.older_before)

    assert [(one.first.id, one.second.id) for one in newest.suggestions] == [tuple(new)]
    assert [(one.first.id, one.second.id) for one in older.suggestions] == [tuple(old)]
