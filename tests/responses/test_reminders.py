"""Reminders: once, in working time, to those who did not answer, with the score they chose."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.commands import cancel_batch
from nps_portal.batches.models import Batch, Invitation
from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.outbox.models import Message, MessageState
from nps_portal.responses.commands import (
    Answer,
    PublicFacts,
    submit_answer,
    take_public_answer,
)
from nps_portal.responses.models import Channel
from nps_portal.responses.reminders import remind_next
from nps_portal.surveys.models import ReminderMode
from nps_portal.visits.commands import VisitFacts, log_visit
from nps_portal.visits.models import Verdict, VisitKind
from tests.batches.conftest import outcome_for_all, plan_all
from tests.support import factories
from tests.support.clock import FixedClock

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
THURSDAY = MONDAY + timedelta(days=3)


@pytest.fixture
def asked(app: Flask, clock: FixedClock) -> dict[str, int]:
    """Give the invitations of three people who were asked on a Monday, by name."""
    clock.at = MONDAY
    with factories.work() as work:
        factories.make_business(work)
        contacts = [factories.make_contact(work, name=name) for name in ("Ann", "Ben", "Cleo")]
        factories.make_batch(work, contacts)
    plan_all()
    outcome_for_all(MessageState.SENT)
    clock.at = THURSDAY
    with factories.work() as work:
        rows = work.session.scalars(sa.select(Invitation)).unique().all()
        return {row.contact.name: row.id for row in rows}


def remind() -> list[str]:
    """Plan all reminders that are due, and return to whom those that wait now go."""
    while True:
        with factories.work() as work:
            if not remind_next(work):
                break
    with factories.work() as work:
        return sorted(
            work.session.scalars(
                sa.select(Message.recipient_name)
                .where(Message.wave == 1)
                .where(Message.state == MessageState.QUEUED)
            )
        )


def open_score(invitation_id: int, score: int, verdict: Verdict | None = None) -> None:
    facts = VisitFacts(
        kind=VisitKind.SURVEY_PAGE,
        method="GET",
        network="192.0.2.0/24",
        user_agent="Firefox",
        purpose="",
        score=score,
    )
    with factories.work() as work:
        log_visit(work, invitation_id, facts).verdict = verdict


def test_who_has_not_answered_is_reminded_once_after_three_working_days(
    asked: dict[str, int], clock: FixedClock
) -> None:
    with factories.work() as work:
        submit_answer(work, asked["Ann"], Answer(score=9, comment=""))
    clock.at = THURSDAY - timedelta(minutes=1)
    too_early = remind()
    clock.at = THURSDAY

    first, again = remind(), remind()

    assert too_early == []
    assert first == ["Ben", "Cleo"]
    assert again == first


def test_who_has_answered_on_the_telephone_is_not_reminded(asked: dict[str, int]) -> None:
    with factories.work() as work:
        ann = work.session.get_one(Invitation, asked["Ann"])
        said, facts = Answer(score=9, comment=""), PublicFacts(contact_id=ann.contact_id)
        take_public_answer(work, ann.survey_id, said, Channel.PHONE, key="a", facts=facts)

    assert remind() == ["Ben", "Cleo"]


def test_an_answer_from_before_the_send_keeps_no_reminder_back(asked: dict[str, int]) -> None:
    with factories.work() as work:
        ann = work.session.get_one(Invitation, asked["Ann"])
        before = ann.created_at - timedelta(days=1)
        said = Answer(score=9, comment="")
        facts = PublicFacts(contact_id=ann.contact_id, answered_at=before)
        take_public_answer(work, ann.survey_id, said, Channel.PHONE, key="a", facts=facts)

    assert remind() == ["Ann", "Ben", "Cleo"]


@pytest.mark.parametrize(
    "at",
    [THURSDAY.replace(hour=8, minute=59), THURSDAY.replace(hour=17), THURSDAY + timedelta(days=2)],
)
def test_nobody_is_reminded_out_of_working_time(
    asked: dict[str, int], clock: FixedClock, at: datetime
) -> None:
    clock.at = at

    assert remind() == []


def test_what_was_missed_for_more_than_a_week_is_not_made_up_for(
    asked: dict[str, int], clock: FixedClock
) -> None:
    clock.at = THURSDAY + timedelta(days=11)

    assert remind() == []


def test_the_score_that_a_person_chose_is_in_the_reminder(asked: dict[str, int]) -> None:
    open_score(asked["Ann"], 4)
    open_score(asked["Ann"], 8, Verdict.UNCLEAR)
    open_score(asked["Ben"], 10, Verdict.MACHINE)

    remind()

    with factories.work() as work:
        rows = work.session.execute(
            sa.select(Message.recipient_name, Message.values).where(Message.wave == 1)
        )
        scores = {name: values.get("score") for name, values in rows}
    assert scores == {"Ann": "8", "Ben": None, "Cleo": None}


def test_a_survey_may_remind_only_those_who_chose_or_nobody(asked: dict[str, int]) -> None:
    open_score(asked["Cleo"], 7)
    with factories.work() as work:
        factories.make_survey(work).reminder = ReminderMode.NOBODY
    nobody = remind()
    with factories.work() as work:
        factories.make_survey(work).reminder = ReminderMode.CLICKED

    assert nobody == []
    assert remind() == ["Cleo"]


def test_stop_means_stop_for_reminders_too(asked: dict[str, int], clock: FixedClock) -> None:
    with factories.work() as work:
        people = {
            name: work.session.get_one(Invitation, invitation_id).contact
            for name, invitation_id in asked.items()
        }
        suppress(
            work,
            people["Ann"].email_key,
            SuppressionReason.UNSUBSCRIBED,
            source="link",
            contact_id=people["Ann"].id,
        )
        remove_contact(work, people["Ben"].id)
        people["Cleo"].paused_until = clock.now() + timedelta(days=30)

    assert remind() == []


def test_a_cancelled_send_reminds_nobody(asked: dict[str, int]) -> None:
    with factories.work() as work:
        cancel_batch(work, work.session.scalars(sa.select(Batch.id)).one())

    assert remind() == []


def test_a_reminder_asks_whoever_gets_it(asked: dict[str, int], clock: FixedClock) -> None:
    remind()
    outcome_for_all(MessageState.SENT)
    clock.at = THURSDAY + timedelta(days=89)
    with factories.work() as work:
        contact = work.session.get_one(Invitation, asked["Ben"]).contact
        factories.make_batch(work, [contact])
    plan_all()

    with factories.work() as work:
        count = work.session.scalar(
            sa.select(sa.func.count())
            .select_from(Message)
            .where(Message.recipient_name == "Ben", Message.wave == 0)
        )
    assert count == 1
