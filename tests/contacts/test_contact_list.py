"""The list of contacts: filters, orders and pages, for few contacts and for many."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import ContactDetails, add_contact, pause_contact, remove_contact
from nps_portal.contacts.list_filters import ContactAddress, ListPlace
from nps_portal.contacts.listing import MOST_WALKED, PAGE_SIZE, ContactPage, contact_page
from nps_portal.contacts.models import Contact, SuppressionReason, Trend
from nps_portal.contacts.suppressions import suppress
from nps_portal.contacts.tags import add_tags, all_tags, ensure_tags
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Work
from tests.support import factories
from tests.support.client import PortalClient

MANY = 10_400
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def make(name: str, *tags: str, **known: Any) -> int:
    """Add a Contact of whom this is known and return the id."""
    local = re.sub(r"\W", "", name.lower())
    with factories.work() as work:
        told = ContactDetails(
            email=parse_email(f"{local}@example.org"),
            name=name,
            tags=tags,
            company=known.pop("company", ""),
            language=known.pop("language", ""),
            owner_id=known.pop("owner_id", None),
        )
        contact = add_contact(work, told, source="test")
        for column, value in known.items():
            setattr(contact, column, value)
        return contact.id


def found(place: ListPlace | None = None, **address: str) -> ContactPage:
    wanted = ContactAddress.of(address).to_filter()
    return contact_page(reading(), wanted, place or ListPlace(), NOW)


def names(place: ListPlace | None = None, **address: str) -> list[str]:
    return [contact.name for contact in found(place, **address).contacts]


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    """Give four people who differ in everything."""
    with factories.work() as work:
        owner_id = factories.make_owner(work).id
    return {
        "Ada": make(
            "Ada",
            "VIP",
            company="Analytics",
            language="en",
            owner_id=owner_id,
            last_score=10,
            trend=Trend.IMPROVING,
            last_answered_at=NOW - timedelta(days=3),
        ),
        "Bob": make(
            "Bob",
            "VIP",
            "Berlin",
            language="de",
            last_score=8,
            trend=Trend.NEW,
            last_answered_at=NOW - timedelta(days=1),
        ),
        "Cleo": make("Cleo", company="Analytics", last_score=0, last_answered_at=NOW),
        "Dan": make("Dan"),
        "owner": owner_id,
    }


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({}, ["Ada", "Bob", "Cleo", "Dan"]),
        ({"company": " ANALYTICS "}, ["Ada", "Cleo"]),
        ({"company": "Analy"}, []),
        ({"owner": "none"}, ["Bob", "Cleo", "Dan"]),
        ({"score": "promoter"}, ["Ada"]),
        ({"score": "passive"}, ["Bob"]),
        ({"score": "detractor"}, ["Cleo"]),
        ({"score": "none"}, ["Dan"]),
        ({"trend": "improving"}, ["Ada"]),
        ({"language": "de"}, ["Bob"]),
        ({"q": "ANALY ad"}, ["Ada"]),
        ({"q": "example.org b"}, ["Bob"]),
        ({"score": "nonsense", "trend": "nonsense", "tag": "x", "owner": "-1"}, None),
        ({"sort": "lowest"}, ["Cleo", "Bob", "Ada", "Dan"]),
        ({"sort": "highest"}, ["Ada", "Bob", "Cleo", "Dan"]),
        ({"sort": "answered"}, ["Cleo", "Bob", "Ada", "Dan"]),
        ({"sort": "newest"}, ["Dan", "Cleo", "Bob", "Ada"]),
    ],
)
def test_each_filter_and_order_finds_what_it_says(
    people: dict[str, int], address: dict[str, str], expected: list[str] | None
) -> None:
    everybody = ["Ada", "Bob", "Cleo", "Dan"]
    assert names(None, **address) == (everybody if expected is None else expected)


def test_tags_and_owners_filter_and_are_shown(people: dict[str, int]) -> None:
    vip = next(tag.id for tag in all_tags(reading()) if tag.name == "VIP")

    page = found(tag=str(vip))
    assert [contact.name for contact in page.contacts] == ["Ada", "Bob"]
    assert [tag.name for tag in page.tags[people["Bob"]]] == ["Berlin", "VIP"]
    assert names(owner=str(people["owner"])) == ["Ada"]
    assert page.owners == {people["owner"]: "Jo Baker"}
    assert names(tag=str(vip), score="passive", language="de") == ["Bob"]


def test_states_stand_apart(people: dict[str, int]) -> None:
    with factories.work() as work:
        remove_contact(work, people["Ada"])
        pause_contact(work, people["Bob"], NOW + timedelta(days=1))
        suppress(
            work,
            "cleo@example.org",
            SuppressionReason.UNSUBSCRIBED,
            source="link",
            contact_id=people["Cleo"],
        )

    assert names() == ["Bob", "Cleo", "Dan"]
    assert names(group="removed") == ["Ada"]
    assert names(group="paused") == ["Bob"]
    assert names(group="suppressed") == ["Cleo"]


def test_a_pause_that_is_over_is_no_state(people: dict[str, int]) -> None:
    with factories.work() as work:
        pause_contact(work, people["Bob"], NOW - timedelta(days=1))

    assert names(group="paused") == []


def test_letters_beyond_ascii_are_found_in_either_case(app: Flask) -> None:
    make("Émile")
    make("Zoë")

    assert names(q="émile") == ["Émile"]
    assert names(q="ZOË") == names(q="zoë") == ["Zoë"]


def test_letters_are_found_in_any_mix_of_cases(app: Flask) -> None:
    make("MÄX Öz")
    make("Max Oz")

    assert names(q="mäx") == names(q="Mäx öZ") == ["MÄX Öz"]


def test_a_whole_address_is_somebodys_alone_and_a_part_is_in_addresses_only(app: Flask) -> None:
    with factories.work() as work:
        factories.make_contact(work, "ann@acme.example", name="Ann")
        factories.make_contact(work, "joann@acme.example", name="Joann")
        factories.make_contact(work, "bo@other.example", name="bo@acme")

    assert names(q="Ann@Acme.example") == ["Ann"]
    assert names(q="ann@acme") == ["Ann", "Joann"]
    assert names(q="@acme") == ["Ann", "Joann"]
    assert names(q="oann@acme.example") == ["Joann"]


def test_the_marks_of_a_search_are_letters_like_others(app: Flask) -> None:
    make("100% Pure")
    make("1000 Pure")

    assert names(q="100%") == ["100% Pure"]
    assert names(q="_") == []


def insert_people(work: Work, numbers: range) -> None:
    """Insert people named by numbers; those with an odd one have a score."""
    work.session.execute(
        sa.insert(Contact),
        [
            {
                "email": f"p{number}@example.org",
                "email_key": f"p{number}@example.org",
                "name": f"Person {number:05}",
                "last_score": number % 11 if number % 2 else None,
                "created_at": work.now,
                "changed_at": work.now,
            }
            for number in numbers
        ],
    )


@pytest.fixture
def many(app: Flask) -> int:
    """Give so many contacts that the list is walked through; every tenth is tagged."""
    with factories.work() as work:
        insert_people(work, range(MANY))
        ids = work.session.scalars(sa.select(Contact.id).order_by(Contact.id)).all()
        tag = ensure_tags(work, ["Tenth"])["tenth"]
        add_tags(work, ids[::10], [tag])
    return tag


def test_a_long_list_is_walked_forward_and_back(many: int) -> None:
    first = found()
    assert first.found.next is not None
    second = found(first.found.next)
    assert second.found.next is not None
    third = found(second.found.next)
    assert third.found.previous is not None
    back = found(third.found.previous)
    assert back.found.previous is not None
    start = found(back.found.previous)

    assert first.found.total == MANY
    assert first.found.previous is None
    assert [one.name for one in third.contacts] == [f"Person {n:05}" for n in range(100, 150)]
    assert (third.found.first, back.found.first, start.found.first) == (101, 51, 1)
    assert back.found.ids == second.found.ids
    assert start.found.ids == first.found.ids
    assert start.found.previous is None


@pytest.mark.parametrize("sort", ["lowest", "highest", "newest"])
def test_every_order_is_walked_to_its_end_without_a_gap(many: int, sort: str) -> None:
    with factories.work() as work:
        work.session.execute(sa.delete(Contact).where(Contact.name > "Person 10205", ~tagged()))

    seen: list[int] = []
    place: ListPlace | None = ListPlace()
    while place is not None:
        page = found(place, sort=sort)
        seen += page.found.ids
        place = page.found.next

    scored = Contact.last_score.is_not(None) if sort != "newest" else sa.true()
    everybody = reading().scalar(sa.select(sa.func.count(Contact.id)).where(scored))
    assert len(seen) == len(set(seen)) == everybody


def tagged() -> sa.ColumnElement[bool]:
    return Contact.id.in_(sa.text("SELECT contact_id FROM contact_tags"))


def test_few_are_gathered_and_counted_among_many(many: int) -> None:
    page = found(ListPlace(page=2), tag=str(many))

    assert page.found.total == MANY // 10
    assert page.found.ids[0] == found(tag=str(many)).found.ids[0] + PAGE_SIZE * 10


def test_what_many_meet_is_walked_with_other_filters(many: int) -> None:
    page = found(q="person", score="none")

    assert page.found.total is None
    assert page.found.is_by_name
    assert [one.last_score for one in page.contacts] == [None] * PAGE_SIZE


def test_two_words_that_many_have_are_found_together(many: int) -> None:
    assert names(q="person 00077") == ["Person 00077"]
    assert names(q="example.org p77@") == ["Person 00077"]


def test_a_walk_ends_before_a_page_gets_slow_and_goes_on(many: int) -> None:
    last = MOST_WALKED + 100
    with factories.work() as work:
        insert_people(work, range(MANY, last))
        owner_id = factories.make_owner(work).id
        theirs = sa.or_(Contact.name < f"Person {last - 50:05}", Contact.last_score.is_not(None))
        work.session.execute(sa.update(Contact).where(theirs).values(owner_id=owner_id))

    cut = found(owner="none", score="none")
    assert cut.found.is_cut
    assert cut.found.ids == []
    assert cut.found.next is not None

    rest = found(cut.found.next, owner="none", score="none")
    assert [one.name for one in rest.contacts] == [
        f"Person {number:05}" for number in range(last - 50, last, 2)
    ]
    assert rest.found.next is None


def test_the_page_keeps_its_filters_in_the_links(owner: PortalClient, many: int) -> None:
    page = owner.get("/contacts?sort=newest&score=none").text
    following = re.search(r'href="([^"]*)" rel="next"', page)

    assert following is not None
    assert following[1].startswith("/contacts?score=none&amp;sort=newest&amp;after=")
    second = owner.get(following[1].replace("&amp;", "&")).text
    assert "51–100" in second
    assert 'rel="prev"' in second


def test_the_filter_bar_shows_what_is_asked_for(owner: PortalClient) -> None:
    make("Ada", "VIP", last_score=10)

    page = owner.get("/contacts?score=promoter&company=Nobody&sort=lowest").text

    assert '<option value="promoter" selected>Promoters</option>' in page
    assert '<option value="lowest" selected>Lowest score first</option>' in page
    assert 'name="company" value="Nobody"' in page
    assert "Nobody found" in page
    assert "VIP" in owner.get("/contacts").text
