"""The worker's judging: once each, by however many workers, and never in the way of an answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask

from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.responses.judging import judge_visits, rule_words
from nps_portal.responses.models import ResponseState
from nps_portal.surveys.models import Survey
from nps_portal.visits.judging import due_invitation_ids
from nps_portal.visits.models import Verdict, Visit, VisitKind
from nps_portal.worker.duties import DUTIES
from nps_portal.worker.loop import run_until_idle
from tests.customer_pages.asking import Asked, ask, responses, visits
from tests.responses.test_commands import events
from tests.support import factories
from tests.support.clock import FixedClock
from tests.visits.visitors import (
    OLD_CHROME,
    SCANNER,
    Visitor,
    judge_after_the_hold,
    judge_now,
    open_all,
    rules_of,
    the_response,
)

WORKERS = 4


def ask_many(app: Flask, count: int) -> list[Asked]:
    return [ask(app, f"Person {number}") for number in range(count)]


def hold_for(minutes: int) -> None:
    with factories.work() as work:
        survey = factories.make_survey(work)
        work.session.get_one(Survey, survey.id).hold_minutes = minutes


def test_the_worker_judges_when_the_hold_is_over(app: Flask, clock: FixedClock) -> None:
    scanner = Visitor(app=app, clock=clock, asked=ask(app), address=SCANNER, agent=OLD_CHROME)
    open_all(scanner)
    clock.advance(minutes=31)

    run_until_idle(app)

    assert {visit.verdict for visit in visits()} == {Verdict.MACHINE}
    [duty] = [duty for duty in DUTIES if duty.name == "judge visits"]
    assert duty.every_seconds == 30


def test_judging_again_changes_nothing(app: Flask, clock: FixedClock) -> None:
    person = Visitor(app=app, clock=clock, asked=ask(app))
    clock.advance(minutes=5)
    person.open(9)
    person.look(9)
    assert judge_after_the_hold(clock) == 1
    marks = [(visit.verdict, visit.marks) for visit in visits()]

    assert judge_now() == 0

    assert [(visit.verdict, visit.marks) for visit in visits()] == marks
    assert events() == ["response.clicked"]


def test_several_workers_judge_each_visit_once(app: Flask, clock: FixedClock) -> None:
    people = ask_many(app, 12)
    clock.advance(minutes=5)
    for asked in people:
        person = Visitor(app=app, clock=clock, asked=asked)
        person.open(9)
        person.look(9)
    clock.advance(minutes=31)
    together = threading.Barrier(WORKERS, timeout=10)

    def work_once() -> int:
        with app.app_context():
            together.wait()
            with unit_of_work(WORKER) as work:
                return judge_visits(work)

    with ThreadPoolExecutor(WORKERS) as threads:
        judged = [future.result() for future in [threads.submit(work_once) for _ in range(WORKERS)]]

    assert sum(judged) + judge_now() == len(people)
    assert [one.state for one in responses()] == [ResponseState.CLICKED] * len(people)
    assert events() == ["response.clicked"] * len(people)


def test_an_answer_during_the_judging_is_not_lost(app: Flask, clock: FixedClock) -> None:
    person = Visitor(app=app, clock=clock, asked=ask(app))
    clock.advance(minutes=5)
    person.open(9)
    person.look(9)
    clock.advance(minutes=31)
    together = threading.Barrier(2, timeout=10)

    def judge() -> None:
        with app.app_context():
            together.wait()
            with unit_of_work(WORKER) as work:
                judge_visits(work)

    def send() -> None:
        with app.app_context():
            together.wait()
            person.send(4, hand="trusted,pick")

    with ThreadPoolExecutor(2) as threads:
        for future in [threads.submit(judge), threads.submit(send)]:
            future.result()

    assert (the_response().score, the_response().state) == (4, ResponseState.COUNTED)


def test_no_more_than_a_share_is_judged_at_a_time(app: Flask, clock: FixedClock) -> None:
    asked = ask(app)
    people = [asked.invitation_id, *(one.invitation_id for one in ask_many(app, 2))]
    for invitation_id in people:
        add_openings(invitation_id, clock, count=1)
    clock.advance(minutes=31)

    with factories.work() as work:
        due = due_invitation_ids(work.session, work.now, 2)

    assert due == people[:2]


def add_openings(invitation_id: int, clock: FixedClock, count: int) -> None:
    with factories.work() as work:
        work.session.add_all(
            Visit(
                invitation_id=invitation_id,
                at=clock.now() + timedelta(seconds=number),
                kind=VisitKind.SURVEY_PAGE,
                method="GET",
                score=number % 11,
                network="198.51.100.0/24",
                user_agent=OLD_CHROME,
                purpose="",
                seconds_since_sent=600.0 + number,
                marks={},
            )
            for number in range(count)
        )


def test_a_link_that_is_opened_without_end_is_judged_in_turns(
    app: Flask, clock: FixedClock
) -> None:
    asked = ask(app)
    add_openings(asked.invitation_id, clock, count=1200)
    clock.advance(hours=1)

    turns = 0
    while judge_now():
        turns += 1

    assert turns == 3
    assert {visit.verdict for visit in visits()} == {Verdict.MACHINE}


def test_without_a_hold_a_late_decoy_still_marks_what_was_judged(
    app: Flask, clock: FixedClock
) -> None:
    hold_for(0)
    scanner = Visitor(app=app, clock=clock, asked=ask(app), address=SCANNER)
    clock.advance(minutes=5)
    scanner.answer(9, hand="")
    assert judge_now() == 1
    assert the_response().state is ResponseState.COUNTED
    clock.advance(seconds=10)
    scanner.open_decoy()

    assert judge_now() == 1

    assert the_response().state is ResponseState.HELD
    assert {visit.verdict for visit in visits()} == {Verdict.MACHINE}
    assert [rules_of(visit) for visit in visits()] == [["decoy"]] * 3


def test_unsubscribing_is_judged_too(app: Flask, clock: FixedClock) -> None:
    asked = ask(app)
    clock.advance(minutes=5)
    app.test_client().get(asked.unsubscribe_path, headers={"User-Agent": "curl/8.5"})

    judge_after_the_hold(clock)

    assert visits()[0].verdict is Verdict.MACHINE


def test_a_reason_has_words() -> None:
    assert rule_words("decoy") == "opened the link that people cannot see"
