"""Erasing one person takes nothing from others who are called or written alike."""

from decimal import Decimal

import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import details_of, edit_contact
from nps_portal.contacts.models import Company, Contact, Tag
from nps_portal.imports.models import Import, ImportMapping, ImportRejection
from nps_portal.privacy.commands import erase_contact
from nps_portal.privacy.known_words import known_words
from tests.imports.test_import_page import import_customers
from tests.privacy.test_nothing_left import conditions_of, erase, segment_of
from tests.support import factories
from tests.support.client import PortalClient


def tagged(name: str, email: str, *tags: str, company: str = "") -> int:
    with factories.work() as work:
        contact_id = factories.make_contact(work, email, name=name, company=company).id
    with factories.work() as work:
        told = details_of(work.session.get_one(Contact, contact_id))
        edit_contact(work, contact_id, told.__class__(**(vars(told) | {"tags": tags})))
    return contact_id


def test_a_role_in_an_address_is_no_name(app: Flask) -> None:
    one = tagged("Ada Lovelace", "key.account@example.org", "Key Account", "Ada Lovelace fans")
    tagged("Per Olsen", "per@example.org", "Key Account", "Ada Lovelace fans")
    asked: list[object] = ["key account", "ada lovelace FANS"]
    segment = segment_of([{"field": "tags", "op": "any_of", "value": asked}])
    with factories.work() as work:
        assert known_words(work.session, [one]).names == {"Ada Lovelace"}

    erase(one)

    with factories.work() as work:
        names = set(work.session.scalars(sa.select(Tag.name)))
    assert "Key Account" in names
    (renamed,) = (name for name in names if name.startswith("(erased)"))
    assert conditions_of(segment) == [["key account", renamed]]


def test_a_name_that_is_only_guessed_leaves_the_tags_of_others(app: Flask) -> None:
    one = tagged("Ada Lovelace", "blue.river@example.org", "Blue River")
    tagged("Per Olsen", "per@example.org", "Blue River")

    erase(one)

    with factories.work() as work:
        assert work.session.scalars(sa.select(Tag.name)).all() == ["Blue River"]


def test_what_is_called_like_a_lone_tag_stays_in_other_conditions(app: Flask) -> None:
    one = tagged("Ada Berlin", "ada@example.org", "Berlin")
    tagged("Per Berlin", "per@example.org")
    segment = segment_of(
        [
            {"field": "name", "op": "contains", "value": "Berlin"},
            {"field": "tags", "op": "any_of", "value": ["Berlin"]},
        ]
    )

    erase(one)

    assert conditions_of(segment) == ["Berlin", ["(erased)"]]


def test_a_client_that_bears_the_whole_name_stays(app: Flask) -> None:
    with factories.work() as work:
        one = factories.make_contact(work, name="Ada Müller", company="Ada Müller AG").id
        work.session.scalars(sa.select(Company)).one().revenue = Decimal(1_000_000)

    erase(one)

    with factories.work() as work:
        assert work.session.scalars(sa.select(Company.name)).all() == ["Ada Müller AG"]


def test_a_mapping_keeps_its_words_unless_it_holds_the_person(
    app: Flask, owner: PortalClient
) -> None:
    rows = "Email,First Name,Opted out\nfirst.name@example.org,First Name,\n"
    import_customers(app, owner, rows.encode())
    with factories.work() as work:
        before = work.session.scalars(sa.select(ImportMapping.mapping)).all()
        one = work.session.scalars(sa.select(Contact.id)).one()

    with factories.work() as work:
        erase_contact(work, one)

    with factories.work() as work:
        assert work.session.scalars(sa.select(ImportMapping.mapping)).all() == before
        assert "First Name" in work.session.scalars(sa.select(Import.mapping)).one()["headers"]


def test_a_refused_row_of_another_stays(app: Flask, owner: PortalClient) -> None:
    rows = "Email,Name,City\nx,Ida Bond,Nürnberg\ny,Berg Ida,Bonn\nz,Bo,Ida_Berg\n"
    import_customers(app, owner, rows.encode())
    with factories.work() as work:
        one = factories.make_contact(work, "ida@example.org", name="Ida Berg").id

    erase(one)

    with factories.work() as work:
        cells = work.session.scalars(
            sa.select(ImportRejection.cells).order_by(ImportRejection.line)
        ).all()
    assert ["Nürnberg" in cells[0], *cells[1:]] == [True, "", ""]
