"""The loop: APScheduler as the metronome that wakes the duties; it holds no truth of its own."""

import threading
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import DatabaseUnavailable
from nps_portal.mailbox.local import stop_local_mailboxes
from nps_portal.worker.duties import DUTIES, Duty

WATCH_SECONDS = 5.0

log = structlog.get_logger(__name__)


def run_worker(app: Flask, stopping: threading.Event) -> None:
    """Wake the duties until `stopping` is set, then let the one message in flight end."""
    scheduler = BackgroundScheduler(
        timezone=UTC, executors={"default": ThreadPoolExecutor(len(DUTIES))}
    )
    with app.app_context():
        begin = current_clock().now()
    for duty in DUTIES:
        scheduler.add_job(
            carry_out,
            "interval",
            args=(app, duty, stopping),
            seconds=duty.every_seconds,
            next_run_time=begin,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            name=duty.name,
        )
    scheduler.start()
    log.info("worker started", duties=len(DUTIES))
    while not stopping.wait(WATCH_SECONDS):
        with app.app_context():
            _wake_after_a_leap(scheduler, current_clock().now())
    scheduler.shutdown(wait=True)
    stop_local_mailboxes()
    log.info("worker stopped")


def _wake_after_a_leap(scheduler: BackgroundScheduler, now: datetime) -> None:
    """Wake duties that a clock set back would let sleep until the former time has come again."""
    for job in scheduler.get_jobs():
        if job.next_run_time - now > job.trigger.interval + timedelta(seconds=WATCH_SECONDS):
            job.modify(next_run_time=now)


def carry_out(app: Flask, duty: Duty, stopping: threading.Event) -> None:
    """Repeat a duty while it does something; a failure is logged and the next waking tries anew."""
    try:
        while not stopping.is_set() and duty.run(app, stopping):
            pass
    except DatabaseUnavailable as error:
        log.warning("database busy", duty=duty.name, reason=str(error))
    except Exception:
        # The one place that catches everything: a fault in one duty must not end the others.
        log.exception("duty failed", duty=duty.name)


def run_until_idle(app: Flask, stopping: threading.Event | None = None) -> int:
    """Carry out all duties in turn until none has anything left to do now, and return how much.

    For commands and tests that want the work done before they go on; errors are raised.
    """
    event = stopping or threading.Event()
    total = 0
    while not event.is_set():
        done = sum(duty.run(app, event) for duty in DUTIES)
        if not done:
            break
        total += done
    return total
