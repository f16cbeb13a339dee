"""A running send's contacts become invitations or exclusions, each once."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from nps_portal.batches.audience import CHUNK
from nps_portal.batches.commands import cancel_batch, start_due_batches
from nps_portal.batches.models import Batch, Exclusion, Invitation, Reason
from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.tokens import Purpose, read_token
from nps_portal.journal.models import Event
from tests.batches.conftest import messages, plan_all, plan_once, the_batch
from tests.support import factories
from tests.support.clock import FixedClock


def invited() -> list[int]:
    with factories.work() as work:
        query = sa.select(Invitation.contact_id).order_by(Invitation.id)
        return list(work.session.scalars(query))


def excluded() -> dict[int, Reason]:
    with factories.work() as work:
        return {one.contact_id: one.reason for one in work.session.scalars(sa.select(Exclusion))}


def make_contacts(number: int) -> list[int]:
    with factories.work() as work:
        return [factories.make_contact(work).id for _ in range(number)]


def begin() -> None:
    with factories.work() as work:
        factories.make_batch(work)
        start_due_batches(work)


def test_everybody_gets_one_invitation_and_one_email(business: Flask) -> None:
    ids = make_contacts(3)

    begin()
    plan_all()

    assert invited() == ids
    assert [one.contact_id for one in messages()] == ids
    assert the_batch().planned_at is not None


def test_planning_twice_is_harmless(business: Flask) -> None:
    ids = make_contacts(3)
    begin()
    plan_all()

    with factories.work() as work:
        work.session.execute(sa.update(Batch).values(planned_at=None))
    plan_all()

    assert invited() == ids
    assert len(messages()) == 3


def test_the_database_refuses_a_second_invitation(business: Flask) -> None:
    (contact_id,) = make_contacts(1)
    begin()
    plan_all()
    batch = the_batch()

    with pytest.raises(IntegrityError), factories.work() as work:
        work.session.execute(
            sa.insert(Invitation).values(
                public_id="another",
                batch_id=batch.id,
                survey_id=batch.survey_id,
                contact_id=contact_id,
                created_at=work.now,
            )
        )


def test_everybody_left_out_has_a_reason(business: Flask, clock: FixedClock) -> None:
    first, silent, gone = make_contacts(3)
    with factories.work() as work:
        suppress(
            work,
            factories.make_contact(work, "loud@example.org").email_key,
            SuppressionReason.COMPLAINT,
            source="test",
            contact_id=None,
        )
    begin()
    plan_all()
    clock.advance(hours=1)

    with factories.work() as work:
        remove_contact(work, gone)
        factories.make_batch(work)
        start_due_batches(work)
    plan_all()

    reasons = [Reason.ASKED_TODAY, Reason.ASKED_TODAY, Reason.COMPLAINT]
    with factories.work() as work:
        rows = work.session.scalars(sa.select(Exclusion).order_by(Exclusion.id)).all()
    assert [one.reason for one in rows if one.batch_id == rows[-1].batch_id] == reasons
    assert invited() == [first, silent, gone]


def test_who_is_removed_in_the_middle_is_left_out_with_the_reason(
    business: Flask, clock: FixedClock
) -> None:
    ids = make_contacts(CHUNK + 2)
    begin()
    plan_once()
    clock.advance(seconds=1)

    with factories.work() as work:
        remove_contact(work, ids[-1])
    plan_all()

    assert len(invited()) == CHUNK + 1
    assert excluded() == {ids[-1]: Reason.REMOVED}
    assert the_batch().planned_at is not None


def test_a_chosen_contact_who_was_removed_is_listed(business: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work)
        factories.make_batch(work, [contact])
        remove_contact(work, contact.id)

    plan_all()

    assert excluded() == {contact.id: Reason.REMOVED}


def test_who_is_added_after_the_start_is_no_part_of_it(business: Flask, clock: FixedClock) -> None:
    ids = make_contacts(CHUNK + 1)
    begin()
    plan_once()
    clock.advance(seconds=1)

    make_contacts(1)
    plan_all()

    assert invited() == ids


def test_nobody_is_invited_to_a_cancelled_send(business: Flask) -> None:
    make_contacts(CHUNK + 1)
    begin()
    plan_once()

    with factories.work() as work:
        cancel_batch(work, work.session.scalars(sa.select(Batch.id)).one())
    done = plan_once()

    assert done == 0
    assert len(invited()) == CHUNK
    assert {one.state.value for one in messages()} == {"cancelled"}


def test_two_sends_at_once_ask_a_person_once(business: Flask) -> None:
    make_contacts(2)
    with factories.work() as work:
        factories.make_batch(work)
        factories.make_batch(work)

    plan_all()

    assert len(invited()) == 2
    assert set(excluded().values()) == {Reason.ASKED_TODAY}


def test_the_links_are_fixed_and_sealed_before_anything_leaves(business: Flask) -> None:
    make_contacts(1)
    begin()
    plan_all()

    values = messages()[0].values

    with factories.work() as work:
        public_id = work.session.scalars(sa.select(Invitation.public_id)).one()
    token = values["survey_path"].removeprefix("/s/")
    assert read_token(Purpose.SURVEY, token) == public_id
    assert read_token(Purpose.UNSUBSCRIBE, token) is None
    unsubscribe = values["unsubscribe_path"].removeprefix("/u/")
    assert read_token(Purpose.UNSUBSCRIBE, unsubscribe) == public_id


def test_the_journal_says_who_was_invited(business: Flask) -> None:
    ids = make_contacts(2)
    begin()
    plan_all()

    with factories.work() as work:
        events = work.session.scalars(sa.select(Event).where(Event.kind == "contact.invited"))

        assert [one.contact_id for one in events] == ids
