"""The pages of merging: suggestions, the search, two records side by side."""

import sqlalchemy as sa

from nps_portal.contacts.models import Contact
from nps_portal.contacts.queries import MANY_CONTACTS, contact_by_id
from nps_portal.foundation.database import reading
from nps_portal.merges.commands import merge_contacts
from tests.insights.answers import add_answer
from tests.support import factories
from tests.support.client import PortalClient


def make_pair() -> tuple[int, int]:
    with factories.work() as work:
        one = factories.make_contact(work, "anna@nordlys.example", name="Anna Berg")
        other = factories.make_contact(work, "anna+old@nordlys.example", name="")
        add_answer(work, 9, work.now, other)
        return one.id, other.id


def test_without_duplicates_the_page_says_so_and_how_many_it_compares(
    owner: PortalClient,
) -> None:
    page = owner.get("/contacts/duplicates").text

    assert "No two records look alike" in page
    assert "up to 50,000 contacts" in page


def test_a_pair_is_shown_with_its_reason_and_leads_to_both(owner: PortalClient) -> None:
    one, other = make_pair()

    page = owner.get("/contacts/duplicates").text

    assert "The addresses lead to the same mailbox" in page
    assert f'href="/contacts/{one}/merge/{other}"' in page
    assert "1 pair" in page


def test_not_the_same_person_is_remembered(owner: PortalClient) -> None:
    one, other = make_pair()

    answer = owner.post_form("/contacts/duplicates/two-people", {"one": one, "other": other})

    assert answer.location == "/contacts/duplicates"
    assert "No two records look alike" in owner.get("/contacts/duplicates").text


def test_the_other_record_is_found_by_its_address(owner: PortalClient) -> None:
    one, other = make_pair()

    page = owner.get(f"/contacts/{one}/merge?q=anna%2Bold@nordlys").text

    assert f'href="/contacts/{one}/merge/{other}"' in page
    assert f'href="/contacts/{one}/merge/{one}"' not in page
    assert "Nobody found" in owner.get(f"/contacts/{one}/merge?q=nobody").text
    assert f'href="/contacts/{one}/merge"' in owner.get(f"/contacts/{one}").text


def test_both_records_stand_side_by_side_with_what_would_move(owner: PortalClient) -> None:
    one, other = make_pair()

    page = owner.get(f"/contacts/{one}/merge/{other}").text

    assert "1 answer, 0 sends, 0 emails and 0 tasks of anna+old@nordlys.example move here" in page
    assert "Nothing was sent to anna@nordlys.example yet" in page
    assert "A merge cannot be undone." in page


def test_the_chosen_record_stays_and_the_other_leads_there(owner: PortalClient) -> None:
    one, other = make_pair()

    answer = owner.post_form(f"/contacts/{one}/merge/{other}", {"keep": other})

    assert answer.location == f"/contacts/{other}"
    kept = contact_by_id(reading(), other)
    assert kept is not None
    assert kept.name == "Anna Berg"
    alias = owner.get(f"/contacts/{one}").text
    assert "This record was merged into another one." in alias
    assert f'href="/contacts/{other}"' in alias
    assert "Bring back" not in alias


def test_nothing_happens_without_a_choice_among_the_two(owner: PortalClient) -> None:
    one, other = make_pair()
    with factories.work() as work:
        third = factories.make_contact(work).id

    for data in ({}, {"keep": third}, {"keep": "x"}):
        answer = owner.post_form(f"/contacts/{one}/merge/{other}", data)
        assert answer.status_code == 422
        assert "Choose which of the two records stays." in answer.text
    assert owner.post_form(f"/contacts/{one}/merge/{one}", {"keep": one}).status_code in (404, 422)


def test_what_was_merged_meanwhile_is_not_there_to_merge(owner: PortalClient) -> None:
    one, other = make_pair()
    with factories.work() as work:
        merge_contacts(work, one, other)

    assert owner.get(f"/contacts/{one}/merge/{other}").status_code == 404
    assert owner.post_form(f"/contacts/{one}/merge/{other}", {"keep": one}).status_code == 404
    assert owner.get(f"/contacts/{other}/merge").status_code == 404


def test_among_very_many_people_they_are_compared_after_the_page(owner: PortalClient) -> None:
    one, other = make_pair()
    with factories.work() as work:
        far = factories.make_contact(work, "far@example.org")
        work.session.execute(
            sa.update(Contact).where(Contact.id == far.id).values(id=MANY_CONTACTS + 1)
        )

    page = owner.get("/contacts/duplicates?page=2").text
    whole = owner.get("/contacts/duplicates?page=2&whole=1").text

    assert 'data-hx-get="/contacts/duplicates?page=2&amp;whole=1"' in page
    assert f'href="/contacts/{one}/merge/{other}"' not in page
    assert f'href="/contacts/{one}/merge/{other}"' in whole
