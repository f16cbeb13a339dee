"""The address of a merged Contact stands for the one it was merged into."""

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.models import Invitation
from nps_portal.contacts.commands import (
    ContactDetails,
    ContactExists,
    add_contact,
    details_of,
    edit_contact,
    remove_contact,
    restore_contact,
)
from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.contacts.queries import contact_by_key
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.foundation.tokens import Purpose, make_token
from nps_portal.merges.commands import merge_contacts
from nps_portal.outbox.stopping import stop_person
from tests.support import factories
from tests.support.client import PortalClient

KEPT, FORMER = "anna@nordlys.example", "anna+old@nordlys.example"


@pytest.fixture
def pair(app: Flask) -> tuple[int, int]:
    """Give the id of Anna, and that of the record that was merged into hers."""
    with factories.work() as work:
        keep = factories.make_contact(work, KEPT, name="Anna Berg").id
        drop = factories.make_contact(work, FORMER, name="Anna").id
        merge_contacts(work, keep, drop)
        return keep, drop


def addresses() -> dict[int, str]:
    return dict(reading().execute(sa.select(Contact.id, Contact.email_key)).all())


def test_the_former_address_finds_the_one_that_stayed(pair: tuple[int, int]) -> None:
    for address in (KEPT, FORMER):
        found = contact_by_key(reading(), address)
        assert found is not None
        assert found.id == pair[0]


def test_adding_the_former_address_names_the_one_that_stayed(pair: tuple[int, int]) -> None:
    with pytest.raises(ContactExists) as fault, factories.work() as work:
        add_contact(work, ContactDetails(email=parse_email(FORMER)), source="by hand")

    assert fault.value.contact_id == pair[0]


def test_adding_the_former_address_brings_a_removed_one_back(pair: tuple[int, int]) -> None:
    with factories.work() as work:
        remove_contact(work, pair[0])
    with factories.work() as work:
        details = ContactDetails(email=parse_email(FORMER), language="de")
        back = add_contact(work, details, source="by hand")

    assert (back.id, back.removed_at, back.language) == (pair[0], None, "de")
    assert back.email == KEPT
    assert addresses() == {pair[0]: KEPT, pair[1]: FORMER}


def test_one_may_take_the_former_address_again(pair: tuple[int, int]) -> None:
    with factories.work() as work:
        contact = work.session.get_one(Contact, pair[0])
        edit_contact(work, pair[0], details_of(contact, parse_email(FORMER)))

    assert addresses() == {pair[0]: FORMER, pair[1]: KEPT}


def test_nobody_else_gets_the_former_address(pair: tuple[int, int]) -> None:
    with factories.work() as work:
        other = factories.make_contact(work)
        wished = details_of(other, parse_email(FORMER))
    with pytest.raises(ContactExists) as fault, factories.work() as work:
        edit_contact(work, other.id, wished)

    assert fault.value.contact_id == pair[0]


def test_an_alias_cannot_be_brought_back_or_edited(owner: PortalClient) -> None:
    with factories.work() as work:
        keep = factories.make_contact(work, KEPT).id
        drop = factories.make_contact(work, FORMER).id
        merge_contacts(work, keep, drop)
    with factories.work() as work:
        restore_contact(work, drop)

    assert reading().get_one(Contact, drop).removed_at is not None
    assert owner.get(f"/contacts/{drop}/edit").status_code == 404
    assert owner.post_form(f"/contacts/{drop}/restoration").status_code == 404


@pytest.mark.parametrize("which", [0, 1])
def test_who_wants_no_email_gets_none_at_any_address(pair: tuple[int, int], which: int) -> None:
    with factories.work() as work:
        stop_person(work, (), SuppressionReason.UNSUBSCRIBED, source="link", contact_id=pair[which])

    assert set(reading().scalars(sa.select(Suppression.email_key))) == {KEPT, FORMER}


def test_an_old_link_opens_the_page_of_the_one_that_stayed(client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_business(work)
        people = [factories.make_contact(work, address, name=address) for address in (KEPT, FORMER)]
        batch = factories.make_batch(work, people)
        for one in people:
            work.session.add(
                Invitation(
                    public_id=f"old{one.id}",
                    batch_id=batch.id,
                    survey_id=batch.survey_id,
                    contact_id=one.id,
                    created_at=work.now,
                )
            )
        work.session.flush()
        merge_contacts(work, people[0].id, people[1].id)
        token = make_token(Purpose.MY_DATA, f"old{people[1].id}")

    page = client.get(f"/me/{token}").text

    assert KEPT in page
    assert FORMER not in page
