"""R22: a send is cancelled, or a person unsubscribes, while workers have the messages in hand."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from nps_portal.foundation.database import reading
from nps_portal.outbox.models import Message, MessageState
from tests.conftest import MakeDatabase
from tests.faults.installation import CONNECTIONS, ask, open_installation, people_by_state
from tests.support.smtp_server import Delay

PEOPLE = 60


@pytest.mark.parametrize(
    ("act", "rest"), [("cancellation", MessageState.CANCELLED), ("pause", MessageState.QUEUED)]
)
def test_r22_what_is_stopped_stops_at_the_messages_in_flight(
    make_database: MakeDatabase, tmp_path: Path, act: str, rest: MessageState
) -> None:
    with open_installation(tmp_path, make_database(tmp_path, "stopped")) as installation:
        installation.sink.fail_at("kept", Delay(0.1))
        batch = ask(PEOPLE)
        owner = installation.owner()
        worker = installation.portal.start("worker")
        installation.wait_until_sent(10)

        answer = owner.post_form(f"/batches/{batch.id}/{act}")
        at_once = len(installation.recipients)
        installation.portal.stop(worker)

        left = installation.recipients
        by_state = people_by_state()
    assert answer.status_code == 303
    assert len(left) <= at_once + CONNECTIONS
    assert by_state["sent"] == set(left)
    assert len(by_state[rest.value]) == PEOPLE - len(left)


def test_r22_who_unsubscribes_while_claimed_gets_nothing(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_installation(tmp_path, make_database(tmp_path, "unsubscribed")) as installation:
        installation.sink.fail_at("kept", Delay(0.1))
        ask(PEOPLE)
        customer = installation.app.test_client()
        installation.portal.start("worker")
        installation.wait_until_sent(5)

        # The last that were claimed are the last to leave.
        claimed = (
            reading()
            .scalars(
                sa.select(Message)
                .where(Message.state == MessageState.CLAIMED)
                .order_by(Message.id.desc())
                .limit(3)
            )
            .all()
        )
        answers = [customer.post(one.values["unsubscribe_path"]) for one in claimed]
        installation.wait_until_settled()

        gone = {one.recipient_email for one in claimed}
        by_state = people_by_state()
    assert [answer.status_code for answer in answers] == [200] * 3
    assert by_state["cancelled"] == gone
    assert by_state["sent"] == set(installation.recipients)
    assert len(installation.recipients) == PEOPLE - 3
