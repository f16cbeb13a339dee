"""What arrives at a mail server, and when it may be kept."""

import flask_mail
import pytest

from nps_portal.mail.mime import build
from nps_portal.outbox.transport import (
    Outcome,
    OutcomeKind,
    Relay,
    Stage,
    open_relay,
)
from tests.delivery.conftest import content, deliver, envelope_to, leave, mail, relay_to
from tests.support.smtp_server import HangUp, Say, SinkServer


def test_a_message_arrives_byte_for_byte_with_its_envelope(sink: SinkServer, relay: Relay) -> None:
    body = content()

    outcome = deliver(relay, body=body)

    assert outcome == Outcome(
        kind=OutcomeKind.SENT, stage=Stage.DOT, code=250, enhanced="2.0.0", reply="2.0.0 Kept"
    )
    (accepted,) = sink.accepted
    assert accepted.raw == body
    assert accepted.sender == "b+9f3kQ2@bounces.acme.example"
    assert accepted.recipient == "zoe@example.org"


def test_delivery_reports_are_asked_for_by_the_id_of_the_envelope(
    sink: SinkServer, relay: Relay
) -> None:
    deliver(relay, envelope_to(envelope_id="o-1+x=y"))

    (accepted,) = sink.accepted
    assert accepted.mail_options == "RET=HDRS ENVID=o-1+2Bx+3Dy"
    assert accepted.rcpt_options == "NOTIFY=FAILURE,DELAY"


def test_a_server_without_delivery_reports_is_not_asked_for_them() -> None:
    with SinkServer(extensions=()) as sink:
        deliver(relay_to(sink))

    assert (sink.accepted[0].mail_options, sink.accepted[0].rcpt_options) == ("", "")


def test_lines_that_begin_with_a_dot_arrive_whole(sink: SinkServer, relay: Relay) -> None:
    body = b"Subject: dots\r\n\r\n.\r\n..\r\n.hidden\r\nend\r\n"

    deliver(relay, body=body)

    assert [one.raw for one in sink.accepted] == [body]


@pytest.mark.parametrize("body", [b"a\n.\r\nb\r\n", b"a\r.\r\nb\r\n", b"a\0b\r\n", b"no end"])
def test_content_that_could_end_early_is_not_sent(relay: Relay, body: bytes) -> None:
    with open_relay(relay) as connection, pytest.raises(ValueError, match="line ends"):
        connection.deliver(envelope_to(), body, leave)


def test_many_messages_go_over_one_connection(sink: SinkServer, relay: Relay) -> None:
    recipients = [f"c{number}@example.org" for number in range(20)]

    with open_relay(relay) as connection:
        kinds = {connection.deliver(envelope_to(r), content(), leave).kind for r in recipients}

    assert kinds == {OutcomeKind.SENT}
    assert [one.recipient for one in sink.accepted] == recipients
    assert sink.connection_count == 1


def test_an_international_domain_is_spoken_as_a_labels(sink: SinkServer, relay: Relay) -> None:
    deliver(relay, envelope_to("a@straße.de"))

    assert sink.accepted[0].recipient == "a@xn--strae-oqa.de"


def test_a_message_cannot_leave_through_flask_mails_own_send(relay: Relay) -> None:
    message = flask_mail.Message(
        subject="Hello", sender="feedback@acme.example", recipients=["zoe@example.org"]
    )

    with open_relay(relay) as connection, pytest.raises(TypeError, match="deliver"):
        connection.send(message)


def test_the_password_is_not_in_the_words_for_the_settings() -> None:
    relay = Relay(server="mail.example", port=587, username="jo", password="secret")

    assert "secret" not in repr(relay)


def test_defect_i_a_local_part_outside_ascii_goes_to_a_server_that_takes_it(
    sink: SinkServer, relay: Relay
) -> None:
    letter = mail(recipient_email="zoë@example.org")

    outcome = deliver(relay, envelope_to("zoë@example.org"), build(letter))

    assert outcome.kind is OutcomeKind.SENT
    assert sink.accepted[0].recipient == "zoë@example.org"
    assert sink.accepted[0].mail_options.endswith(" SMTPUTF8 BODY=8BITMIME")
    assert "<zoë@example.org>".encode() in sink.accepted[0].raw


def test_defect_i_other_servers_are_not_tried_with_it() -> None:
    with SinkServer(extensions=("DSN",)) as sink:
        outcome = deliver(relay_to(sink), envelope_to("zoë@example.org"))

    assert (outcome.kind, outcome.code) == (OutcomeKind.NEVER, None)
    assert "outside ASCII" in outcome.reply
    assert not any(command.text.startswith("MAIL") for command in sink.commands)


def test_nothing_is_kept_before_the_caller_agrees(sink: SinkServer, relay: Relay) -> None:
    kept_at_commit_point: list[int] = []

    def agree() -> bool:
        kept_at_commit_point.append(len(sink.accepted))
        return True

    with open_relay(relay) as connection:
        outcome = connection.deliver(envelope_to(), content(), agree)

    assert outcome.kind is OutcomeKind.SENT
    assert kept_at_commit_point == [0]
    assert len(sink.accepted) == 1


def test_a_message_that_may_not_leave_is_discarded_by_the_server(
    sink: SinkServer, relay: Relay
) -> None:
    body = content()

    with open_relay(relay) as connection:
        outcome = connection.deliver(envelope_to(), body, lambda: False)
        usable = connection.usable

    assert (outcome.kind, outcome.stage) == (OutcomeKind.ABANDONED, Stage.BODY)
    assert not usable
    assert sink.wait_until(lambda: sink.unfinished == [body])
    assert sink.accepted == []


def test_an_error_at_the_commit_point_drops_the_message_too(sink: SinkServer, relay: Relay) -> None:
    def fail() -> bool:
        raise RuntimeError("The database is gone.")

    with open_relay(relay) as connection:
        with pytest.raises(RuntimeError):
            connection.deliver(envelope_to(), content(), fail)
        usable = connection.usable

    assert not usable
    assert sink.wait_until(lambda: len(sink.unfinished) == 1)
    assert sink.accepted == []


def test_a_server_that_hangs_up_at_the_commit_point_has_not_accepted(
    sink: SinkServer, relay: Relay
) -> None:
    sink.fail_at("body", HangUp())

    def agree_once_the_server_is_gone() -> bool:
        return sink.wait_until(lambda: len(sink.unfinished) == 1)

    with open_relay(relay) as connection:
        outcome = connection.deliver(envelope_to(), content(), agree_once_the_server_is_gone)

    assert (outcome.kind, outcome.stage) == (OutcomeKind.LATER, Stage.BODY)


def test_a_server_that_says_no_before_the_dot_is_believed(sink: SinkServer, relay: Relay) -> None:
    sink.fail_at("body", Say("552 5.3.4 Too big"))

    def agree_once_the_server_has_spoken() -> bool:
        return sink.wait_until(lambda: sink.answers[-1].text.startswith("552"))

    with open_relay(relay) as connection:
        outcome = connection.deliver(envelope_to(), content(), agree_once_the_server_has_spoken)
        usable = connection.usable

    assert (outcome.kind, outcome.stage, outcome.code) == (OutcomeKind.NEVER, Stage.BODY, 552)
    assert not usable
