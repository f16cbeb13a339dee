"""The list of contacts, and the forms to add, edit, remove and bring back."""

import re
from datetime import date

import sqlalchemy as sa

from nps_portal.accounts.models import User
from nps_portal.contacts.commands import ContactDetails, add_contact, upsert_contacts
from nps_portal.contacts.models import ConsentBasis, Contact, PropertyKind, SuppressionReason
from nps_portal.contacts.properties import PropertySpec, ensure_properties, values_of
from nps_portal.contacts.queries import contact_by_id, contact_by_key
from nps_portal.contacts.suppressions import suppress
from nps_portal.contacts.tags import tags_of
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from tests.support import factories
from tests.support.client import PortalClient

FORM = {"email": "ada@example.org", "name": "Ada Lovelace", "first_name": "Ada", "language": "en"}


def make(email: str, name: str = "Marta Lindqvist", company: str = "") -> Contact:
    with factories.work() as work:
        return factories.make_contact(work, email, name=name, company=company)


def shown(page: str) -> list[str]:
    """Return the names of the rows, in their order."""
    return re.findall(r'class="lines-first" href="/contacts/\d+">([^<]*)</a>', page)


def test_without_contacts_the_list_leads_to_importing_and_adding(owner: PortalClient) -> None:
    page = owner.get("/contacts").text

    assert "No contacts yet" in page
    assert 'href="/contacts/imports/new"' in page
    assert 'href="/contacts/new"' in page


def test_contacts_are_listed_by_name(owner: PortalClient) -> None:
    make("b@example.org", "Bob")
    make("a@example.org", "Ada", company="Analytics & Sons")

    page = owner.get("/contacts").text

    assert shown(page) == ["Ada", "Bob"]
    assert "Analytics &amp; Sons" in page
    assert "2 people" in page


def test_every_word_is_searched_in_name_address_and_company(owner: PortalClient) -> None:
    make("ada@example.org", "Ada Lovelace", company="Analytics")
    make("bob@example.org", "Bob Lovelace", company="Bridges")

    assert shown(owner.get("/contacts?q=lovelace").text) == ["Ada Lovelace", "Bob Lovelace"]
    assert shown(owner.get("/contacts?q=lovelace+analytics").text) == ["Ada Lovelace"]
    assert shown(owner.get("/contacts?q=BOB@").text) == ["Bob Lovelace"]
    assert "Nobody found" in owner.get("/contacts?q=100%25").text


def test_a_long_list_has_pages_that_keep_the_search(owner: PortalClient) -> None:
    with factories.work() as work:
        upsert_contacts(
            work,
            [
                ContactDetails(email=parse_email(f"c{n}@example.org"), name=f"Person {n:03}")
                for n in range(120)
            ],
            source="test",
        )

    first = owner.get("/contacts?q=person").text
    last = owner.get("/contacts?q=person&page=3").text

    assert shown(first)[0] == "Person 000"
    assert 'href="/contacts?q=person&amp;page=2"' in first
    assert "101–120" in last
    assert shown(last) == [f"Person {n:03}" for n in range(100, 120)]


def test_a_page_beyond_the_end_shows_the_last_one(owner: PortalClient) -> None:
    make("ada@example.org", "Ada")

    assert shown(owner.get("/contacts?page=99").text) == ["Ada"]
    assert shown(owner.get("/contacts?page=rubbish").text) == ["Ada"]


def test_chosen_contacts_go_to_a_new_send(owner: PortalClient) -> None:
    ada = make("ada@example.org", "Ada")

    page = owner.get("/contacts").text

    assert '<form method="get" action="/batches/new">' in page
    assert f'name="contact_ids" value="{ada.id}"' in page


def test_who_must_not_be_mailed_is_marked_with_the_reason(owner: PortalClient) -> None:
    ada = make("ada@example.org", "Ada")
    make("bob@example.org", "Bob")
    with factories.work() as work:
        suppress(
            work, ada.email_key, SuppressionReason.UNSUBSCRIBED, source="link", contact_id=ada.id
        )

    everybody = owner.get("/contacts").text
    suppressed = owner.get("/contacts?group=suppressed").text

    assert everybody.count("unsubscribed") == 1
    assert shown(suppressed) == ["Ada"]


def test_a_contact_is_added_by_hand(owner: PortalClient) -> None:
    answer = owner.post_form("/contacts", {**FORM, "company": "Analytics"})

    ada = contact_by_key(reading(), "ada@example.org")
    assert ada is not None
    assert answer.status_code == 303
    assert answer.location == f"/contacts/{ada.id}"
    assert (ada.name, ada.first_name, ada.language) == ("Ada Lovelace", "Ada", "en")
    assert (ada.company_name, ada.source) == ("Analytics", "by hand")


def test_an_address_that_cannot_be_written_to_is_refused_with_the_reason(
    owner: PortalClient,
) -> None:
    answer = owner.post_form("/contacts", {**FORM, "email": "ada.example.org"})

    assert answer.status_code == 422
    assert "«ada.example.org» has no @." in answer.text
    assert 'value="Ada Lovelace"' in answer.text


def test_a_known_address_names_and_links_the_contact_that_has_it(owner: PortalClient) -> None:
    ada = make("ada@example.org", "Ada Byron")

    answer = owner.post_form("/contacts", FORM)

    assert answer.status_code == 422
    assert "ada@example.org is in your contacts already." in answer.text
    assert f'<a href="/contacts/{ada.id}">Open Ada Byron</a>' in answer.text


def test_editing_keeps_what_the_form_does_not_show(owner: PortalClient) -> None:
    with factories.work() as work:
        told = ContactDetails(
            email=parse_email("ada@example.org"), language="is", time_zone="Atlantic/Reykjavik"
        )
        ada = add_contact(work, told, source="test")

    page = owner.get(f"/contacts/{ada.id}/edit").text
    answer = owner.post_form(f"/contacts/{ada.id}/edit", {**FORM, "language": "is"})

    assert '<option selected value="is">Icelandic</option>' in page
    assert answer.status_code == 303
    found = contact_by_id(reading(), ada.id)
    assert found is not None
    assert (found.name, found.language) == ("Ada Lovelace", "is")
    assert found.time_zone == "Atlantic/Reykjavik"


def test_the_form_shows_what_is_known_and_proposes_companies(owner: PortalClient) -> None:
    ada = make("ada@example.org", "Ada", company="Analytics")
    make("bob@example.org", "Bob", company="Bridges")

    page = owner.get(f"/contacts/{ada.id}/edit").text

    assert 'value="ada@example.org"' in page
    assert 'value="Analytics"' in page
    assert '<option value="Bridges"></option>' in page


def test_editing_to_a_known_address_keeps_the_form(owner: PortalClient) -> None:
    make("ada@example.org", "Ada")
    bob = make("bob@example.org", "Bob")

    answer = owner.post_form(f"/contacts/{bob.id}/edit", FORM)

    assert answer.status_code == 422
    assert "Open Ada" in answer.text


def test_removing_offers_undo_and_undo_brings_back(owner: PortalClient) -> None:
    ada = make("ada@example.org", "Ada")

    removed = owner.post_form(f"/contacts/{ada.id}/removal")
    listed = owner.get(removed.location).text
    undone = owner.post_form(f"/contacts/{ada.id}/restoration")

    assert removed.status_code == 303
    assert "Ada was removed." in listed
    assert f'action="/contacts/{ada.id}/restoration"' in listed
    assert undone.status_code == 303
    assert shown(owner.get("/contacts").text) == ["Ada"]


def test_removed_contacts_have_a_list_of_their_own(owner: PortalClient) -> None:
    ada = make("ada@example.org", "Ada")
    make("bob@example.org", "Bob")
    owner.post_form(f"/contacts/{ada.id}/removal")

    assert shown(owner.get("/contacts").text) == ["Bob"]
    assert shown(owner.get("/contacts?group=removed").text) == ["Ada"]


def test_looking_removes_and_restores_nobody(owner: PortalClient) -> None:
    ada = make("ada@example.org", "Ada")

    assert owner.get(f"/contacts/{ada.id}/removal").status_code == 405
    assert owner.get(f"/contacts/{ada.id}/restoration").status_code == 405


def test_an_unknown_contact_is_not_found(owner: PortalClient) -> None:
    assert owner.get("/contacts/999/edit").status_code == 404
    assert owner.post_form("/contacts/999/removal").status_code == 404


def test_the_form_writes_everything_that_is_known_of_a_person(owner: PortalClient) -> None:
    with factories.work() as work:
        specs = [
            PropertySpec(name="Plan", kind=PropertyKind.CHOICE, choices=("Basic", "Pro")),
            PropertySpec(name="Seats", kind=PropertyKind.NUMBER),
            PropertySpec(name="Since", kind=PropertyKind.DATE),
            PropertySpec(name="Newsletter", kind=PropertyKind.YES_NO),
        ]
        made = [one.id for one in ensure_properties(work, specs, source="test").values()]
        user_id = work.session.scalars(sa.select(User.id)).one()
    plan, seats, since, newsletter = (f"property_{one}" for one in made)

    answer = owner.post_form(
        "/contacts",
        {
            **FORM,
            "company": "Analytics",
            "decides": "y",
            "owner_id": str(user_id),
            "consent_basis": "consent",
            "consent_on": "2026-01-02",
            "time_zone": "Europe/London",
            "tags": " VIP, Berlin ,vip",
            plan: "Pro",
            seats: "1.234",
            since: "2026-12-31",
            newsletter: "no",
        },
    )

    assert answer.status_code == 303
    ada = contact_by_key(reading(), "ada@example.org")
    assert ada is not None
    assert (ada.decides, ada.pays, ada.owner_id) == (True, False, user_id)
    assert (ada.consent_basis, ada.consent_on) == (ConsentBasis.CONSENT, date(2026, 1, 2))
    assert ada.time_zone == "Europe/London"
    assert [tag.name for tag in tags_of(reading(), [ada.id])[ada.id]] == ["Berlin", "VIP"]
    held = values_of(reading(), [ada.id])[ada.id]
    assert [held[one].text for one in made] == ["Pro", "1.2340", "2026-12-31", "no"]
    page = owner.get(f"/contacts/{ada.id}/edit").text
    assert 'value="Berlin, VIP"' in page
    assert '<option selected value="Pro">Pro</option>' in page
    assert 'type="date" value="2026-12-31"' in page
    assert 'type="number" value="1.2340"' in page


def test_faults_of_the_form_stand_at_their_fields_and_keep_what_was_typed(
    owner: PortalClient,
) -> None:
    with factories.work() as work:
        spec = PropertySpec(name="Seats", kind=PropertyKind.NUMBER)
        seats = ensure_properties(work, [spec], source="test")["seats"].id

    answer = owner.post_form(
        "/contacts",
        {
            **FORM,
            "tags": "x" * 81,
            "time_zone": "Middle/Earth",
            "consent_on": "2026-01-02",
            "owner_id": "999",
            f"property_{seats}": "a few",
        },
    )

    assert answer.status_code == 422
    for fault in (
        "A tag has at most 80 characters",
        "Choose a zone from the list",
        "Choose also why they may be written to",
        "«a few» is not a number.",
        "Not a valid choice",
    ):
        assert fault in answer.text
    assert 'value="Middle/Earth"' in answer.text
    assert 'value="a few"' in answer.text
    assert contact_by_key(reading(), "ada@example.org") is None
