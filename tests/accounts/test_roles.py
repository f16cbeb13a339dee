"""What a colleague may do with people's data, and what only an owner may: a line for each page."""

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work
from nps_portal.imports.models import Import, ImportState
from nps_portal.segments.commands import add_segment
from nps_portal.segments.models import Segment
from nps_portal.segments.suggestions import suggestion
from tests.support import factories
from tests.support.client import PortalClient
from tests.test_guards import arguments_of

# Day-to-day work with customers.
BOTH = {
    *("contacts.index", "contacts.new", "contacts.create", "contacts.edit", "contacts.update"),
    *("contacts.remove", "contacts.restore", "contact_pages.show", "contact_tags.index"),
    *("bulk.choose", "bulk.edit_field", "bulk.check", "bulk.act", "bulk.show", "bulk.progress"),
    *("merges.duplicates", "merges.say_distinct", "merges.search"),
    *("merges.compare", "merges.merge"),
    *("companies.index", "companies.totals", "companies.show", "companies.new"),
    *("companies.create", "companies.edit", "companies.update", "companies.remove"),
    *("companies.suggested", "companies.gather"),
    *("imports.index", "imports.new", "imports.create", "imports.show", "imports.progress"),
    *("imports.confirm", "imports.cancel", "imports.report"),
    *("segments.index", "segments.count", "segments.new", "segments.create", "segments.show"),
    *("segments.create_suggested", "segments.found", "segments.found_count"),
    *("responses.index", "responses.show", "responses.accept", "responses.reject"),
    *("responses.count", "responses.exclude", "phone_answers.new", "phone_answers.create"),
    *("tasks.index", "tasks.show", "tasks.start", "tasks.close"),
}
# What a colleague may do with what is their own.
THEIR_OWN = {
    *("imports.undo_question", "imports.undo"),
    *("segments.edit", "segments.update", "segments.delete"),
}
# Taking people's data away, erasing it, and what holds for everybody.
OWNERS = {
    *("bulk.csv", "bulk.workbook", "bulk.send", "bulk.save_segment", "responses.download"),
    *("exports.index", "exports.save", "exports.stop", "exports.csv", "exports.workbook"),
    *("exports.archive", "histories.index", "histories.bring_in", "histories.undo"),
    *("histories.progress", "histories.refused"),
    *("privacy.erase", "privacy.take_out", "privacy.retention", "privacy.save_retention"),
    "privacy.who_looked",
    *("contact_tags.edit", "contact_tags.update", "contact_tags.merge", "contact_tags.delete"),
    *("contact_properties.index", "contact_properties.create", "contact_properties.edit"),
    *("contact_properties.rename", "contact_properties.move", "contact_properties.delete"),
    *("contact_properties.change_choices", "contact_properties.change_kind"),
}
ROOMS = {page.partition(".")[0] for page in BOTH | THEIR_OWN | OWNERS}


@pytest.fixture
def colleague(app: Flask, client: PortalClient) -> PortalClient:
    """Give a browser in which a colleague is signed in."""
    with factories.work() as work:
        factories.make_business(work)
        factories.make_owner(work)
        factories.make_survey(work)
        factories.make_contact(work)
        factories.make_colleague(work)
    client.sign_in(factories.COLLEAGUE, factories.PASSWORD)
    return client


def rules_of(app: Flask, pages: set[str]) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint in pages]


def status_of(browser: PortalClient, rule: Rule) -> int:
    built = rule.build(arguments_of(rule), append_unknown=False)
    assert built is not None
    if "GET" in (rule.methods or ()):
        return browser.get(built[1]).status_code
    return browser.post_form(built[1]).status_code


def test_every_page_with_peoples_data_has_its_line(app: Flask) -> None:
    known = BOTH | THEIR_OWN | OWNERS
    there = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert {one for one in there if one.partition(".")[0] in ROOMS} == known


def test_what_is_the_owners_is_shut_to_a_colleague(app: Flask, colleague: PortalClient) -> None:
    answers = {rule.rule: status_of(colleague, rule) for rule in rules_of(app, OWNERS)}

    assert {rule: status for rule, status in answers.items() if status != 403} == {}


def test_day_to_day_work_is_open_to_a_colleague(app: Flask, colleague: PortalClient) -> None:
    answers = {rule.rule: status_of(colleague, rule) for rule in rules_of(app, BOTH)}

    assert {rule for rule, status in answers.items() if status in (401, 403, 500)} == set()


def test_a_colleague_takes_back_what_they_have_imported_themselves(
    app: Flask, colleague: PortalClient
) -> None:
    with factories.work() as work:
        imports = [
            Import(
                filename="customers.csv",
                size_bytes=1,
                mapping={},
                state=ImportState.FINISHED,
                created_at=work.now,
                created_by=user_id,
            )
            for user_id in (1, 2)
        ]
        work.session.add_all(imports)
        work.session.flush()
        [owners, theirs] = [one.id for one in imports]

    for url in (f"/contacts/imports/{owners}/undo", f"/contacts/imports/{theirs}/undo"):
        expected = 403 if str(owners) in url else 200
        assert colleague.get(url).status_code == expected
    assert colleague.post_form(f"/contacts/imports/{owners}/undo").status_code == 403
    assert colleague.post_form(f"/contacts/imports/{theirs}/undo").status_code == 303


def test_a_colleague_changes_their_own_segments_alone(app: Flask, colleague: PortalClient) -> None:
    chosen = suggestion("never-asked")
    assert chosen is not None
    made = []
    for user_id in (1, 2):
        with unit_of_work(Actor(kind=ActorKind.USER, id=user_id)) as work:
            made.append(add_segment(work, f"Segment of {user_id}", chosen.rules).id)
    [owners, theirs] = made

    assert colleague.get(f"/segments/{owners}/edit").status_code == 403
    assert colleague.post_form(f"/segments/{owners}").status_code == 403
    assert colleague.post_form(f"/segments/{owners}/deletion").status_code == 403
    page = colleague.get(f"/segments/{owners}").text
    assert f"/segments/{owners}/edit" not in page
    assert f"/segments/{owners}/deletion" not in page
    assert f"/segments/{theirs}/edit" in colleague.get(f"/segments/{theirs}").text
    assert colleague.get(f"/segments/{theirs}/edit").status_code == 200
    assert colleague.post_form(f"/segments/{theirs}/deletion").status_code == 303
    assert reading().scalars(sa.select(Segment.id)).all() == [owners]


def test_only_owners_remove_more_than_twenty_at_once(app: Flask, colleague: PortalClient) -> None:
    with factories.work() as work:
        work.session.execute(sa.delete(Contact))
        factories.make_crowd(work, 21)
    remove = {"all": "1", "kind": "remove", "shown": "21"}

    for url in ("/contacts/bulk/check", "/contacts/bulk"):
        answer = colleague.post_form(url, remove)
        assert answer.status_code == 422
        assert "Only owners remove more than 20 people at once." in answer.text
    forged = colleague.post_form("/contacts/bulk", {**remove, "shown": "1"})

    assert forged.status_code == 422
    assert reading().scalar(sa.select(sa.func.count(Contact.removed_at))) == 0


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("/responses", "/responses/export.csv"),
        ("/contacts/1", "/contacts/1/data.json"),
        ("/contacts/1", "/contacts/1/erasure"),
        ("/contacts/1", "/batches/new"),
        ("/contacts/bulk?all=1", "/contacts/bulk/contacts.csv"),
        ("/contacts/bulk?all=1", "/batches/new"),
        ("/contacts/bulk?all=1", "Erase for good"),
    ],
)
def test_no_page_offers_a_colleague_what_is_shut(
    app: Flask, colleague: PortalClient, page: str, address: str
) -> None:
    assert address not in colleague.get(page).text
