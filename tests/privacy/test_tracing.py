"""Every look of staff at personal data can be traced."""

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.guards import signed_in
from nps_portal.doors import DOORS
from nps_portal.foundation.database import reading
from nps_portal.privacy.models import PersonalView
from nps_portal.privacy.tracing import PAGES, forget_old_looks
from tests.insights.answers import add_answer
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

# Pages behind the sign-in that show nobody's data: settings, forms that are empty yet, figures,
# and parts of pages that were traced when the whole page was opened.
SHOW_NOBODY = {
    "batches.email",
    "batches.index",
    "batches.of_email",
    "batches.progress",
    "bulk.choose",
    "bulk.edit_field",
    "bulk.progress",
    "bulk.send",
    "bulk.show",
    "companies.edit",
    "companies.new",
    "companies.suggested",
    "companies.totals",
    "contacts.new",
    "counting.edit",
    "doctor.index",
    "exports.index",
    "histories.progress",
    "imports.index",
    "imports.new",
    "imports.progress",
    "imports.undo_question",
    "inbox.index",
    "machines.index",
    "mailbox.show_html",
    "patterns.index",
    "privacy.retention",
    "segments.count",
    "segments.found_count",
    "segments.index",
    "segments.new",
}
# Rooms without people.
ABOUT_NOBODY = {
    "contact_properties",
    "contact_tags",
    "door_settings",
    "settings",
    "survey_questions",
    "survey_settings",
    "survey_texts",
    "surveys",
}


def test_a_look_at_a_record_is_written_down(owner: PortalClient, clock: FixedClock) -> None:
    with factories.work() as work:
        ada = factories.make_contact(work, name="Ada Lovelace")
        answer = add_answer(work, 9, work.now, ada)
        ada_id, answer_id = ada.id, answer.id

    owner.get(f"/contacts/{ada_id}")
    clock.advance(minutes=1)
    owner.get(f"/responses/{answer_id}")
    owner.get("/contacts?q=ada+lovelace")

    rows = reading().execute(
        sa.select(PersonalView.page, PersonalView.contact_id, PersonalView.asked).order_by(
            PersonalView.id
        )
    )
    assert rows.all() == [
        ("contact_pages.show", ada_id, ""),
        ("responses.show", ada_id, ""),
        ("contacts.index", None, "q=ada lovelace"),
    ]
    page = owner.get(f"/settings/privacy/looks?contact_id={ada_id}").text
    assert "the record of Ada Lovelace" in page
    assert "an answer of Ada Lovelace" in page
    assert "q=ada lovelace" not in page


def test_who_is_not_signed_in_sees_nothing_and_leaves_nothing(client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)
        contact_id = factories.make_contact(work).id

    client.get(f"/contacts/{contact_id}")

    assert reading().scalar(sa.select(sa.func.count(PersonalView.id))) == 0


def test_a_page_of_nobody_is_traced_too(owner: PortalClient) -> None:
    assert owner.get("/contacts/4711").status_code == 404
    assert reading().scalars(sa.select(PersonalView.contact_id)).all() == [None]


def test_looks_are_forgotten_after_a_year(owner: PortalClient, clock: FixedClock) -> None:
    owner.get("/contacts")
    clock.advance(days=364)
    with factories.work() as work:
        assert forget_old_looks(work) == 0
    clock.advance(days=2)

    with factories.work() as work:
        assert forget_old_looks(work) == 1


def test_one_persons_data_is_a_file(owner: PortalClient) -> None:
    with factories.work() as work:
        ada = factories.make_contact(work, "ada@example.org", company="Analytics")
        add_answer(work, 9, work.now - timedelta(days=1), ada)
        ada_id = ada.id

    answer = owner.get(f"/contacts/{ada_id}/data.json")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.json is not None
    assert answer.json["contact"]["email"] == "ada@example.org"
    assert [one["score"] for one in answer.json["answers"]] == [9]


def test_every_page_behind_the_sign_in_is_traced_or_shows_nobody(app: Flask) -> None:
    rooms = {blueprint.name for blueprint, guard in DOORS if guard is signed_in}
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint.partition(".")[0] in rooms
    }

    unaccounted = {
        page
        for page in pages - set(PAGES) - SHOW_NOBODY
        if page.partition(".")[0] not in ABOUT_NOBODY
    }

    assert unaccounted == set()
    assert set(PAGES) <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_a_sample_that_a_form_shows_is_a_look_too(owner: PortalClient) -> None:
    owner.post_form("/segments", {"name": "x", "match": "all", "act": "refresh"})

    assert reading().scalars(sa.select(PersonalView.page)).all() == ["segments.create"]
