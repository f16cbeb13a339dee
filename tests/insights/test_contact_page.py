"""The page of one contact: record, gate, scores, and everything that happened."""

import re

import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.models import Invitation
from nps_portal.contacts.commands import ContactDetails, edit_contact, remove_contact
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import reading
from nps_portal.journal.commands import record
from nps_portal.responses.commands import (
    Answer,
    exclude_response,
    submit_answer,
)
from nps_portal.surveys.models import Survey
from nps_portal.visits.commands import VisitFacts, log_visit
from nps_portal.visits.models import VisitKind
from nps_portal.worker.loop import run_until_idle
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock


def make(email: str = "ada@example.org", name: str = "Ada Lovelace") -> Contact:
    with factories.work() as work:
        return factories.make_contact(work, email, name=name, company="Analytics")


def invite(contact: Contact) -> int:
    """Ask a Contact now, as a running batch would, and return the Invitation."""
    with factories.work() as work:
        batch = factories.make_batch(work, [contact])
        invitation = Invitation(
            public_id=f"i{batch.id}",
            batch_id=batch.id,
            survey_id=batch.survey_id,
            contact_id=contact.id,
            created_at=work.now,
        )
        work.session.add(invitation)
        work.session.flush()
        return invitation.id


def answer(contact: Contact, score: int, comment: str = "") -> int:
    invitation_id = invite(contact)
    with factories.work() as work:
        return submit_answer(work, invitation_id, Answer(score=score, comment=comment)).id


def titles(page: str) -> list[str]:
    found = re.findall(r'class="story-title">(?:<a[^>]*>)?([^<]*)<', page)
    return [title.strip() for title in found]


def test_the_record_shows_who_it_is(owner: PortalClient) -> None:
    ada = make()

    page = owner.get(f"/contacts/{ada.id}").text

    for words in ("Ada Lovelace", "ada@example.org", "Analytics", "Greeted as", "test"):
        assert words in page


def test_somebody_without_a_name_goes_by_the_address(owner: PortalClient) -> None:
    nameless = make(name="")

    assert "<h1>ada@example.org</h1>" in owner.get(f"/contacts/{nameless.id}").text


def test_an_unknown_contact_is_not_found(owner: PortalClient) -> None:
    assert owner.get("/contacts/999").status_code == 404


def test_who_was_never_asked_can_be_asked_now(owner: PortalClient) -> None:
    ada = make()

    page = owner.get(f"/contacts/{ada.id}").text

    assert "can be asked now." in page
    assert f'href="/batches/new?contact_ids={ada.id}"' in page


def test_who_was_asked_lately_waits_until_a_named_day(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    ada = make()
    with factories.work() as work:
        factories.make_batch(work, [ada])
    run_until_idle(app)
    clock.advance(days=2)
    owner.sign_in(factories.OWNER, factories.PASSWORD)

    page = owner.get(f"/contacts/{ada.id}").text

    assert "not now, was asked not long ago." in page
    assert "Again from 8 Jun 2026." in page
    assert "Send survey now" not in page


def test_who_unsubscribed_is_marked_and_never_offered(owner: PortalClient) -> None:
    ada = make()
    with factories.work() as work:
        suppress(
            work, ada.email_key, SuppressionReason.UNSUBSCRIBED, source="link", contact_id=ada.id
        )

    page = owner.get(f"/contacts/{ada.id}").text

    assert "not now, has unsubscribed." in page
    assert "Again from" not in page
    assert "Send survey now" not in page
    assert titles(page)[0] == "Unsubscribed"


def test_a_removed_contact_can_be_brought_back(owner: PortalClient) -> None:
    ada = make()
    with factories.work() as work:
        remove_contact(work, ada.id)

    page = owner.get(f"/contacts/{ada.id}").text

    assert "This contact was removed." in page
    assert f'action="/contacts/{ada.id}/restoration"' in page
    assert "Send survey now" not in page


def test_without_an_active_survey_the_page_says_so(owner: PortalClient) -> None:
    ada = make()
    with factories.work() as work:
        work.session.execute(sa.update(Survey).values(state="archived"))

    assert "No survey is active." in owner.get(f"/contacts/{ada.id}").text


def test_the_last_five_counted_scores_are_drawn_oldest_first(
    owner: PortalClient, clock: FixedClock
) -> None:
    ada = make()
    for score in (2, 3, 9, 7, 10, 8):
        clock.advance(minutes=1)
        last = answer(ada, score)
    with factories.work() as work:
        exclude_response(work, last)

    page = owner.get(f"/contacts/{ada.id}").text

    assert "Last scores, oldest first: 2, 3, 9, 7, 10." in page
    assert "not counted" in page


def test_the_latest_answer_stands_with_its_comment(owner: PortalClient) -> None:
    ada = make()
    response_id = answer(ada, 9, "Quick & <friendly>")

    page = owner.get(f"/contacts/{ada.id}").text

    assert "Quick &amp; &lt;friendly&gt;" in page
    assert f'href="/responses/{response_id}"' in page


def test_without_answers_the_page_says_so(owner: PortalClient) -> None:
    ada = make()

    assert "No answers yet." in owner.get(f"/contacts/{ada.id}").text


def test_the_timeline_tells_everything_newest_first(owner: PortalClient, clock: FixedClock) -> None:
    ada = make()
    clock.advance(hours=1)
    owner.post_form(f"/contacts/{ada.id}/edit", {"email": "ada@example.org", "name": "Ada"})
    clock.advance(hours=1)
    invitation_id = invite(ada)
    with factories.work() as work:
        facts = VisitFacts(
            kind=VisitKind.SURVEY_PAGE,
            method="GET",
            network="192.0.2.0",
            user_agent="test",
            purpose="",
            score=9,
        )
        log_visit(work, invitation_id, facts)
    clock.advance(minutes=1)
    with factories.work() as work:
        submit_answer(work, invitation_id, Answer(score=9, comment=""))
    clock.advance(hours=1)
    with factories.work() as work:
        record(work, "task.opened", contact_id=ada.id)

    page = owner.get(f"/contacts/{ada.id}").text

    assert titles(page) == [
        "Task opened",
        "Answered 9",
        "Opened the link",
        "Details changed",
        "Added to your contacts",
    ]
    assert "Score in the link: 9, not counted." in page
    assert "By Jo Baker." in page


def test_what_happened_to_others_is_not_on_the_timeline(owner: PortalClient) -> None:
    ada, bob = make(), make("bob@example.org", "Bob")
    with factories.work() as work:
        edit_contact(
            work, bob.id, ContactDetails(email=parse_email("bob@example.org"), name="Bob B")
        )

    assert titles(owner.get(f"/contacts/{ada.id}").text) == ["Added to your contacts"]


def test_looking_at_the_page_changes_nothing(owner: PortalClient) -> None:
    ada = make()
    before = reading().get_one(Contact, ada.id).changed_at

    owner.get(f"/contacts/{ada.id}")

    assert reading().get_one(Contact, ada.id, populate_existing=True).changed_at == before
