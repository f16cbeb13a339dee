"""The pages of acts on many contacts."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.bulk.choice import Choice, chosen
from nps_portal.bulk.filter_rules import rules_of_filter
from nps_portal.bulk.models import BulkAct
from nps_portal.bulk.running import AT_ONCE
from nps_portal.bulk.views import MOST_TO_SEND
from nps_portal.contacts.list_filters import ContactAddress
from nps_portal.contacts.models import Contact, SuppressionReason, Trend
from nps_portal.contacts.suppressions import suppress
from nps_portal.contacts.tags import add_tags, ensure_tags, tags_of
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.segments.commands import add_segment
from nps_portal.segments.models import Segment
from nps_portal.segments.queries import member_count, member_query, rules_of
from nps_portal.segments.suggestions import suggestion
from nps_portal.worker.loop import run_until_idle
from tests.support import factories
from tests.support.client import PortalClient


def make_people(number: int = 3) -> list[int]:
    with factories.work() as work:
        return [
            factories.make_contact(work, name=f"Person {'abcdefghijklmnopqrstuvwxyz'[n]}zz").id
            for n in range(number)
        ]


def test_what_can_be_done_is_shown_with_the_number(owner: PortalClient) -> None:
    ids = make_people()

    page = owner.get(f"/contacts/bulk?contact_ids={ids[0]}&contact_ids={ids[1]}").text

    assert "2 people" in page
    assert f'name="contact_ids" value="{ids[0]},{ids[1]}"' in page
    assert "Erase for good" in page
    assert "3 people" in owner.get("/contacts/bulk?all=1").text
    assert "1 person" in owner.get("/contacts/bulk?all=1&q=person+czz").text
    assert "Nobody is chosen" in owner.get("/contacts/bulk").text
    assert "Nobody is chosen" in owner.get("/contacts/bulk?segment_id=4711").text


def test_the_act_and_the_number_are_said_before_anything_happens(owner: PortalClient) -> None:
    ids = make_people()

    page = owner.post_form(
        "/contacts/bulk/check", {"all": "1", "q": "person", "kind": "tag", "tags": "vip"}
    ).text

    assert "3 people: add the tag vip" in page
    assert 'name="q" value="person"' in page
    assert tags_of(reading(), ids)[ids[0]] == []


def test_what_was_confirmed_is_done_at_once(owner: PortalClient) -> None:
    ids = make_people()

    answer = owner.post_form(
        "/contacts/bulk", {"all": "1", "kind": "tag", "tags": "vip", "shown": "3"}
    )

    assert "3 people changed" in owner.get(answer.location).text
    assert [tag.name for tag in tags_of(reading(), ids)[ids[0]]] == ["vip"]


def test_it_asks_again_when_the_number_has_changed(owner: PortalClient) -> None:
    make_people()

    answer = owner.post_form("/contacts/bulk", {"all": "1", "kind": "remove", "shown": "2"})

    assert answer.status_code == 422
    assert "It would be 3 people now" in answer.text
    assert 'name="shown" value="3"' in answer.text
    assert reading().scalar(sa.select(sa.func.count(Contact.removed_at))) == 0


@pytest.mark.parametrize("field", ["email", "last_score", "suppressed", "created_at", "source"])
def test_a_forged_field_is_refused(owner: PortalClient, field: str) -> None:
    ids = make_people(1)
    forged = {"contact_ids": ids[0], "kind": "set_field", "field": field, "value": "1"}

    for url in ("/contacts/bulk/check", "/contacts/bulk"):
        answer = owner.post_form(url, {**forged, "shown": "1"})
        assert answer.status_code == 422
        assert "This field cannot be set for many at once." in answer.text
    assert owner.get(f"/contacts/bulk/field?field={field}&all=1").status_code == 404
    assert f'value="{field}"' not in owner.get("/contacts/bulk?all=1").text


@pytest.mark.parametrize("field", ["company", "language", "pays", "consent_basis"])
def test_each_field_has_its_form(owner: PortalClient, field: str) -> None:
    ids = make_people(1)

    page = owner.get(f"/contacts/bulk/field?field={field}&contact_ids={ids[0]}").text

    assert f'name="field" value="{field}"' in page
    assert ("<select" in page) == (field != "company")


def test_a_fault_in_a_value_comes_back_with_the_form(owner: PortalClient) -> None:
    make_people(1)

    answer = owner.post_form(
        "/contacts/bulk/check",
        {"all": "1", "kind": "set_field", "field": "company", "value": "x" * 201},
    )

    assert answer.status_code == 422
    assert "at most 200 characters" in answer.text
    assert 'name="field" value="company"' in answer.text


def test_more_than_twenty_are_erased_only_when_their_number_is_typed(
    owner: PortalClient,
) -> None:
    make_people(21)
    erase = {"all": "1", "kind": "erase", "shown": "21"}

    assert "Type 21 to confirm" in owner.post_form("/contacts/bulk/check", erase).text
    for typed in ("", "20", "yes"):
        answer = owner.post_form("/contacts/bulk", {**erase, "typed": typed})
        assert answer.status_code == 422
    assert reading().scalar(sa.select(sa.func.count(Contact.erased_at))) == 0

    owner.post_form("/contacts/bulk", {**erase, "typed": "21"})
    run_until_idle(owner.application)
    assert reading().scalar(sa.select(sa.func.count(Contact.erased_at))) == 21


def test_only_owners_erase(owner: PortalClient) -> None:
    make_people(1)
    with factories.work() as work:
        user = add_user(
            work,
            email="staff@acme.example",
            name="Sam",
            password=factories.PASSWORD,
            role=next(role for role in Role if role is not Role.OWNER),
        )
    owner.post_form("/sign-out")
    owner.sign_in(user.email, factories.PASSWORD)

    for url in ("/contacts/bulk/check", "/contacts/bulk"):
        answer = owner.post_form(url, {"all": "1", "kind": "erase", "shown": "1"})
        assert answer.status_code == 403
    assert "Erase for good" not in owner.get("/contacts/bulk?all=1").text


def test_a_large_act_shows_its_progress_and_is_done_by_the_worker(owner: PortalClient) -> None:
    with factories.work() as work:
        factories.make_crowd(work, AT_ONCE + 1)

    answer = owner.post_form(
        "/contacts/bulk", {"all": "1", "kind": "assign", "owner_id": "1", "shown": "5001"}
    )

    act_id = reading().scalars(sa.select(BulkAct.id)).one()
    assert f"/contacts/bulk/{act_id}/progress" in owner.get(answer.location).text
    run_until_idle(owner.application)
    part = owner.get(f"/contacts/bulk/{act_id}/progress").text
    assert re.search(r"5,001 of 5,001", part)
    assert "data-hx-get" not in part
    assert owner.get("/contacts/bulk/4711").status_code == 404


def test_the_chosen_are_led_to_a_send(owner: PortalClient) -> None:
    ids = make_people()
    named = ",".join(map(str, ids))

    chosen = owner.get(f"/contacts/bulk?contact_ids={ids[0]}").text
    assert f'href="/contacts/bulk/send?contact_ids={ids[0]}"' in chosen
    assert 'href="/batches/new"' in owner.get("/contacts/bulk?all=1").text
    found = owner.get("/contacts/bulk?all=1&q=person").text
    assert 'href="/contacts/bulk/send?all=1&amp;q=person"' in found
    answer = owner.get("/contacts/bulk/send?all=1&q=person")
    assert answer.location == f"/batches/new?contact_ids={named}"
    assert "3 people" in owner.get(answer.location).text
    assert owner.get("/contacts/bulk/send?contact_ids=x").status_code == 404
    assert "There is nobody to ask." in owner.get("/contacts/bulk?all=1&q=nobody").text


def test_a_filter_that_finds_many_becomes_a_segment_and_is_sent_to(owner: PortalClient) -> None:
    with factories.work() as work:
        factories.make_crowd(work, MOST_TO_SEND + 1)
        factories.make_contact(work, "else@example.com")
    filtered = {"all": "1", "q": "crowd example.org", "score": "none"}

    page = owner.get("/contacts/bulk", query_string=filtered).text
    nameless = owner.post_form("/contacts/bulk/segment", {**filtered, "name": " "})
    answer = owner.post_form("/contacts/bulk/segment", {**filtered, "name": "The crowd"})

    assert "Save and send a survey" in page
    assert nameless.status_code == 422
    assert "Give the segment a name." in nameless.text
    segment = reading().scalars(sa.select(Segment)).one()
    assert answer.location == f"/batches/new?segment_id={segment.id}"
    rules = rules_of(reading(), segment)
    assert member_count(reading(), rules, current_clock().now()) == MOST_TO_SEND + 1
    again = owner.get("/contacts/bulk/send", query_string=filtered)
    assert again.location.startswith("/contacts/bulk?all=1")


def test_what_no_segment_finds_is_not_saved_as_one(owner: PortalClient) -> None:
    removed = {"all": "1", "group": "removed", "name": "Gone"}

    assert owner.post_form("/contacts/bulk/segment", removed).status_code == 404


@pytest.mark.parametrize(
    "filtered",
    [
        {"q": "ada"},
        {"q": "ADA acme"},
        {"company": "acme"},
        {"owner": "1"},
        {"owner": "none"},
        {"score": "none"},
        {"score": "promoter"},
        {"trend": "new"},
        {"language": "de"},
        {"tag": "1"},
        {"group": "paused"},
        {"group": "suppressed"},
        {"q": "ada", "language": "de", "tag": "1", "owner": "1"},
    ],
)
def test_the_segment_of_a_filter_finds_whom_the_filter_finds(
    owner: PortalClient, filtered: dict[str, str]
) -> None:
    with factories.work() as work:
        ada = factories.make_contact(work, "ada@example.org", name="Ada", company="Acme")
        bob = factories.make_contact(work, "bob@example.org", name="Bob", company="Acme Ada")
        factories.make_contact(work, "cy@ada.example", name="Cy")
        ada.language, ada.owner_id = "de", 1
        ada.last_score, ada.trend, ada.last_answered_at, ada.answers = 10, Trend.NEW, work.now, 1
        bob.paused_until = work.now + timedelta(days=9)
        add_tags(work, [ada.id], ensure_tags(work, ["VIP"]).values())
        reason = SuppressionReason.BLOCKED_BY_HAND
        suppress(work, "bob@example.org", reason, source="x", contact_id=bob.id)
    wanted, now = ContactAddress.of(filtered), current_clock().now()

    rules = rules_of_filter(reading(), wanted.to_filter())

    assert rules is not None
    by_filter = set(reading().scalars(chosen(reading(), Choice(filter=filtered), now)))
    assert set(reading().scalars(member_query(reading(), rules, now))) == by_filter
    assert by_filter


def test_the_list_and_a_segment_lead_here(owner: PortalClient) -> None:
    make_people()
    never_asked = suggestion("never-asked")
    assert never_asked is not None
    with factories.work() as work:
        segment = add_segment(work, "Never asked", never_asked.rules)

    page = owner.get("/contacts?q=person").text

    assert 'formaction="/contacts/bulk"' in page
    assert 'href="/contacts/bulk?all=1&amp;q=person"' in page
    assert "Change all 3 that match" in page
    assert f"/contacts/bulk?segment_id={segment.id}" in owner.get(f"/segments/{segment.id}").text
    assert "3 people" in owner.get(f"/contacts/bulk?segment_id={segment.id}").text
