"""R13, R14: the clock leaps while emails leave, and the two nights when clocks are changed."""

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from nps_portal import create_app
from nps_portal.accounts.portal_settings import change_settings, process_settings
from nps_portal.foundation.database import DatabaseUnavailable, db
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.outbox.claims import recover_leases
from nps_portal.worker.loop import run_until_idle
from tests.delivery.queue import queue, states, use_server
from tests.faults.turns import deliver
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock
from tests.support.smtp_record import Accepted
from tests.support.smtp_server import SinkServer

LEAPS = (timedelta(days=1), timedelta(hours=-2), timedelta(), timedelta(seconds=100))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_r13_leaps_at_any_moment_of_a_turn_mail_nobody_twice(
    app: Flask, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)

    def leap(_: Accepted) -> None:
        clock.at += chance.choice(LEAPS)
        # Where it meets the turn on the same rows, the worker's duty would try again later.
        with suppress(DatabaseUnavailable), app.app_context(), unit_of_work(WORKER) as work:
            recover_leases(work)

    with SinkServer(on_accepted=leap) as sink:
        use_server(sink.port)
        queue(*[f"c{number}@example.org" for number in range(40)])
        for _ in range(40):
            clock.advance(days=1)
            deliver(app)

        recipients = [one.recipient for one in sink.accepted]
    assert len(recipients) == len(set(recipients)) == 40
    assert set(states()) == {"sent"}


def test_r13_what_a_clock_that_was_ahead_has_sent_uses_up_no_rate_once_it_is_set_right(
    app: Flask, clock: FixedClock, sink: SinkServer
) -> None:
    use_server(sink.port)
    queue(*[f"c{number}@example.org" for number in range(10)])
    settings = process_settings().model_copy(update={"mail_rate_per_minute": 5})

    sent = []
    for days in (1, -1):
        clock.advance(days=days)
        another = create_app(settings, clock)
        deliver(another)
        with another.app_context():
            db.session.remove()
            db.engine.dispose()
        sent.append(len(sink.accepted))

    assert sent == [5, 10]


# Clocks change in Berlin at 01:00 UTC, on 29 March and 25 October 2026 (directive 2000/84/EC).
@pytest.mark.parametrize(
    ("night", "wall", "instant"),
    [
        ("2026-03-28T22:00", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("2026-10-24T22:00", "2026-10-25T02:30", "2026-10-25T00:30"),
    ],
)
def test_r14_a_send_in_the_night_when_clocks_change_leaves_once(
    owner: PortalClient,
    app: Flask,
    clock: FixedClock,
    sink: SinkServer,
    night: str,
    wall: str,
    instant: str,
) -> None:
    use_server(sink.port)
    clock.at = datetime.fromisoformat(night).replace(tzinfo=UTC)
    with factories.work() as work:
        change_settings(work, {"time_zone": "Europe/Berlin"})
        survey, contact = factories.make_survey(work), factories.make_contact(work)
    owner.sign_in(factories.OWNER, factories.PASSWORD)
    form = {"survey_id": survey.id, "contact_ids": contact.id, "when": "later", "at": wall}
    decided = owner.post_form("/batches", form)

    left_at: list[datetime] = []
    for _ in range(8 * 4):
        run_until_idle(app)
        left_at += [clock.now()] * (len(sink.accepted) - len(left_at))
        clock.advance(minutes=15)

    assert decided.status_code == 303
    assert left_at == [datetime.fromisoformat(instant).replace(tzinfo=UTC)]
