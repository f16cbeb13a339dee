"""Answers: the first makes a Response, later ones revise it, nothing is overwritten."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.foundation.work import Actor, ActorKind, unit_of_work
from nps_portal.journal.models import Event
from nps_portal.nps import NotAScore
from nps_portal.responses.commands import (
    Answer,
    count_response,
    exclude_response,
    submit_answer,
)
from nps_portal.responses.models import ResponseState
from nps_portal.responses.queries import LIFE_OF_A_LINK
from tests.customer_pages.asking import Asked, ask, nonce_in, responses, revisions
from tests.support import factories
from tests.support.clock import NOON, FixedClock

SENDERS = 8


def submit(asked: Asked, score: int, comment: str = "") -> None:
    with unit_of_work(Actor(kind=ActorKind.CUSTOMER, id=asked.contact_id)) as work:
        submit_answer(work, asked.invitation_id, Answer(score=score, comment=comment))


def events() -> list[str]:
    with factories.work() as work:
        query = sa.select(Event.kind).where(Event.kind.startswith("response."))
        return list(work.session.scalars(query.order_by(Event.id)))


def test_a_late_score_replaces_the_former_and_both_are_kept(app: Flask, clock: FixedClock) -> None:
    marta = ask(app)
    submit(marta, 9, "Fast")
    clock.advance(hours=2)

    submit(marta, 3, "Not any more")

    [response] = responses()
    assert (response.score, response.comment) == (3, "Not any more")
    assert response.answered_at == NOON
    assert response.changed_at == clock.now()
    assert [(one.score, one.comment, one.at) for one in revisions()] == [
        (9, "Fast", NOON),
        (3, "Not any more", clock.now()),
    ]
    assert {(one.actor_kind, one.actor_id) for one in revisions()} == {
        (ActorKind.CUSTOMER, marta.contact_id)
    }
    assert events() == ["response.submitted", "response.changed"]


def test_an_empty_comment_keeps_the_former(app: Flask) -> None:
    marta = ask(app)
    submit(marta, 9, "Fast")

    submit(marta, 8)

    [response] = responses()
    assert (response.score, response.comment) == (8, "Fast")


def test_sending_the_same_again_changes_nothing(app: Flask, clock: FixedClock) -> None:
    marta = ask(app)
    submit(marta, 9, "Fast")
    clock.advance(minutes=1)

    for _ in range(5):
        submit(marta, 9, "Fast")

    assert [response.changed_at for response in responses()] == [None]
    assert len(revisions()) == 1
    assert events() == ["response.submitted"]


def test_two_people_at_once_make_one_response(app: Flask) -> None:
    marta = ask(app)
    start = threading.Barrier(4)
    failures: list[BaseException] = []

    def send(score: int) -> None:
        try:
            with app.app_context():
                start.wait()
                submit(marta, score)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(score,)) for score in (2, 4, 8, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    [response] = responses()
    said = [revision.score for revision in revisions()]
    assert sorted(said) == [2, 4, 8, 10]
    assert response.score == said[-1]


def test_an_answer_is_late_after_ninety_days(app: Flask, clock: FixedClock) -> None:
    marta, tom = ask(app), ask(app, "Tom Okafor")
    clock.at += LIFE_OF_A_LINK
    submit(marta, 9)
    clock.advance(seconds=1)
    submit(tom, 9)

    assert [response.late for response in responses()] == [False, True]


@pytest.mark.parametrize("score", [-1, 11])
def test_a_score_off_the_scale_is_refused(app: Flask, score: int) -> None:
    marta = ask(app)

    with pytest.raises(NotAScore):
        submit(marta, score)

    assert responses() == []


def test_a_response_can_be_taken_out_and_counted_again(app: Flask) -> None:
    marta = ask(app)
    submit(marta, 9)
    [response] = responses()

    for command in (exclude_response, exclude_response, count_response):
        with factories.work() as work:
            command(work, response.id)

    assert responses()[0].state is ResponseState.COUNTED
    assert events() == ["response.submitted", "response.excluded", "response.counted"]


def test_taking_out_survives_a_change_by_the_customer(app: Flask) -> None:
    marta = ask(app)
    submit(marta, 9)
    [response] = responses()
    with factories.work() as work:
        exclude_response(work, response.id)

    submit(marta, 10)

    assert responses()[0].state is ResponseState.EXCLUDED


def test_answers_sent_at_once_wait_for_each_other(app: Flask) -> None:
    marta = ask(app)
    together = threading.Barrier(SENDERS, timeout=10)

    def send(score: int) -> int:
        client = app.test_client()
        sent = {"nonce": nonce_in(client.get(marta.path)), "score": str(score)}
        together.wait()
        return client.post(marta.path, data=sent).status_code

    with ThreadPoolExecutor(SENDERS) as threads:
        codes = list(threads.map(send, range(SENDERS)))

    assert codes == [303] * SENDERS
    assert len(responses()) == 1
    assert len(revisions()) == SENDERS
