"""Deciding a send, and what may become of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.portal_settings import change_settings
from nps_portal.batches.audience import EVERYBODY, Audience
from nps_portal.batches.commands import (
    BatchPlan,
    EmptyAudience,
    NotReady,
    cancel_batch,
    finish_batches,
    pause_batch,
    resume_batch,
    schedule_batch,
    start_due_batches,
)
from nps_portal.batches.models import Batch, BatchState, WrongState
from nps_portal.outbox.models import ContentState, EmailContent, MessageState
from nps_portal.surveys.commands import change_wording
from nps_portal.surveys.wording import Wording
from tests.batches.conftest import messages, outcome_for_all, plan_all, send, the_batch
from tests.support import factories
from tests.support.clock import FixedClock


def start() -> int:
    with factories.work() as work:
        return start_due_batches(work)


def finish() -> int:
    with factories.work() as work:
        return finish_batches(work)


def schedule_in(**wait: float) -> Batch:
    with factories.work() as work:
        survey = factories.make_survey(work)
        at = work.now + timedelta(**wait)
        plan = BatchPlan(survey_id=survey.id, audience=EVERYBODY, name="", at=at)
        return schedule_batch(work, plan)


def content_state() -> ContentState:
    with factories.work() as work:
        return work.session.scalars(sa.select(EmailContent.state)).one()


def test_nothing_is_decided_while_the_email_would_lack_its_sender(app: Flask) -> None:
    with factories.work() as work, pytest.raises(NotReady) as refused:
        factories.make_batch(work)

    assert refused.value.missing == [
        "the business's name",
        "the sender's address",
        "the postal address",
    ]


def test_a_choice_of_nobody_is_no_send_to_everybody(business: Flask) -> None:
    with factories.work() as work:
        survey = factories.make_survey(work)
        plan = BatchPlan(survey_id=survey.id, audience=Audience(contact_ids=()), name="")

        with pytest.raises(EmptyAudience):
            schedule_batch(work, plan)


def test_the_email_is_that_of_the_moment_of_deciding(business: Flask) -> None:
    with factories.work() as work:
        survey = factories.make_survey(work)
        factories.make_batch(work)
    with factories.work() as work:
        change_wording(work, survey.id, Wording(subject="Something else"))
        change_settings(work, {"business_name": "Renamed"})

    with factories.work() as work:
        content = work.session.scalars(sa.select(EmailContent)).one()

    assert content.subject == "A quick question from Acme Supplies"
    assert "Renamed" not in content.html


def test_a_send_starts_when_its_time_has_come_and_once(business: Flask, clock: FixedClock) -> None:
    schedule_in(hours=2)

    clock.advance(hours=2, seconds=-1)
    early = start()
    clock.advance(seconds=1)
    on_time, again = start(), start()

    assert (early, on_time, again) == (0, 1, 0)
    assert the_batch().state is BatchState.RUNNING


@pytest.mark.parametrize(
    ("late", "state"),
    [
        (timedelta(hours=6), BatchState.RUNNING),
        (timedelta(hours=6, seconds=1), BatchState.PAUSED),
    ],
)
def test_a_send_found_long_after_its_time_waits_for_the_owner(
    business: Flask, clock: FixedClock, late: timedelta, state: BatchState
) -> None:
    schedule_in(hours=1)
    clock.advance(hours=1)

    clock.at += late
    start()

    assert the_batch().state is state
    assert the_batch().was_late is (state is BatchState.PAUSED)


def test_a_late_send_goes_on_when_the_owner_says_so(business: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        factories.make_contact(work)
    batch = schedule_in(hours=1)
    clock.advance(days=3)
    start()

    with factories.work() as work:
        resume_batch(work, batch.id)
    plan_all()

    assert content_state() is ContentState.OPEN
    assert [one.state for one in messages()] == [MessageState.QUEUED]


def test_a_paused_send_holds_its_emails_and_a_resumed_one_lets_them_go(business: Flask) -> None:
    send("a@example.org")
    batch = the_batch()

    with factories.work() as work:
        pause_batch(work, batch.id)
    held = content_state()
    with factories.work() as work:
        resume_batch(work, batch.id)

    assert (held, content_state()) == (ContentState.HELD, ContentState.OPEN)
    assert the_batch().state is BatchState.RUNNING


def test_a_cancelled_send_ends_its_waiting_emails_and_keeps_those_that_left(
    business: Flask,
) -> None:
    send("a@example.org")
    outcome_for_all(MessageState.SENT)
    first = the_batch()
    with factories.work() as work:
        second = factories.make_batch(work, [factories.make_contact(work, "b@example.org")])
    plan_all()

    with factories.work() as work:
        cancel_batch(work, first.id)
        cancel_batch(work, second.id)

    assert [one.state for one in messages()] == [MessageState.SENT, MessageState.CANCELLED]
    assert messages()[1].reason == "the send was cancelled"


def test_what_has_ended_cannot_be_changed(business: Flask) -> None:
    send("a@example.org")
    batch = the_batch()
    with factories.work() as work:
        cancel_batch(work, batch.id)

    for act in (pause_batch, resume_batch, cancel_batch):
        with factories.work() as work, pytest.raises(WrongState, match="This send is cancelled"):
            act(work, batch.id)


def test_a_scheduled_send_cannot_be_paused_but_cancelled(
    business: Flask, clock: FixedClock
) -> None:
    batch = schedule_in(hours=1)

    with factories.work() as work, pytest.raises(WrongState):
        pause_batch(work, batch.id)
    with factories.work() as work:
        cancel_batch(work, batch.id)
    clock.advance(hours=2)

    assert start() == 0


@pytest.mark.parametrize(
    ("state", "finished"),
    [
        (MessageState.QUEUED, 0),
        (MessageState.CLAIMED, 0),
        (MessageState.COMMITTING, 0),
        (MessageState.SENT, 1),
        (MessageState.FAILED, 1),
        (MessageState.UNCERTAIN, 1),
    ],
)
def test_finished_is_computed_from_the_rows(
    business: Flask, state: MessageState, finished: int
) -> None:
    send("a@example.org")
    outcome_for_all(state)

    assert finish() == finished


def test_a_send_is_not_finished_before_everybody_was_looked_at(business: Flask) -> None:
    with factories.work() as work:
        factories.make_contact(work)
        factories.make_batch(work)
    start()

    assert finish() == 0


def test_a_send_to_nobody_ends(business: Flask) -> None:
    with factories.work() as work:
        factories.make_batch(work)
    plan_all()

    assert finish() == 1
    assert the_batch().state is BatchState.FINISHED
