"""What is kept for too long goes, and what the owner has not asked for stays."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.models import Invitation
from nps_portal.contacts.erasures import is_erased_address
from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.database import reading
from nps_portal.privacy.answer_erasure import erase_answers
from nps_portal.privacy.retention import keep_to_retention
from nps_portal.responses.commands import Answer, PublicFacts, take_public_answer
from nps_portal.responses.models import Channel, Response
from nps_portal.visits.models import Visit, VisitKind
from tests.insights.answers import add_answer
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock


def keep() -> int:
    with factories.work() as work:
        return keep_to_retention(work)


def decide(**values: int) -> None:
    with factories.work() as work:
        change_settings(work, {name: str(value) for name, value in values.items()})


def old_contact(clock: FixedClock, email: str, *, days: int = 800) -> int:
    """Add a Contact who was added so many days ago."""
    with factories.work() as work:
        contact = factories.make_contact(work, email)
        contact.created_at = contact.changed_at = work.now - timedelta(days=days)
        return contact.id


def address_of(contact_id: int) -> str:
    return reading().get_one(Contact, contact_id, populate_existing=True).email


def test_networks_are_forgotten_after_thirty_days(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        factories.make_business(work)
        batch = factories.make_batch(work, [contact := factories.make_contact(work)])
        invitation = Invitation(
            public_id="i",
            batch_id=batch.id,
            survey_id=batch.survey_id,
            contact_id=contact.id,
            created_at=work.now,
        )
        work.session.add(invitation)
        work.session.flush()
        for days in (29, 31):
            work.session.add(
                Visit(
                    invitation_id=invitation.id,
                    at=work.now - timedelta(days=days),
                    kind=VisitKind.SURVEY_PAGE,
                    method="GET",
                    network="192.0.2.0/24",
                    user_agent="Firefox",
                    purpose="",
                    marks={},
                )
            )

    done = keep()

    kept = reading().execute(sa.select(Visit.network, Visit.user_agent).order_by(Visit.at.desc()))
    assert done == 1
    assert kept.all() == [("192.0.2.0/24", "Firefox"), ("", "")]


def test_nobody_goes_unless_the_owner_has_said_so(app: Flask, clock: FixedClock) -> None:
    contact_id = old_contact(clock, "ada@example.org")

    assert keep() == 0
    assert address_of(contact_id) == "ada@example.org"


def test_who_was_silent_for_long_is_erased(app: Flask, clock: FixedClock) -> None:
    decide(expire_after_months=24)
    gone = old_contact(clock, "gone@example.org")
    young = old_contact(clock, "young@example.org", days=700)
    asked = old_contact(clock, "asked@example.org")
    with factories.work() as work:
        work.session.get_one(Contact, asked).last_asked_at = work.now - timedelta(days=10)

    assert keep() == 1
    assert is_erased_address(address_of(gone))
    assert address_of(young) == "young@example.org"
    assert address_of(asked) == "asked@example.org"


def test_who_expired_may_come_back_unless_they_had_stopped(app: Flask, clock: FixedClock) -> None:
    decide(expire_after_months=24)
    old_contact(clock, "free@example.org")
    stopped = old_contact(clock, "stopped@example.org")
    with factories.work() as work:
        suppress(
            work,
            "stopped@example.org",
            SuppressionReason.UNSUBSCRIBED,
            source="link",
            contact_id=stopped,
        )
    assert keep() == 2

    with factories.work() as work:
        factories.make_contact(work, "free@example.org")
        factories.make_contact(work, "stopped@example.org")

    plain = reading().scalars(
        sa.select(Suppression.email_key).where(Suppression.email_key.contains("@"))
    )
    assert plain.all() == ["stopped@example.org"]


def test_old_comments_go_and_their_scores_stay(app: Flask, clock: FixedClock) -> None:
    decide(forget_comments_after_months=12)
    with factories.work() as work:
        for days, words in ((400, "old"), (300, "young")):
            add_answer(work, 3, work.now - timedelta(days=days)).comment = words

    assert keep() == 1
    kept = reading().execute(
        sa.select(Response.comment, Response.score).order_by(Response.answered_at)
    )
    assert kept.all() == [("", 3), ("young", 3)]


def test_the_owner_is_told_what_goes_at_once(owner: PortalClient, clock: FixedClock) -> None:
    old_contact(clock, "gone@example.org")
    told = {"expire_after_months": "24", "forget_comments_after_months": ""}

    asked = owner.post_form("/settings/privacy", told)
    before = keep()
    saved = owner.post_form("/settings/privacy", {**told, "sure": "yes"})

    assert "1 person and 0 comments are older than that." in asked.text
    assert before == 0
    assert saved.status_code == 303
    assert keep() == 1


@pytest.mark.parametrize("months", ["-1", "241", "two"])
def test_nonsense_is_refused(owner: PortalClient, months: str) -> None:
    answer = owner.post_form("/settings/privacy", {"expire_after_months": months})

    assert answer.status_code == 422


def network_of(response_id: int) -> str:
    return str(reading().get_one(Response, response_id, populate_existing=True).marks["network"])


def door_answer(key: str) -> int:
    with factories.work() as work:
        facts = PublicFacts(network="203.0.113.0/24", seconds_on_page=20)
        answer = Answer(score=9, comment="Good")
        survey_id = factories.make_survey(work).id
        return take_public_answer(work, survey_id, answer, Channel.LINK, key=key, facts=facts).id


def test_the_networks_of_answers_at_the_door_are_forgotten_too(
    app: Flask, clock: FixedClock
) -> None:
    old = door_answer("old")
    clock.advance(days=31)
    new = door_answer("new")

    keep()

    assert (network_of(old), network_of(new)) == ("", "203.0.113.0/24")


def test_an_erased_answer_forgets_its_network_at_once(app: Flask) -> None:
    response_id = door_answer("one")
    with factories.work() as work:
        erase_answers(work, Response.id == response_id)

    assert network_of(response_id) == ""
