"""Adding, editing, removing and importing contacts; addresses that are left alone for good."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.commands import (
    ContactDetails,
    ContactExists,
    add_contact,
    details_of,
    edit_contact,
    remove_contact,
    restore_contact,
    upsert_contacts,
)
from nps_portal.contacts.erasures import anonymise
from nps_portal.contacts.models import (
    Company,
    ConsentBasis,
    Contact,
    PropertyKind,
    Suppression,
    SuppressionReason,
)
from nps_portal.contacts.owners import assign_contacts
from nps_portal.contacts.properties import PropertySpec, add_property, values_of
from nps_portal.contacts.queries import contact_by_id, contact_by_key, suppression_of
from nps_portal.contacts.suppressions import suppress, suppress_all
from nps_portal.contacts.tags import ensure_tags, tags_of
from nps_portal.contacts.values import value_of
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.journal.queries import events_of_contact
from tests.support import factories
from tests.support.clock import FixedClock

UNSUBSCRIBED = SuppressionReason.UNSUBSCRIBED


def details(email: str, **told: Any) -> ContactDetails:
    return ContactDetails(email=parse_email(email), **told)


def stored(email: str) -> Contact:
    contact = contact_by_key(reading(), parse_email(email).key)
    assert contact is not None
    return contact


def kinds_of(contact_id: int) -> list[str]:
    return [event.kind for event in events_of_contact(reading(), contact_id)]


def test_two_spellings_of_one_address_are_one_contact(app: Flask) -> None:
    with factories.work() as work:
        first = factories.make_contact(work, "Ada@Example.org")

        with pytest.raises(ContactExists) as taken:
            add_contact(work, details("ada@example.ORG"), source="test")

    assert taken.value.contact_id == first.id


def test_adding_a_removed_contact_brings_it_back_with_what_was_known(app: Flask) -> None:
    with factories.work() as work:
        first = factories.make_contact(
            work, "ada@example.org", name="Ada Byron", company="Analytics"
        )
        remove_contact(work, first.id)

    with factories.work() as work:
        again = add_contact(work, details("ada@example.org", name="Ada Lovelace"), source="by hand")

    assert again.id == first.id
    found = stored("ada@example.org")
    assert found.removed_at is None
    assert (found.name, found.first_name, found.company_name) == (
        "Ada Lovelace",
        "Ada",
        "Analytics",
    )
    assert kinds_of(first.id) == ["contact.restored", "contact.removed", "contact.added"]


def test_editing_replaces_what_was_known_and_may_empty_it(app: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, "ada@example.org", name="Ada", company="Analytics")

    with factories.work() as work:
        edit_contact(work, contact.id, details("ada@example.org", name="Ada Lovelace"))

    found = stored("ada@example.org")
    assert (found.name, found.first_name, found.company) == ("Ada Lovelace", "", None)


def test_editing_to_the_address_of_another_is_refused(app: Flask) -> None:
    with factories.work() as work:
        ada = factories.make_contact(work, "ada@example.org")
        bob = factories.make_contact(work, "bob@example.org")

    with pytest.raises(ContactExists) as taken, factories.work() as work:
        edit_contact(work, bob.id, details("ADA@example.org"))

    assert taken.value.contact_id == ada.id
    assert stored("bob@example.org").id == bob.id


def test_companies_are_one_whatever_their_spaces_and_capitals(app: Flask) -> None:
    with factories.work() as work:
        factories.make_contact(work, company="Berg GmbH")
        factories.make_contact(work, company=" berg  gmbh")

    assert reading().scalars(sa.select(Company.name)).all() == ["Berg GmbH"]


def test_removing_twice_is_removing_once(app: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work)

    for _ in range(2):
        with factories.work() as work:
            remove_contact(work, contact.id)

    assert kinds_of(contact.id) == ["contact.removed", "contact.added"]


def test_an_import_fills_gaps_and_overwrites_nothing(app: Flask) -> None:
    with factories.work() as work:
        add_contact(work, details("ada@example.org", name="Ada"), source="by hand")

    with factories.work() as work:
        result = upsert_contacts(
            work,
            [details("ada@example.org", name="A. L.", company="Analytics", language="en")],
            source="import:1",
        )

    found = stored("ada@example.org")
    assert (found.name, found.company_name, found.language) == ("Ada", "Analytics", "en")
    assert (len(result.added), len(result.updated), result.unchanged) == (0, 1, 0)
    assert found.source == "by hand"


def test_rows_of_one_address_in_a_file_complete_each_other(app: Flask) -> None:
    with factories.work() as work:
        result = upsert_contacts(
            work,
            [
                details("ada@example.org", name="Ada"),
                details("ADA@example.org", name="Ada Two", company="Analytics"),
                details("bob@example.org"),
            ],
            source="import:1",
        )

    assert (len(result.added), len(result.updated), result.unchanged) == (2, 0, 1)
    found = stored("ada@example.org")
    assert (found.name, found.company_name) == ("Ada", "Analytics")


def test_an_import_brings_a_removed_contact_back_and_says_so(app: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, "ada@example.org")
        remove_contact(work, contact.id)

    with factories.work() as work:
        upsert_contacts(work, [details("ada@example.org")], source="import:1")

    assert stored("ada@example.org").removed_at is None
    assert kinds_of(contact.id)[0] == "contact.restored"


def test_a_suppression_survives_removal_import_and_return(app: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, "ada@example.org")
        suppress(work, contact.email_key, UNSUBSCRIBED, source="link", contact_id=contact.id)
        remove_contact(work, contact.id)
        upsert_contacts(work, [details("ada@example.org", name="Ada")], source="import:1")
        remove_contact(work, contact.id)
        restore_contact(work, contact.id)

    kept = suppression_of(reading(), "ada@example.org")
    assert kept is not None
    assert (kept.reason, kept.source) == (UNSUBSCRIBED, "link")


def test_who_unsubscribed_is_not_mailed_at_a_new_address_either(app: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, "ada@example.org")
        suppress(work, contact.email_key, UNSUBSCRIBED, source="link", contact_id=contact.id)

    with factories.work() as work:
        edit_contact(work, contact.id, details("ada@new.example"))

    kept = {row.email_key: row.reason for row in reading().scalars(sa.select(Suppression))}
    assert kept == {"ada@example.org": UNSUBSCRIBED, "ada@new.example": UNSUBSCRIBED}


def test_a_new_address_mends_one_that_does_not_exist(app: Flask) -> None:
    bounced = SuppressionReason.HARD_BOUNCE
    with factories.work() as work:
        contact = factories.make_contact(work, "ada@exmple.org")
        suppress(work, contact.email_key, bounced, source="bounce", contact_id=contact.id)

    with factories.work() as work:
        edit_contact(work, contact.id, details("ada@example.org"))

    assert suppression_of(reading(), "ada@example.org") is None
    assert suppression_of(reading(), "ada@exmple.org") is not None


def test_the_first_reason_of_a_suppression_stays(app: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, "ada@example.org")
        first = suppress(work, contact.email_key, UNSUBSCRIBED, source="link", contact_id=None)

    with factories.work() as work:
        again = suppress_all(
            work,
            ["ada@example.org", "bob@example.org"],
            SuppressionReason.COMPLAINT,
            source="import:1",
        )

    assert first is True
    assert again == 1
    kept = suppression_of(reading(), "ada@example.org")
    assert kept is not None
    assert kept.reason is UNSUBSCRIBED


def facts_of(contact_id: int) -> list[tuple[str, dict[str, Any]]]:
    return [
        (event.kind, event.facts)
        for event in events_of_contact(reading(), contact_id)
        if event.kind != "contact.added"
    ]


def test_an_edit_says_which_fields_changed_and_never_what_they_held(app: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, "ada@example.org", name="Ada Byron")
        plan = add_property(
            work, PropertySpec(name="Plan", kind=PropertyKind.TEXT), source="test"
        ).id

    with factories.work() as work:
        told = details_of(stored("ada@example.org"))
        edit_contact(
            work,
            contact.id,
            replace(
                told,
                name="Ada Lovelace",
                company="Analytics",
                consent_basis=ConsentBasis.CONTRACT,
                consent_on=date(2026, 1, 2),
                decides=True,
                values={plan: value_of("Pro")},
            ),
        )

    assert facts_of(contact.id) == [
        (
            "contact.edited",
            {"fields": ["company", "consent", "name", "roles"], "properties": [plan]},
        )
    ]
    found = stored("ada@example.org")
    assert (found.consent_basis, found.consent_on) == (ConsentBasis.CONTRACT, date(2026, 1, 2))
    assert (found.decides, found.pays, found.uses) == (True, False, False)
    assert values_of(reading(), [contact.id])[contact.id][plan].text == "Pro"


def test_an_edit_that_changes_nothing_leaves_no_trace(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, "ada@example.org", company="Analytics")
    before = stored("ada@example.org").changed_at
    clock.advance(hours=1)

    with factories.work() as work:
        edit_contact(work, contact.id, details_of(stored("ada@example.org")))

    assert facts_of(contact.id) == []
    assert stored("ada@example.org").changed_at == before


def test_tags_and_owner_have_words_of_their_own_in_the_history(app: Flask) -> None:
    with factories.work() as work:
        owner = factories.make_owner(work).id
        contact = add_contact(work, details("ada@example.org", tags=("VIP",)), source="test")
        vip = ensure_tags(work, ["VIP"])["vip"]

    with factories.work() as work:
        told = replace(details_of(stored("ada@example.org")), owner_id=owner, tags=("Berlin",))
        edit_contact(work, contact.id, told)
        berlin = ensure_tags(work, ["Berlin"])["berlin"]

    assert facts_of(contact.id) == [
        ("contact.untagged", {"tags": [vip]}),
        ("contact.tagged", {"tags": [berlin]}),
        ("contact.assigned", {"owner_id": owner, "former_owner_id": None}),
    ]


def test_tags_that_are_not_said_stay(app: Flask) -> None:
    with factories.work() as work:
        contact = add_contact(work, details("ada@example.org", tags=("VIP",)), source="test")

    with factories.work() as work:
        edit_contact(work, contact.id, details("ada@example.org", name="Ada"))

    assert [tag.name for tag in tags_of(reading(), [contact.id])[contact.id]] == ["VIP"]


def test_many_are_given_to_an_owner_and_who_changed_is_told(app: Flask) -> None:
    with factories.work() as work:
        owner = factories.make_owner(work).id
        people = [factories.make_contact(work).id for _ in range(3)]
        first = assign_contacts(work, people[:1], owner)

    with factories.work() as work:
        second = assign_contacts(work, people, owner)

    assert (first, second) == (1, 2)
    assert facts_of(people[0]) == [
        ("contact.assigned", {"owner_id": owner, "former_owner_id": None})
    ]
    assert facts_of(people[2]) == [
        ("contact.assigned", {"owner_id": owner, "former_owner_id": None})
    ]


def test_nothing_of_an_erased_person_stays_beside_the_row(app: Flask) -> None:
    with factories.work() as work:
        seats = add_property(
            work, PropertySpec(name="Seats", kind=PropertyKind.TEXT), source="test"
        ).id
        told = details(
            "ada@example.org",
            tags=("VIP",),
            owner_id=factories.make_owner(work).id,
            consent_basis=ConsentBasis.CONSENT,
            consent_on=date(2026, 1, 2),
            pays=True,
            values={seats: value_of("3")},
        )
        contact = add_contact(work, told, source="test")

        anonymise(work, contact)

    found = contact_by_id(reading(), contact.id)
    assert found is not None
    assert (found.owner_id, found.consent_basis, found.consent_on) == (None, None, None)
    assert (found.decides, found.pays, found.uses) == (False, False, False)
    assert values_of(reading(), [contact.id]) == {contact.id: {}}
    assert tags_of(reading(), [contact.id]) == {contact.id: []}
