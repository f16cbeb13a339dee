"""The one gate: who may be asked now, and if not, why not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.eligibility import Decision, Facts, Rules, decide, may_be_asked
from nps_portal.batches.models import Reason
from nps_portal.contacts.commands import pause_contact, remove_contact
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.outbox.models import Message, MessageState
from nps_portal.surveys.models import Survey
from nps_portal.worker.loop import run_until_idle
from tests.batches.conftest import outcome_for_all, send
from tests.support import factories
from tests.support.clock import NOON, FixedClock

RULES = Rules(days_between=90, company_weekly_cap=3)
SECOND = timedelta(seconds=1)


def facts(contact_id: int = 1, **changes: object) -> Facts:
    """Return what is known of somebody who may be asked, changed as the test needs it."""
    values: dict[str, object] = {
        "contact_id": contact_id,
        "removed": False,
        "suppression": None,
        "last_asked_at": None,
        "company_id": None,
    }
    return Facts(**(values | changes))  # type: ignore[arg-type]  # the tests change one by name


def reason(one: Facts, rules: Rules = RULES) -> Reason | None:
    (decision,) = decide([one], {}, rules, NOON)
    return decision.reason


def test_somebody_never_asked_may_be_asked() -> None:
    assert reason(facts()) is None


def test_a_removed_contact_is_not_asked() -> None:
    assert reason(facts(removed=True)) is Reason.REMOVED


@pytest.mark.parametrize("why", SuppressionReason)
def test_a_suppressed_address_is_not_asked_for_that_reason(why: SuppressionReason) -> None:
    assert reason(facts(suppression=why)) is Reason(why.value)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (NOON + SECOND, Reason.PAUSED),
        (NOON, None),
        (NOON - SECOND, None),
        (None, None),
    ],
)
def test_a_pause_lasts_to_the_second(until: datetime | None, expected: Reason | None) -> None:
    assert reason(facts(paused_until=until)) is expected


def test_a_persons_word_that_lasts_is_named_before_a_pause() -> None:
    one = facts(paused_until=NOON + SECOND, suppression=SuppressionReason.UNSUBSCRIBED)

    assert reason(one) is Reason.UNSUBSCRIBED


def test_a_pause_is_named_before_the_cadence() -> None:
    one = facts(paused_until=NOON + SECOND, last_asked_at=NOON - SECOND)

    assert reason(one) is Reason.PAUSED


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(0), Reason.ASKED_TODAY),
        (timedelta(hours=24) - SECOND, Reason.ASKED_TODAY),
        (timedelta(hours=24), Reason.ASKED_LATELY),
        (timedelta(days=90) - SECOND, Reason.ASKED_LATELY),
        (timedelta(days=90), None),
    ],
)
def test_ninety_days_pass_to_the_second(ago: timedelta, expected: Reason | None) -> None:
    assert reason(facts(last_asked_at=NOON - ago)) is expected


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(timedelta(hours=24) - SECOND, Reason.ASKED_TODAY), (timedelta(hours=24), None)],
)
def test_zero_days_switch_the_rule_off_but_not_the_floor(
    ago: timedelta, expected: Reason | None
) -> None:
    off = Rules(days_between=0, company_weekly_cap=3)

    assert reason(facts(last_asked_at=NOON - ago), off) is expected


def test_colleagues_count_against_each_other_in_their_order() -> None:
    people = [facts(number, company_id=7) for number in (4, 2, 9)]

    decisions = decide(people, {7: 1}, RULES, NOON)

    assert decisions == [
        Decision(contact_id=4, reason=None),
        Decision(contact_id=2, reason=None),
        Decision(contact_id=9, reason=Reason.COLLEAGUES_ASKED),
    ]


def test_a_colleague_who_is_left_out_uses_up_nothing() -> None:
    people = [facts(1, company_id=7, removed=True), facts(2, company_id=7)]

    decisions = decide(people, {7: 2}, RULES, NOON)

    assert [one.reason for one in decisions] == [Reason.REMOVED, None]


def test_people_without_a_company_are_no_colleagues() -> None:
    decisions = decide([facts(number) for number in range(5)], {}, RULES, NOON)

    assert [one.reason for one in decisions] == [None] * 5


def test_a_cap_of_zero_is_no_limit() -> None:
    people = [facts(number, company_id=7) for number in range(9)]

    decisions = decide(people, {7: 50}, Rules(days_between=90, company_weekly_cap=0), NOON)

    assert {one.reason for one in decisions} == {None}


def ask_about(contacts: Sequence[Contact]) -> list[Reason | None]:
    """Return what the gate says of these contacts now."""
    with factories.work() as work:
        survey = work.session.scalars(sa.select(Survey)).one()
        ids = [contact.id for contact in contacts]
        return [one.reason for one in may_be_asked(work.session, ids, survey, work.now)]


def test_a_sent_invitation_counts_for_ninety_days_from_its_sending(
    business: Flask, clock: FixedClock
) -> None:
    (contact,) = send("marta@example.org")
    clock.advance(hours=5)
    outcome_for_all(MessageState.SENT)
    sent_at = clock.now()

    clock.at = sent_at + timedelta(days=90) - SECOND
    just_before = ask_about([contact])
    clock.at = sent_at + timedelta(days=90)
    then = ask_about([contact])

    assert (just_before, then) == ([Reason.ASKED_LATELY], [None])


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.CANCELLED])
def test_an_email_that_never_left_asked_nobody(business: Flask, state: MessageState) -> None:
    (contact,) = send("marta@example.org")

    outcome_for_all(state)

    assert ask_about([contact]) == [None]


def test_an_uncertain_email_counts_as_sent(business: Flask) -> None:
    (contact,) = send("marta@example.org")

    outcome_for_all(MessageState.UNCERTAIN)

    assert ask_about([contact]) == [Reason.ASKED_TODAY]


def test_an_email_that_has_waited_for_long_counts_as_asking_now(
    business: Flask, clock: FixedClock
) -> None:
    (contact,) = send("marta@example.org")

    clock.advance(days=200)

    assert ask_about([contact]) == [Reason.ASKED_TODAY]


def test_three_colleagues_a_week_and_the_fourth_when_the_week_is_over(
    business: Flask, clock: FixedClock
) -> None:
    send("a@nordlys.example", "b@nordlys.example", "c@nordlys.example", company="Nordlys")
    outcome_for_all(MessageState.SENT)
    with factories.work() as work:
        fourth = factories.make_contact(work, "d@nordlys.example", company="NORDLYS ")

    clock.advance(days=7, seconds=-1)
    within_the_week = ask_about([fourth])
    clock.advance(seconds=1)
    after_it = ask_about([fourth])

    assert (within_the_week, after_it) == ([Reason.COLLEAGUES_ASKED], [None])


def test_suppressions_and_removals_are_read_from_the_contacts(business: Flask) -> None:
    with factories.work() as work:
        gone, silent = factories.make_contact(work), factories.make_contact(work)
        remove_contact(work, gone.id)
        suppress(
            work,
            silent.email_key,
            SuppressionReason.UNSUBSCRIBED,
            source="test",
            contact_id=silent.id,
        )

    assert ask_about([silent, gone]) == [Reason.UNSUBSCRIBED, Reason.REMOVED]


def test_a_pause_is_read_from_the_contact(business: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        paused, other = factories.make_contact(work), factories.make_contact(work)
        pause_contact(work, paused.id, clock.now() + timedelta(days=90))

    assert ask_about([paused, other]) == [Reason.PAUSED, None]
    clock.advance(days=90)
    assert ask_about([paused]) == [None]


def test_colleagues_are_counted_across_a_large_audience(business: Flask) -> None:
    with factories.work() as work:
        people = [factories.make_contact(work, company="Nordlys") for _ in range(2)]
        people += [factories.make_contact(work) for _ in range(520)]
        people += [factories.make_contact(work, company="Nordlys") for _ in range(2)]

    reasons = ask_about(people)

    assert reasons[:2] == [None, None]
    assert reasons[-2:] == [None, Reason.COLLEAGUES_ASKED]


def test_the_gate_is_the_same_for_a_whole_run(business: Flask, clock: FixedClock) -> None:
    send("marta@example.org")
    outcome_for_all(MessageState.SENT)
    clock.advance(hours=1)

    with factories.work() as work:
        again = factories.make_batch(work)
    run_until_idle(business)

    with factories.work() as work:
        messages = sa.select(sa.func.count()).select_from(Message)
        made = work.session.scalar(messages.where(Message.content_id == again.content_id))
    assert made == 0
