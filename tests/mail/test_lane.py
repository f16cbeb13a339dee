"""Lanes: several messages over one connection that never blocks, with and without PIPELINING."""

import selectors
import time
from collections.abc import Callable

import pytest

from nps_portal.mail.handshake import Relay, Security, connect
from nps_portal.mail.lane import Lane
from nps_portal.mail.mime import Envelope
from nps_portal.mail.outcomes import OutcomeKind
from nps_portal.mail.parcels import Finished, Parcel
from nps_portal.mail.smtp_client import TimeLimits
from tests.support.smtp_server import HangUp, Say, Silence, SinkServer

PIPELINING = ("8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "PIPELINING")
PLAIN = PIPELINING[:-1]
LIMITS = TimeLimits(connect_seconds=5, reply_seconds=5, after_dot_seconds=5)
HASTY = TimeLimits(connect_seconds=5, reply_seconds=0.3, after_dot_seconds=0.3)

both_kinds = pytest.mark.parametrize("extensions", [PIPELINING, PLAIN], ids=["pipelined", "plain"])


def parcel(name: str) -> Parcel[str]:
    envelope = Envelope(
        sender="feedback@acme.example", recipient=f"{name}@example.org", envelope_id=f"o-{name}"
    )
    return Parcel(ticket=name, envelope=envelope, content=b"Subject: Hello\r\n\r\nHello\r\n")


def lane_to(sink: SinkServer, limits: TimeLimits = LIMITS) -> Lane[str]:
    relay = Relay(server="127.0.0.1", port=sink.port, security=Security.NONE, limits=limits)
    return Lane(connect(relay), limits)


def drive(lane: Lane[str], until: Callable[[], object]) -> None:
    """Attend the lane whenever it is ready, until the condition holds."""
    deadline = time.monotonic() + 10
    while not until() and time.monotonic() < deadline:
        with selectors.DefaultSelector() as selector:
            selector.register(lane, lane.interest)
            selector.select(max(0.0, (lane.deadline or deadline) - time.monotonic()))
        lane.attend()
    assert until()


def kinds(finished: list[Finished[str]]) -> list[tuple[str, OutcomeKind]]:
    return [(one.ticket, one.outcome.kind) for one in finished]


@both_kinds
def test_messages_follow_each_other_over_one_connection(extensions: tuple[str, ...]) -> None:
    with SinkServer(extensions=extensions) as sink:
        lane = lane_to(sink)
        lane.introduce(parcel("one"))
        drive(lane, lambda: lane.at_commit_point)
        following = parcel("two") if lane.takes_following else None
        lane.say_dot(following)
        drive(lane, lambda: lane.finished)
        if following is None:
            lane.introduce(parcel("two"))
        drive(lane, lambda: lane.at_commit_point == "two")
        lane.say_dot(None)
        drive(lane, lambda: len(lane.finished) == 2)
        lane.leave(1)

        assert kinds(lane.finished) == [("one", OutcomeKind.SENT), ("two", OutcomeKind.SENT)]
        assert [one.recipient for one in sink.accepted] == ["one@example.org", "two@example.org"]
        assert {one.connection for one in sink.accepted} == {1}


@both_kinds
@pytest.mark.parametrize(
    ("stage", "reply", "kind"),
    [
        ("rcpt", "550 5.1.1 Unknown", OutcomeKind.NEVER),
        ("rcpt", "451 4.7.1 Later", OutcomeKind.LATER),
        ("mail", "452 4.3.1 Full", OutcomeKind.LATER),
        ("data", "554 5.7.1 No", OutcomeKind.NEVER),
    ],
)
def test_after_a_refusal_the_connection_carries_the_next(
    extensions: tuple[str, ...], stage: str, reply: str, kind: OutcomeKind
) -> None:
    with SinkServer(extensions=extensions) as sink:
        sink.fail_at(stage, Say(reply), times=1)  # type: ignore[arg-type]  # a stage by its name
        lane = lane_to(sink)
        lane.introduce(parcel("one"))
        drive(lane, lambda: lane.finished)
        lane.introduce(parcel("two"))
        drive(lane, lambda: lane.at_commit_point)
        lane.say_dot(None)
        drive(lane, lambda: len(lane.finished) == 2)
        lane.leave(1)

        assert kinds(lane.finished) == [("one", kind), ("two", OutcomeKind.SENT)]
        assert [one.recipient for one in sink.accepted] == ["two@example.org"]


def test_a_connection_lost_after_the_dot_leaves_that_one_uncertain_and_the_next_untouched() -> None:
    with SinkServer(extensions=PIPELINING) as sink:
        sink.fail_at("dot", HangUp())
        lane = lane_to(sink)
        lane.introduce(parcel("one"))
        drive(lane, lambda: lane.at_commit_point)

        lane.say_dot(parcel("two"))
        drive(lane, lambda: not lane.is_open)

        assert kinds(lane.finished) == [
            ("one", OutcomeKind.UNCERTAIN),
            ("two", OutcomeKind.ABANDONED),
        ]


def test_a_421_after_the_dot_puts_that_one_off_and_leaves_the_next_untouched() -> None:
    with SinkServer(extensions=PIPELINING) as sink:
        sink.fail_at("dot", Say("421 4.3.2 Closing"))
        lane = lane_to(sink)
        lane.introduce(parcel("one"))
        drive(lane, lambda: lane.at_commit_point)

        lane.say_dot(parcel("two"))
        drive(lane, lambda: not lane.is_open)

        assert kinds(lane.finished) == [("one", OutcomeKind.LATER), ("two", OutcomeKind.ABANDONED)]
        assert lane.was_sent_away


def test_an_abandoned_message_is_not_accepted() -> None:
    with SinkServer(extensions=PIPELINING) as sink:
        lane = lane_to(sink)
        lane.introduce(parcel("one"))
        drive(lane, lambda: lane.at_commit_point)

        lane.abandon()

        assert kinds(lane.finished) == [("one", OutcomeKind.ABANDONED)]
        assert not lane.is_open
        assert sink.accepted == []


@pytest.mark.parametrize(
    ("stage", "kind"), [("rcpt", OutcomeKind.LATER), ("dot", OutcomeKind.UNCERTAIN)]
)
def test_r8_silence_ends_at_the_time_limit(stage: str, kind: OutcomeKind) -> None:
    with SinkServer(extensions=PIPELINING) as sink:
        sink.fail_at(stage, Silence())  # type: ignore[arg-type]  # a stage by its name
        lane = lane_to(sink, HASTY)
        lane.introduce(parcel("one"))
        drive(lane, lambda: lane.at_commit_point or not lane.is_open)
        if lane.at_commit_point:
            lane.say_dot(None)
        drive(lane, lambda: not lane.is_open)

        assert kinds(lane.finished) == [("one", kind)]
        assert "did not answer within 0.3 seconds" in lane.finished[0].outcome.reply


def test_a_refused_sender_is_told_apart_from_a_refused_message() -> None:
    with SinkServer(extensions=PIPELINING) as sink:
        sink.fail_at("mail", Say("550 5.7.1 Not you"))
        lane = lane_to(sink)
        lane.introduce(parcel("one"))
        drive(lane, lambda: not lane.is_open)

        assert lane.refused is not None
        assert "does not accept our sender" in str(lane.refused)
        assert kinds(lane.finished) == [("one", OutcomeKind.ABANDONED)]
