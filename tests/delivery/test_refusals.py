"""Delivery to a server that does what servers do, and what they should not."""

import pytest

from nps_portal.outbox.transport import (
    Outcome,
    OutcomeKind,
    Relay,
    RelayRefused,
    RelayUnavailable,
    Stage,
    open_relay,
)
from tests.delivery.conftest import content, deliver, envelope_to, leave, seconds_taken
from tests.support.smtp_faults import Stage as FaultStage
from tests.support.smtp_server import HangUp, Say, Silence, SinkServer, Trickle


def test_defect_a_r2_a_server_that_closes_after_its_250_has_accepted(
    sink: SinkServer, relay: Relay
) -> None:
    sink.fail_at("kept", HangUp("250 2.0.0 Kept"))

    outcome = deliver(relay)

    assert outcome.kind is OutcomeKind.SENT
    assert len(sink.accepted) == 1


def test_r3_a_server_that_drops_after_the_dot_leaves_the_outcome_uncertain(
    sink: SinkServer, relay: Relay
) -> None:
    sink.fail_at("kept", HangUp())

    outcome = deliver(relay)

    assert (outcome.kind, outcome.stage) == (OutcomeKind.UNCERTAIN, Stage.DOT)
    assert outcome.reply == "The mail server closed the connection."
    assert len(sink.accepted) == 1


@pytest.mark.parametrize("fault", [Silence(), Trickle(0.05), Say("what?"), Say("354 go on")])
def test_no_clear_answer_after_the_dot_leaves_the_outcome_uncertain(
    sink: SinkServer, hasty_relay: Relay, fault: Silence | Trickle | Say
) -> None:
    sink.fail_at("kept", fault)

    with open_relay(hasty_relay) as connection:
        outcome = connection.deliver(envelope_to(), content(), leave)
        usable = connection.usable

    assert (outcome.kind, outcome.stage) == (OutcomeKind.UNCERTAIN, Stage.DOT)
    assert not usable


@pytest.mark.parametrize(
    ("fault", "kind", "stage", "code", "enhanced"),
    [
        (("mail", "451 4.3.0 Busy"), OutcomeKind.LATER, Stage.MAIL, 451, "4.3.0"),
        (("rcpt", "450 4.2.2 Mailbox full"), OutcomeKind.LATER, Stage.RCPT, 450, "4.2.2"),
        (("rcpt", "552 5.2.2 Mailbox full"), OutcomeKind.NEVER, Stage.RCPT, 552, "5.2.2"),
        (("rcpt", "550 5.1.1 No such user"), OutcomeKind.NEVER, Stage.RCPT, 550, "5.1.1"),
        (("rcpt", "550 No such user"), OutcomeKind.NEVER, Stage.RCPT, 550, None),
        (("data", "452 4.3.1 No space"), OutcomeKind.LATER, Stage.DATA, 452, "4.3.1"),
        (("data", "554 5.7.1 No"), OutcomeKind.NEVER, Stage.DATA, 554, "5.7.1"),
        (("dot", "451 4.7.1 Try again"), OutcomeKind.LATER, Stage.DOT, 451, "4.7.1"),
        (("dot", "550 5.7.1 Spam"), OutcomeKind.NEVER, Stage.DOT, 550, "5.7.1"),
    ],
)
def test_a_refusal_is_sorted_and_the_connection_goes_on(
    sink: SinkServer,
    relay: Relay,
    fault: tuple[FaultStage, str],
    kind: OutcomeKind,
    stage: Stage,
    code: int,
    enhanced: str | None,
) -> None:
    sink.fail_at(fault[0], Say(fault[1]), times=1)

    with open_relay(relay) as connection:
        refused = connection.deliver(envelope_to("first@example.org"), content(), leave)
        next_one = connection.deliver(envelope_to("next@example.org"), content(), leave)

    assert refused == Outcome(
        kind=kind, stage=stage, code=code, enhanced=enhanced, reply=fault[1][4:]
    )
    assert next_one.kind is OutcomeKind.SENT
    assert [one.recipient for one in sink.accepted] == ["next@example.org"]
    assert sink.connection_count == 1


@pytest.mark.parametrize(
    ("at", "stage"), [("mail", "mail"), ("rcpt", "rcpt"), ("data", "data"), ("dot", "dot")]
)
def test_r4_a_421_means_later_and_the_end_of_the_connection(
    sink: SinkServer, relay: Relay, at: FaultStage, stage: str
) -> None:
    sink.fail_at(at, Say("421 4.3.2 Shutting down"))

    with open_relay(relay) as connection:
        outcome = connection.deliver(envelope_to(), content(), leave)
        usable = connection.usable

    assert (outcome.kind, outcome.stage, outcome.code) == (OutcomeKind.LATER, Stage(stage), 421)
    assert not usable
    assert sink.accepted == []


def test_r5_a_greylisted_recipient_is_accepted_the_second_time(
    sink: SinkServer, relay: Relay
) -> None:
    sink.fail_at("rcpt", Say("451 4.7.1 Greylisted"), recipient="zoe@example.org", times=1)

    first = deliver(relay)
    second = deliver(relay)

    assert (first.kind, second.kind) == (OutcomeKind.LATER, OutcomeKind.SENT)
    assert len(sink.accepted) == 1


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("fault", [HangUp(), Silence(), Say("garbage")])
def test_a_connection_lost_before_the_content_means_later(
    sink: SinkServer, hasty_relay: Relay, at: FaultStage, fault: HangUp | Silence | Say
) -> None:
    sink.fail_at(at, fault)

    with open_relay(hasty_relay) as connection:
        outcome = connection.deliver(envelope_to(), content(), leave)
        usable = connection.usable

    assert (outcome.kind, outcome.stage) == (OutcomeKind.LATER, Stage(at))
    assert not usable


def test_a_closed_connection_takes_no_further_message(sink: SinkServer, relay: Relay) -> None:
    sink.fail_at("rcpt", HangUp())

    with open_relay(relay) as connection:
        connection.deliver(envelope_to(), content(), leave)

        with pytest.raises(RelayUnavailable):
            connection.deliver(envelope_to(), content(), leave)


def test_a_server_that_cannot_reset_is_not_used_further_and_costs_no_attempt(
    sink: SinkServer, relay: Relay
) -> None:
    sink.fail_at("rcpt", Say("550 5.1.1 Unknown"), times=1)
    sink.fail_at("rset", HangUp())

    with open_relay(relay) as connection:
        refused = connection.deliver(envelope_to(), content(), leave)
        next_one = connection.deliver(envelope_to(), content(), leave)
        usable = connection.usable

    assert (refused.kind, refused.code) == (OutcomeKind.NEVER, 550)
    assert next_one.kind is OutcomeKind.ABANDONED
    assert not usable


def test_a_refused_sender_stops_everything(sink: SinkServer, relay: Relay) -> None:
    sink.fail_at("mail", Say("553 5.7.1 Not your address"))

    with pytest.raises(RelayRefused, match=r"does not accept our sender: 553 5\.7\.1 Not your"):
        deliver(relay)


@pytest.mark.parametrize("fault", [HangUp(), Silence(), Trickle(0.05), Say("500 What?")])
def test_trouble_at_the_farewell_changes_nothing_and_takes_no_time(
    sink: SinkServer, hasty_relay: Relay, fault: HangUp | Silence | Trickle | Say
) -> None:
    sink.fail_at("quit", fault)

    taken = seconds_taken(lambda: deliver(hasty_relay))

    assert taken < 5
    assert len(sink.accepted) == 1


def test_a_reply_is_kept_as_one_short_clean_line(sink: SinkServer, relay: Relay) -> None:
    words = "550-5.7.1 First\x1b[31m\r\n550-5.7.1 second\u2028line\r\n550 " + "x" * 2000
    sink.fail_at("rcpt", Say(words))

    outcome = deliver(relay)

    assert outcome.reply.startswith("5.7.1 First [31m 5.7.1 second line xxx")
    assert len(outcome.reply) == 500
    assert outcome.enhanced == "5.7.1"
