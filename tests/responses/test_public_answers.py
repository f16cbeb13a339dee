"""Answers at the doors without an Invitation: once each, held when too much speaks against them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from nps_portal.foundation.work import Actor, ActorKind, unit_of_work
from nps_portal.nps import NotAScore
from nps_portal.responses.commands import (
    Answer,
    PublicFacts,
    accept_response,
    change_answer,
    take_public_answer,
)
from nps_portal.responses.models import Channel, Response, ResponseState
from tests.customer_pages.asking import responses, revisions
from tests.responses.test_commands import events
from tests.support import factories
from tests.support.clock import NOON, FixedClock
from tests.visits.visitors import WINDOWS

FACTS = PublicFacts(
    network="84.115.9.0/24", user_agent=WINDOWS, seconds_on_page=9, language="de", said_to_be="m@x"
)
HASTY = PublicFacts(network="84.115.9.0/24", user_agent=WINDOWS, seconds_on_page=1.9)


@pytest.fixture
def survey_id(app: Flask) -> int:
    with factories.work() as work:
        return factories.make_survey(work).id


def take(
    survey_id: int,
    key: str,
    *,
    channel: Channel = Channel.LINK,
    facts: PublicFacts = FACTS,
    score: int = 9,
    comment: str = "",
) -> Response:
    with unit_of_work(Actor(kind=ActorKind.CUSTOMER)) as work:
        answer = Answer(score=score, comment=comment)
        return take_public_answer(work, survey_id, answer, channel, key=key, facts=facts)


def test_an_answer_at_a_door_counts_and_is_kept_whole(survey_id: int) -> None:
    taken = take(survey_id, "k1", comment="Fast")

    [response] = responses()
    assert response.id == taken.id
    assert (response.score, response.comment) == (9, "Fast")
    assert (response.state, response.channel) == (ResponseState.COUNTED, Channel.LINK)
    assert (response.language, response.said_to_be) == ("de", "m@x")
    assert response.public_id
    assert response.marks == {"network": "84.115.9.0/24", "rules": []}
    assert events() == ["response.submitted"]


def test_the_same_key_twice_is_one_answer(survey_id: int) -> None:
    first, again = take(survey_id, "k1"), take(survey_id, "k1", score=2)
    other = take(survey_id, "k" * 200)
    once_more = take(survey_id, "k" * 200)

    assert first.id == again.id
    assert other.id == once_more.id
    assert [one.score for one in responses()] == [9, 9]
    assert len(revisions()) == 2


def test_the_same_key_at_once_is_one_answer(app: Flask, survey_id: int) -> None:
    together = threading.Barrier(4, timeout=10)

    def send(score: int) -> int:
        with app.app_context():
            together.wait()
            return take(survey_id, "k1", score=score).id

    with ThreadPoolExecutor(4) as threads:
        ids = set(threads.map(send, range(4)))

    assert len(ids) == 1
    assert len(responses()) == 1


@pytest.mark.parametrize("channel", [Channel.LINK, Channel.WIDGET])
def test_a_hasty_answer_is_held(survey_id: int, channel: Channel) -> None:
    take(survey_id, "k1", channel=channel, facts=HASTY)

    [response] = responses()
    assert response.state is ResponseState.HELD
    assert response.marks["rules"] == ["no_dwell"]
    assert events() == ["response.held"]


@pytest.mark.parametrize("channel", [Channel.KIOSK, Channel.PHONE])
def test_haste_says_nothing_at_a_till_or_on_the_phone(survey_id: int, channel: Channel) -> None:
    take(survey_id, "k1", channel=channel, facts=HASTY)

    assert responses()[0].state is ResponseState.COUNTED


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (PublicFacts(user_agent="curl/8.5"), "agent"),
        (PublicFacts(network="104.47.3.0/24"), "scanner_network"),
    ],
)
def test_a_known_machine_is_held_at_the_doors_but_never_on_the_phone(
    survey_id: int, facts: PublicFacts, rule: str
) -> None:
    take(survey_id, "k1", facts=facts)
    take(survey_id, "k2", facts=facts, channel=Channel.PHONE)

    held, counted = responses()
    assert held.marks["rules"] == [rule]
    assert (counted.state, counted.marks) == (ResponseState.COUNTED, {})


@pytest.mark.parametrize(("channel", "most"), [(Channel.LINK, 60), (Channel.KIOSK, 200)])
def test_more_from_one_network_within_an_hour_are_held(
    survey_id: int, clock: FixedClock, channel: Channel, most: int
) -> None:
    for number in range(most):
        take(survey_id, f"k{number}", channel=channel)
    clock.advance(minutes=59)
    take(survey_id, "one too many", channel=channel)
    elsewhere = PublicFacts(network="81.2.69.0/24", user_agent=WINDOWS)
    take(survey_id, "elsewhere", channel=channel, facts=elsewhere)
    clock.advance(minutes=1)
    take(survey_id, "an hour later", channel=channel)

    states = [one.state for one in responses()]
    assert states[:most] == [ResponseState.COUNTED] * most
    assert states[most:] == [ResponseState.HELD, ResponseState.COUNTED, ResponseState.COUNTED]
    assert responses()[most].marks["rules"] == ["crowded_network"]


def test_an_offline_kiosk_tells_when_it_was_given(survey_id: int, clock: FixedClock) -> None:
    clock.advance(hours=5)
    facts = PublicFacts(network="84.115.9.0/24", user_agent=WINDOWS, answered_at=NOON)
    take(survey_id, "k1", channel=Channel.KIOSK, facts=facts)

    assert responses()[0].answered_at == NOON
    assert revisions()[0].at == clock.now()


def test_on_the_phone_the_user_has_said_it(survey_id: int) -> None:
    with factories.work() as work:
        user = factories.make_owner(work)
    with unit_of_work(Actor(kind=ActorKind.USER, id=user.id)) as work:
        take_public_answer(
            work,
            survey_id,
            Answer(score=9, comment=""),
            Channel.PHONE,
            key="k1",
            facts=PublicFacts(),
        )

    [revision] = revisions()
    assert (revision.actor_kind, revision.actor_id) == (ActorKind.USER, user.id)


def test_a_changed_answer_keeps_what_it_was(survey_id: int, clock: FixedClock) -> None:
    response = take(survey_id, "k1", comment="Fast")
    clock.advance(minutes=3)
    for _ in range(2):
        with unit_of_work(Actor(kind=ActorKind.CUSTOMER)) as work:
            change_answer(work, response.id, Answer(score=4, comment=""))

    [changed] = responses()
    assert (changed.score, changed.comment) == (4, "Fast")
    assert (changed.answered_at, changed.changed_at) == (NOON, clock.now())
    assert [one.score for one in revisions()] == [9, 4]
    assert events() == ["response.submitted", "response.changed"]


def test_a_change_of_a_held_answer_stays_held_and_is_accepted_whole(
    survey_id: int, clock: FixedClock
) -> None:
    response = take(survey_id, "k1", facts=HASTY, comment="Fast")
    clock.advance(minutes=3)
    with unit_of_work(Actor(kind=ActorKind.CUSTOMER)) as work:
        change_answer(work, response.id, Answer(score=4, comment=""))
    assert (responses()[0].score, responses()[0].state) == (4, ResponseState.HELD)

    with factories.work() as work:
        accept_response(work, response.id)

    [accepted] = responses()
    assert (accepted.score, accepted.comment) == (4, "Fast")
    assert accepted.state is ResponseState.COUNTED
    assert accepted.marks["rules"] == []


def test_a_hasty_change_through_a_link_waits_for_a_look_and_the_answer_stays(
    survey_id: int, clock: FixedClock
) -> None:
    response = take(survey_id, "k1", comment="Fast")
    clock.advance(minutes=3)
    for _ in range(2):
        with unit_of_work(Actor(kind=ActorKind.CUSTOMER)) as work:
            change_answer(work, response.id, Answer(score=0, comment=""), HASTY)

    [kept] = responses()
    assert (kept.score, kept.comment, kept.changed_at) == (9, "Fast", None)
    assert kept.state is ResponseState.COUNTED
    assert kept.marks["rules"] == ["no_dwell"]
    assert [(one.score, one.held) for one in revisions()] == [(9, False), (0, True)]
    assert events() == ["response.submitted", "response.change_held"]


def test_a_change_through_a_link_that_nothing_speaks_against_counts(survey_id: int) -> None:
    response = take(survey_id, "k1", comment="Fast")
    with unit_of_work(Actor(kind=ActorKind.CUSTOMER)) as work:
        change_answer(work, response.id, Answer(score=4, comment=""), FACTS)

    assert responses()[0].score == 4
    assert events() == ["response.submitted", "response.changed"]


def test_a_score_off_the_scale_is_refused(survey_id: int) -> None:
    with pytest.raises(NotAScore):
        take(survey_id, "k1", score=11)

    assert responses() == []
