"""Pages of segments: the list, the builder without scripts, and who is in one."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from nps_portal.contacts.companies import name_key
from nps_portal.contacts.models import Contact, Property, PropertyKind
from nps_portal.contacts.queries import MANY_CONTACTS
from nps_portal.foundation.database import reading
from nps_portal.journal.models import Event
from nps_portal.segments import commands, queries
from nps_portal.segments.models import Segment
from nps_portal.segments.reading import parse
from nps_portal.segments.suggestions import SUGGESTIONS
from tests.support import factories
from tests.support.client import PortalClient

ACME = {
    "match": "all",
    "groups": [
        {"match": "all", "conditions": [{"field": "company", "op": "is", "value": "Acme"}]},
    ],
}
WRITTEN = {
    "name": "Acme people",
    "match": "all",
    "g0.match": "all",
    "g0.c0.field": "company",
    "g0.c0.op": "is",
    "g0.c0.value": "Acme",
}


def add(name: str, company: str = "") -> Contact:
    with factories.work() as work:
        return factories.make_contact(work, name=name, company=company)


def save(name: str = "Acme people", stored: Mapping[str, Any] = ACME) -> int:
    with factories.work() as work:
        return commands.add_segment(work, name, parse(stored, queries.catalogue(work.session))).id


def saved() -> list[Segment]:
    return list(reading().scalars(sa.select(Segment).order_by(Segment.id)))


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def kinds() -> list[str]:
    found = reading().scalars(
        sa.select(Event.kind).where(Event.kind.like("segment.%")).order_by(Event.id)
    )
    return list(found)


def test_an_empty_list_says_what_segments_are_for_and_offers_ready_made_ones(
    owner: PortalClient,
) -> None:
    page = owner.get("/segments").text

    assert "No segments yet" in page
    assert all(one.name in page for one in SUGGESTIONS)


@pytest.mark.parametrize("key", [one.key for one in SUGGESTIONS])
def test_a_ready_made_segment_takes_one_click(owner: PortalClient, key: str) -> None:
    answer = owner.post_form("/segments/suggested", {"key": key})

    assert (answer.status_code, answer.location) == (303, f"/segments/{saved()[0].id}")
    assert owner.get(answer.location).status_code == 200
    name = next(one.name for one in SUGGESTIONS if one.key == key)
    assert f'"{key}"' not in owner.get("/segments").text
    assert saved()[0].name == name


def test_a_ready_made_segment_is_made_once(owner: PortalClient) -> None:
    owner.post_form("/segments/suggested", {"key": "silent"})
    answer = owner.post_form("/segments/suggested", {"key": "silent"})

    assert answer.location == "/segments"
    assert "already" in owner.get("/segments").text
    assert len(saved()) == 1


def test_the_builder_saves_and_shows_who_is_in_it(owner: PortalClient) -> None:
    add("Ann Ash", "Acme")
    add("Bo Birch", "Other")

    answer = owner.post_form("/segments", {**WRITTEN, "act": "save"})
    page = words(owner.get(answer.location).text)

    assert saved()[0].rules == ACME
    assert "1 person now" in page
    assert "Company is Acme." in page
    assert "Ann Ash" in page
    assert "Bo Birch" not in page
    assert kinds() == ["segment.added"]


def test_rows_come_and_go_without_scripts_and_nothing_is_saved(owner: PortalClient) -> None:
    more = owner.post_form("/segments", {**WRITTEN, "act": "add-condition 0"})
    group = owner.post_form("/segments", {**WRITTEN, "act": "add-group"})
    second = {"g0.c1.field": "answers", "g0.c1.op": "is", "g0.c1.value": "3"}
    less = owner.post_form("/segments", {**WRITTEN, **second, "act": "remove-condition 0 0"})

    assert more.status_code == 200
    assert 'name="g0.c1.field"' in more.text
    assert 'value="Acme"' in more.text
    assert 'name="g1.c0.field"' in group.text
    assert 'name="g0.c1.field"' not in less.text
    assert 'value="3"' in less.text
    assert 'value="Acme"' not in less.text
    assert saved() == []


def test_another_field_offers_its_own_operators(owner: PortalClient) -> None:
    form = {**WRITTEN, "g0.c0.field": "last_asked", "act": "refresh"}

    page = owner.post_form("/segments", form).text

    assert "not within the last … days (or never)" in page
    assert "begins with" not in page


@pytest.mark.parametrize(
    "act", ["remove-condition 9 9", "add-condition x", "remove-condition", "²"]
)
def test_an_act_that_fits_nothing_changes_nothing(owner: PortalClient, act: str) -> None:
    page = owner.post_form("/segments", {**WRITTEN, "act": act})

    assert page.status_code == 200
    assert 'value="Acme"' in page.text


def test_the_builder_tells_every_fault_beside_its_condition(owner: PortalClient) -> None:
    second = {"g0.c1.field": "answers", "g0.c1.op": "is", "g0.c1.value": "many"}
    form = {**WRITTEN, **second, "g0.c0.value": "", "act": "save"}

    answer = owner.post_form("/segments", form)

    assert answer.status_code == 422
    assert "Nothing was saved yet." in answer.text
    assert "Company: write what to look for." in answer.text
    assert "Number of answers: write a number" in answer.text
    assert 'value="many"' in answer.text
    assert saved() == []


def test_two_segments_cannot_have_one_name(owner: PortalClient) -> None:
    save()

    answer = owner.post_form("/segments", {**WRITTEN, "name": " acme  PEOPLE ", "act": "save"})

    assert answer.status_code == 422
    assert "already" in answer.text
    assert len(saved()) == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_name_that_cannot_be_is_refused(owner: PortalClient, name: str) -> None:
    answer = owner.post_form("/segments", {**WRITTEN, "name": name, "act": "save"})

    assert answer.status_code == 422
    assert saved() == []


def test_the_live_count_names_some_of_them(owner: PortalClient) -> None:
    for number in range(23):
        add(f"Person {number:02}", "Acme")

    found = words(owner.post_form("/segments/found", WRITTEN).text)
    unfinished = words(owner.post_form("/segments/found", {**WRITTEN, "g0.c0.value": ""}).text)

    assert "23 people" in found
    assert found.count("Person") == 20
    assert "and 3 more" in found
    assert "as soon as every condition is complete" in unfinished


def test_a_number_may_be_written_with_a_comma(owner: PortalClient) -> None:
    fields = {"g0.c0.field": "company_revenue", "g0.c0.op": "greater"}

    owner.post_form("/segments", {**WRITTEN, **fields, "g0.c0.value": "1 200,50", "act": "save"})
    unclear = owner.post_form(
        "/segments", {**WRITTEN, **fields, "name": "b", "g0.c0.value": "1,200", "act": "save"}
    )

    assert saved()[0].rules["groups"][0]["conditions"][0]["value"] == "1200.5"
    assert unclear.status_code == 422


def test_an_edited_segment_keeps_what_was_not_touched(owner: PortalClient) -> None:
    stored = {
        "match": "any",
        "groups": [
            {
                "match": "any",
                "conditions": [
                    {"field": "last_score", "op": "between", "value": ["0", "6"]},
                    {"field": "tags", "op": "all_of", "value": ["VIP", "Gold"]},
                ],
            },
            {"match": "all", "conditions": [{"field": "last_asked", "op": "ago", "value": 30}]},
        ],
    }
    segment_id = save("Mixed", stored)

    page = owner.get(f"/segments/{segment_id}/edit").text
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*?value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        assert chosen is not None
        fields[name] = chosen[1]
    fields.pop("csrf_token")
    answer = owner.post_form(f"/segments/{segment_id}", {**fields, "name": "Other", "act": "save"})

    assert answer.status_code == 303
    assert saved()[0].rules == stored
    assert saved()[0].name == "Other"
    assert kinds() == ["segment.added", "segment.renamed"]


def test_changed_rules_are_written_down(owner: PortalClient) -> None:
    segment_id = save()

    owner.post_form(f"/segments/{segment_id}", {**WRITTEN, "g0.c0.value": "Other", "act": "save"})

    assert saved()[0].rules["groups"][0]["conditions"][0]["value"] == "Other"
    assert kinds() == ["segment.added", "segment.changed"]


def test_a_deleted_segment_is_gone_and_its_people_are_not(owner: PortalClient) -> None:
    add("Ann Ash", "Acme")
    segment_id = save()

    answer = owner.post_form(f"/segments/{segment_id}/deletion")

    assert "was deleted" in owner.get(answer.location).text
    assert saved() == []
    assert owner.get(f"/segments/{segment_id}").status_code == 404
    assert "Ann Ash" in owner.get("/contacts").text
    assert kinds() == ["segment.added", "segment.deleted"]


def test_the_list_fetches_each_count_by_itself(owner: PortalClient) -> None:
    add("Ann Ash", "Acme")
    segment_id = save()

    assert f"/segments/{segment_id}/count" in owner.get("/segments").text
    assert owner.get(f"/segments/{segment_id}/count").text.strip() == "1"


def test_a_segment_is_found_by_its_name_and_similar_ones_are_known(owner: PortalClient) -> None:
    segment_id = save("Acme people")

    found = queries.segment_by_name(reading(), "  ACME People")

    assert found is not None
    assert found.id == segment_id
    assert queries.similar_names(reading(), "acme peple") == ["Acme people"]
    assert queries.segment_by_name(reading(), name_key("nobody")) is None


def test_the_navigation_leads_to_the_segments(owner: PortalClient) -> None:
    assert 'href="/segments"' in owner.get("/contacts").text


def test_a_segment_of_what_was_deleted_finds_nobody_and_says_so(owner: PortalClient) -> None:
    add("Ann Ash")
    with factories.work() as work:
        plan = Property(
            name="Plan",
            name_key="plan",
            kind=PropertyKind.CHOICE,
            choices=["Pro"],
            position=1,
            created_at=work.now,
        )
        work.session.add(plan)
        work.session.flush()
        field = f"property:{plan.id}"
    condition = {"field": field, "op": "is_not", "value": "Pro"}
    rules = {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}
    segment_id = save("Not Pro", rules)
    before = words(owner.get(f"/segments/{segment_id}").text)

    with factories.work() as work:
        work.session.execute(sa.delete(Property))
    after = words(owner.get(f"/segments/{segment_id}").text)

    assert "1 person now" in before
    assert "Plan is not Pro (or has none)." in before
    assert "0 people now" in after
    assert "This segment finds nobody." in after
    assert "has been deleted" in owner.get(f"/segments/{segment_id}/edit").text
    assert owner.get("/segments").status_code == 200


def test_the_builder_offers_the_owners_own_properties(owner: PortalClient) -> None:
    with factories.work() as work:
        work.session.add(
            Property(
                name="Seats",
                name_key="seats",
                kind=PropertyKind.NUMBER,
                position=1,
                created_at=work.now,
            )
        )

    page = owner.get("/segments/new").text

    assert "Your own properties" in page
    assert ">Seats</option>" in page


def make_many() -> None:
    """Let there be many contacts, as far as the pages can tell, by one who was removed."""
    with factories.work() as work:
        far = Contact(
            id=MANY_CONTACTS + 1,
            email="far@example.org",
            email_key="far@example.org",
            created_at=work.now,
            changed_at=work.now,
            removed_at=work.now,
        )
        work.session.add(far)


ANN = {"groups": [{"conditions": [{"field": "name", "op": "contains", "value": "Ann"}]}]}


def test_among_very_many_people_the_count_comes_after_the_members(owner: PortalClient) -> None:
    add("Ann Ash")
    add("Bo Birch")
    make_many()
    segment_id = save("Anns", ANN)

    page = owner.get(f"/segments/{segment_id}").text
    counted = owner.get(f"/segments/{segment_id}?count=1").text

    assert "Ann Ash" in page
    assert "Bo Birch" not in page
    assert "1 person" not in words(page)
    assert f'data-hx-get="/segments/{segment_id}/count?words=1"' in page
    assert words(owner.get(f"/segments/{segment_id}/count?words=1").text) == "1 person"
    assert "1 person now" in words(counted)


def test_among_very_many_people_the_builder_shows_some_and_counts_then(
    owner: PortalClient,
) -> None:
    add("Ann Ash")
    make_many()
    written = {"g0.c0.field": "name", "g0.c0.op": "contains", "g0.c0.value": "Ann", "name": "x"}

    some = owner.post_form("/segments/found", written).text
    count = owner.post_form("/segments/found/count", written).text
    without_scripts = owner.post_form("/segments", {**written, "act": "count"}).text

    assert "Ann Ash" in some
    assert "being counted" in some
    assert words(count) == "1 person"
    assert "1 person" in words(without_scripts)
    assert saved() == []
