"""Claims: one worker takes a message, and what happens when a worker is gone."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.work import WORKER, Work, unit_of_work
from nps_portal.mail.parcels import Finished
from nps_portal.outbox.claims import (
    Claim,
    claim,
    new_owner,
    pass_commit_point,
    recover_leases,
    release,
    this_machine,
)
from nps_portal.outbox.commands import (
    cancel_content,
    cancel_for_address,
    hold_content,
    open_content,
)
from nps_portal.outbox.models import Message, MessageKind, MessageState
from nps_portal.outbox.resending import send_again
from nps_portal.outbox.settling import record_outcomes
from nps_portal.outbox.transport import Outcome, OutcomeKind, Stage
from tests.delivery.queue import (
    all_messages,
    claim_one,
    claim_some,
    queue,
    states,
    the_message,
)
from tests.support import factories
from tests.support.clock import FixedClock

SENT = Outcome(kind=OutcomeKind.SENT, stage=Stage.DOT, code=250, reply="2.0.0 Kept")
LATER = Outcome(kind=OutcomeKind.LATER, stage=Stage.DOT, code=451, reply="4.3.0 Busy")


def commit(one: Claim) -> bool:
    with unit_of_work(WORKER) as work:
        return pass_commit_point(work, [one]) == {one.message_id}


def settle(one: Claim, outcome: Outcome) -> None:
    with unit_of_work(WORKER) as work:
        record_outcomes(work, [Finished(ticket=one, outcome=outcome)])


def recover() -> int:
    with unit_of_work(WORKER) as work:
        return recover_leases(work)


def suppress_address(work: Work, email: str) -> None:
    reason = SuppressionReason.UNSUBSCRIBED
    suppress(work, email, reason, source="test", contact_id=None)


def test_two_workers_share_the_queue_and_take_nothing_twice(app: Flask) -> None:
    queue(*[f"c{number}@example.org" for number in range(60)])
    taken: dict[str, list[int]] = {"one": [], "two": []}
    together = threading.Barrier(2)

    def work_through(name: str) -> None:
        together.wait()
        with app.app_context():
            while claims := claim_some(7):
                taken[name] += [one.message_id for one in claims]

    workers = [threading.Thread(target=work_through, args=(name,)) for name in taken]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    everything = [message.id for message in all_messages()]
    assert sorted(taken["one"] + taken["two"]) == everything


def test_nobody_else_takes_a_claimed_message(app: Flask) -> None:
    queue("a@example.org")

    first, second = claim_some(), claim_some()

    assert (len(first), len(second)) == (1, 0)


def test_what_is_not_due_or_held_is_not_taken(app: Flask) -> None:
    held = queue("a@example.org")
    queue("b@example.org")
    with factories.work() as work:
        hold_content(work, held.id)
        later = sa.update(Message).where(Message.email_key == "b@example.org")
        work.session.execute(later.values(due_at=work.now.replace(hour=13)))

    assert list(claim_some()) == []


def test_an_opened_content_goes_on(app: Flask) -> None:
    content = queue("a@example.org")
    with factories.work() as work:
        hold_content(work, content.id)
        open_content(work, content.id)

    assert len(claim_some()) == 1


def test_a_claim_whose_lease_runs_out_goes_back_to_the_queue(app: Flask, clock: FixedClock) -> None:
    queue("a@example.org")
    lost = claim_one()

    clock.advance(seconds=119)
    early = recover()
    clock.advance(seconds=1)
    on_time = recover()

    assert (early, on_time) == (0, 1)
    assert states() == ["queued"]
    assert not commit(lost)
    assert commit(claim_one())


def test_a_committing_message_whose_lease_runs_out_is_uncertain_and_not_sent_again(
    app: Flask, clock: FixedClock
) -> None:
    queue("a@example.org")
    commit(claim_one())

    clock.advance(seconds=659)
    early = recover()
    clock.advance(seconds=1)
    on_time = recover()

    assert (early, on_time) == (0, 1)
    assert states() == ["uncertain"]
    assert list(claim_some()) == []


def test_an_answer_that_comes_after_the_lease_still_settles_the_message(
    app: Flask, clock: FixedClock
) -> None:
    queue("a@example.org")
    one = claim_one()
    commit(one)
    clock.advance(seconds=700)
    recover()

    settle(one, SENT)

    assert states() == ["sent"]
    assert the_message().sent_at == clock.now()


def test_a_message_that_the_server_did_not_take_after_all_is_queued_again(
    app: Flask, clock: FixedClock
) -> None:
    queue("a@example.org")
    one = claim_one()
    commit(one)
    clock.advance(seconds=700)
    recover()

    settle(one, LATER)

    assert states() == ["queued"]


@pytest.mark.parametrize(
    "stop",
    [
        lambda work, content_id: hold_content(work, content_id),
        lambda work, content_id: cancel_content(work, content_id, "the send was cancelled"),
        lambda work, _content_id: suppress_address(work, "a@example.org"),
    ],
    ids=["held", "cancelled", "suppressed"],
)
def test_r22_the_commit_point_is_refused_to_what_was_stopped(
    app: Flask, stop: Callable[[Work, int], object]
) -> None:
    content = queue("a@example.org")
    one = claim_one()

    with factories.work() as work:
        stop(work, content.id)

    assert not commit(one)


def test_the_commit_point_is_refused_after_the_lease(app: Flask, clock: FixedClock) -> None:
    queue("a@example.org")
    one = claim_one()

    clock.advance(seconds=120)

    assert not commit(one)


def test_the_commit_point_is_passed_once(app: Flask) -> None:
    queue("a@example.org")
    one = claim_one()

    assert [commit(one), commit(one)] == [True, False]


def test_a_password_reaches_an_address_that_has_unsubscribed(app: Flask) -> None:
    queue("a@example.org", kind=MessageKind.PASSWORD)
    one = claim_one()
    with factories.work() as work:
        suppress_address(work, "a@example.org")
        cancel_for_address(work, "a@example.org", "unsubscribed")

    assert commit(one)


def test_only_what_asks_the_customer_is_cancelled_for_an_address(app: Flask) -> None:
    queue("a@example.org", kind=MessageKind.PASSWORD)
    queue("a@example.org", "b@example.org")

    with factories.work() as work:
        cancelled = cancel_for_address(work, "a@example.org", "unsubscribed")

    assert cancelled == 1
    assert states() == ["queued", "cancelled", "queued"]


GIVE_BACK: dict[str, Callable[[Claim, FixedClock], object]] = {
    "released": lambda one, _clock: _release(one),
    "put off": lambda one, _clock: settle(one, LATER),
    "lease over": lambda _one, clock: _outlast(clock),
}


def _outlast(clock: FixedClock) -> None:
    clock.advance(seconds=120)
    recover()


def _release(one: Claim) -> None:
    with unit_of_work(WORKER) as work:
        release(work, [one])


@pytest.mark.parametrize("way", GIVE_BACK)
def test_what_comes_back_after_its_send_was_cancelled_is_cancelled(
    app: Flask, clock: FixedClock, way: str
) -> None:
    content = queue("a@example.org")
    one = claim_one()
    with factories.work() as work:
        cancel_content(work, content.id, "the send was cancelled")

    GIVE_BACK[way](one, clock)

    assert states() == ["cancelled"]
    assert the_message().reason == "the send was cancelled"


@pytest.mark.parametrize("way", GIVE_BACK)
def test_what_comes_back_after_its_address_was_suppressed_is_cancelled(
    app: Flask, clock: FixedClock, way: str
) -> None:
    queue("a@example.org")
    one = claim_one()
    with factories.work() as work:
        suppress_address(work, "a@example.org")

    GIVE_BACK[way](one, clock)

    assert states() == ["cancelled"]


def test_the_claims_of_a_dead_process_are_taken_back_at_once(app: Flask) -> None:
    queue("a@example.org", "b@example.org")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    owner = f"{this_machine()}:{dead.pid}:0123456789abcdef"
    with unit_of_work(WORKER) as work:
        first, _second = claim(work, owner, 20)
    commit(first)

    recovered = recover()

    assert recovered == 2
    assert states() == ["uncertain", "queued"]


def test_the_claims_of_a_living_process_and_of_other_machines_are_left_alone(app: Flask) -> None:
    queue("a@example.org", "b@example.org")
    with unit_of_work(WORKER) as work:
        claim(work, new_owner(), 1)
        claim(work, f"elsewhere:{os.getpid()}:0123456789abcdef", 1)

    assert recover() == 0
    assert states() == ["claimed", "claimed"]


def test_an_uncertain_message_is_sent_again_only_when_a_person_says_so(app: Flask) -> None:
    queue("a@example.org")
    commit(claim_one())
    with factories.work() as work:
        work.session.execute(sa.update(Message).values(state=MessageState.UNCERTAIN, attempts=12))
    public_id = the_message().public_id

    with factories.work() as work:
        requeued = send_again(work, the_id(work))
    again = claim_one()

    assert requeued
    assert (again.public_id, again.attempts) == (public_id, 0)


@pytest.mark.parametrize("state", [MessageState.QUEUED, MessageState.SENT, MessageState.CANCELLED])
def test_other_messages_are_not_sent_again(app: Flask, state: MessageState) -> None:
    queue("a@example.org")
    with factories.work() as work:
        work.session.execute(sa.update(Message).values(state=state))

        assert not send_again(work, the_id(work))


def test_nothing_of_a_cancelled_send_is_sent_again(app: Flask) -> None:
    content = queue("a@example.org")
    with factories.work() as work:
        work.session.execute(sa.update(Message).values(state=MessageState.UNCERTAIN))
        cancel_content(work, content.id, "the send was cancelled")

        assert not send_again(work, the_id(work))


def the_id(work: Work) -> int:
    return work.session.scalars(sa.select(Message.id)).one()
