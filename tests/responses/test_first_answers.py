"""First answers taken together: the same is kept as on the long way, and only of plain ones."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Contact
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Actor, ActorKind, unit_of_work
from nps_portal.journal.models import Event
from nps_portal.nps import NotAScore
from nps_portal.outbox.models import Message, MessageState
from nps_portal.responses.commands import Answer, submit_answer
from nps_portal.responses.first_answers import FirstAnswer, Taken, take_first_answer
from nps_portal.responses.models import Response, ResponseRevision
from nps_portal.visits.book import VisitBook
from nps_portal.visits.commands import VisitFacts, log_visit
from nps_portal.visits.models import Verdict, Visit, VisitKind
from tests.customer_pages.asking import Asked, ask
from tests.support.clock import FixedClock
from tests.visits.visitors import PHONE, WINDOWS

SENT = VisitFacts(
    kind=VisitKind.SUBMISSION,
    method="POST",
    network="84.115.9.0/24",
    user_agent=WINDOWS,
    purpose="",
    score=9,
    seconds_on_page=8.5,
    details={"preselected": 9, "wrote": True},
)
OPENED = replace(SENT, kind=VisitKind.SURVEY_PAGE, method="GET", seconds_on_page=None, details={})
ANSWER = Answer(score=9, comment="Fast")
# What names a row, or the row that it hangs on.
_IDS = {"id", "invitation_id", "contact_id", "actor_id", "response_id", "public_id"}

Story = Callable[[Asked, FixedClock], None]


def take(person: Asked, facts: VisitFacts = SENT, answer: Answer = ANSWER) -> Taken | None:
    now = current_clock().now()
    sent = FirstAnswer(public_id=person.public_id, answer=answer, facts=facts, at=now)
    return take_first_answer(sent)


def take_alone(person: Asked) -> None:
    actor = Actor(kind=ActorKind.CUSTOMER, id=person.contact_id)
    with unit_of_work(actor) as work:
        visit = log_visit(work, person.invitation_id, SENT)
        submit_answer(work, person.invitation_id, ANSWER, visit)


def open_page(person: Asked, **changes: Any) -> None:
    VisitBook().write(person.invitation_id, replace(OPENED, **changes), current_clock().now())


def kept_of(person: Asked) -> list[dict[str, Any]]:
    """Return all that is kept of a person's answer, but for what names the rows."""
    session = reading()
    session.rollback()
    response = sa.select(Response.id).where(Response.invitation_id == person.invitation_id)
    queries = (
        sa.select(Visit.__table__).where(Visit.invitation_id == person.invitation_id),
        sa.select(Response.__table__).where(Response.invitation_id == person.invitation_id),
        sa.select(ResponseRevision.__table__).where(ResponseRevision.response_id.in_(response)),
        sa.select(Event.__table__).where(
            Event.contact_id == person.contact_id, Event.kind.startswith("response.")
        ),
    )
    return [_without_ids(row) for query in queries for row in _rows(session, query)]


def _rows(session: Session, query: sa.Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(query).mappings()]


def _without_ids(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in _IDS}
    if "facts" in kept:
        kept["facts"] = _without_ids(kept["facts"])
    return kept


def _opens_and_waits(person: Asked, clock: FixedClock) -> None:
    open_page(person)


def _a_scanner_came_first(person: Asked, clock: FixedClock) -> None:
    open_page(person, score=2, method="HEAD")
    open_page(person, score=3, user_agent=PHONE)
    with unit_of_work(Actor(kind=ActorKind.WORKER)) as work:
        work.session.execute(
            sa.update(Visit)
            .where(Visit.invitation_id == person.invitation_id)
            .values(verdict=Verdict.MACHINE)
        )
    open_page(person, score=4)


def _is_late(person: Asked, clock: FixedClock) -> None:
    clock.advance(days=91)


def _never_opened_it(person: Asked, clock: FixedClock) -> None:
    pass


@pytest.mark.parametrize(
    "story", [_opens_and_waits, _a_scanner_came_first, _is_late, _never_opened_it]
)
def test_the_same_is_kept_on_both_ways(app: Flask, clock: FixedClock, story: Story) -> None:
    marta, ivo = ask(app), ask(app, "Ivo Horvat")
    clock.advance(hours=1)
    began = clock.now()
    kept = []
    for person, way in ((marta, take), (ivo, take_alone)):
        clock.at = began
        story(person, clock)
        clock.advance(minutes=1)
        way(person)
        kept.append(kept_of(person))

    assert kept[0] == kept[1]
    assert len(kept[0]) >= 4


def _twice(person: Asked) -> VisitFacts:
    assert take(person) is not None
    return SENT


def _hastily(person: Asked) -> VisitFacts:
    return replace(SENT, seconds_on_page=1.9)


def _by_a_script(person: Asked) -> VisitFacts:
    return replace(SENT, details={**SENT.details, "pressed": "untrusted"})


def _amid_many_openings(person: Asked) -> VisitFacts:
    for score in range(5):
        open_page(person, score=score)
    return replace(SENT, details={"preselected": 9, "wrote": False})


def _of_an_uncertain_email(person: Asked) -> VisitFacts:
    with unit_of_work(Actor(kind=ActorKind.WORKER)) as work:
        work.session.execute(sa.update(Message).values(state=MessageState.UNCERTAIN))
    return SENT


def _of_somebody_erased(person: Asked) -> VisitFacts:
    with unit_of_work(Actor(kind=ActorKind.WORKER)) as work:
        work.session.get_one(Contact, person.contact_id).erased_at = work.now
    return SENT


@pytest.mark.parametrize(
    "prepare",
    [
        _twice,
        _hastily,
        _by_a_script,
        _amid_many_openings,
        _of_an_uncertain_email,
        _of_somebody_erased,
    ],
)
def test_what_is_not_plain_goes_the_long_way_and_leaves_nothing(
    app: Flask, clock: FixedClock, prepare: Callable[[Asked], VisitFacts]
) -> None:
    person = ask(app)
    clock.advance(hours=1)
    facts = prepare(person)
    before = kept_of(person)

    assert take(person, facts) is None
    assert kept_of(person) == before


def test_a_score_off_the_scale_is_refused(app: Flask) -> None:
    with pytest.raises(NotAScore):
        take(ask(app), answer=Answer(score=11, comment=""))


def test_many_at_the_same_moment_are_each_taken_once(app: Flask, clock: FixedClock) -> None:
    people = [ask(app, f"Person {number}") for number in range(6)]
    clock.advance(hours=1)
    together = threading.Barrier(18)

    def send(number: int) -> bool:
        with app.app_context():
            together.wait(30)
            return take(people[number % 6]) is not None

    with ThreadPoolExecutor(18) as senders:
        taken = list(senders.map(send, range(18)))

    assert sum(taken) == 6
    assert reading().scalar(sa.select(sa.func.count(Response.id))) == 6
    assert reading().scalar(sa.select(sa.func.count(ResponseRevision.id))) == 6
    submissions = sa.select(sa.func.count(Visit.id)).where(Visit.kind == VisitKind.SUBMISSION)
    assert reading().scalar(submissions) == 6
