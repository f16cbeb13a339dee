"""The duties of the worker, as a table: what, how often, and what it claims."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask

from nps_portal.batches.commands import (
    finish_batches,
    pause_blocked_batches,
    start_due_batches,
)
from nps_portal.batches.inviting import invite_next
from nps_portal.bulk.running import next_act_id, run_act
from nps_portal.delivery.turns import deliver_due_messages
from nps_portal.exports.duty import make_due_export
from nps_portal.foundation import heartbeats
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import WORKER, Work, unit_of_work
from nps_portal.histories.running import next_history_import, run_history_import
from nps_portal.imports.running import run_due_import
from nps_portal.inbox.reading import read_inbox
from nps_portal.merges.commands import gather_stragglers
from nps_portal.outbox.claims import recover_leases
from nps_portal.privacy.retention import keep_to_retention
from nps_portal.responses.anonymous import mix_marks
from nps_portal.responses.judging import judge_visits
from nps_portal.responses.reminders import remind_next
from nps_portal.responses.standings import estimate_threshold, settle_trends

Run = Callable[[Flask, threading.Event], int]


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something to be done again and again.

    `run` returns how many things were done; it is repeated at once while that is not zero.
    """

    name: str
    every_seconds: float
    run: Run


def in_one_unit(command: Callable[[Work], int]) -> Run:
    """Return a duty that is one command in one unit of work."""

    def run(app: Flask, stopping: threading.Event) -> int:
        with app.app_context(), unit_of_work(WORKER) as work:
            return command(work)

    return run


def give_sign_of_life(app: Flask, stopping: threading.Event) -> int:
    """Tell the web pages that a worker is there."""
    with app.app_context(), unit_of_work(WORKER) as work:
        heartbeats.beat(work, heartbeats.WORKER_NAME)
    return 0


def run_imports(app: Flask, stopping: threading.Event) -> int:
    """Bring the oldest confirmed import in, or the next where that one fails."""
    with app.app_context():
        return run_due_import(WORKER, stopping)


def run_histories(app: Flask, stopping: threading.Event) -> int:
    """Bring the oldest file of past answers in."""
    with app.app_context():
        import_id = next_history_import()
        return 0 if import_id is None else run_history_import(import_id, WORKER, stopping)


def run_acts(app: Flask, stopping: threading.Event) -> int:
    """Do the rest of the oldest act on many contacts."""
    with app.app_context():
        act_id = next_act_id(reading())
        return 0 if act_id is None else run_act(act_id, stopping)


DUTIES = (
    Duty(name="sign of life", every_seconds=heartbeats.EVERY_SECONDS, run=give_sign_of_life),
    Duty(name="recover leases", every_seconds=5, run=in_one_unit(recover_leases)),
    Duty(name="start batches", every_seconds=2, run=in_one_unit(start_due_batches)),
    Duty(name="invite", every_seconds=2, run=in_one_unit(invite_next)),
    Duty(name="deliver mail", every_seconds=1, run=deliver_due_messages),
    Duty(name="pause blocked batches", every_seconds=2, run=in_one_unit(pause_blocked_batches)),
    Duty(name="finish batches", every_seconds=2, run=in_one_unit(finish_batches)),
    Duty(name="judge visits", every_seconds=30, run=in_one_unit(judge_visits)),
    Duty(name="remind", every_seconds=60, run=in_one_unit(remind_next)),
    Duty(name="settle trends", every_seconds=60, run=in_one_unit(settle_trends)),
    Duty(name="estimate threshold", every_seconds=24 * 3600, run=in_one_unit(estimate_threshold)),
    Duty(name="keep to retention", every_seconds=3600, run=in_one_unit(keep_to_retention)),
    Duty(name="mix anonymous marks", every_seconds=24 * 3600, run=in_one_unit(mix_marks)),
    Duty(name="read inbox", every_seconds=60, run=read_inbox),
    Duty(name="import", every_seconds=2, run=run_imports),
    Duty(name="past answers", every_seconds=2, run=run_histories),
    Duty(name="export", every_seconds=30, run=make_due_export),
    Duty(name="bulk acts", every_seconds=2, run=run_acts),
    Duty(name="gather merged", every_seconds=60, run=in_one_unit(gather_stragglers)),
)
