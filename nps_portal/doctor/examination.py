"""The doctor: looks at everything that delivery depends on, side by side where others are asked."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial

import structlog

from nps_portal.accounts.portal_settings import PortalSettings, portal_settings
from nps_portal.config import LOOPBACK_HOSTS, Settings
from nps_portal.delivery.mail_server import relay_of
from nps_portal.doctor import dmarc, house, public_address, returns, sender, signing, storage
from nps_portal.doctor.dns import NoDns, current_resolver
from nps_portal.doctor.findings import Examination, Finding, Lamp, Matter
from nps_portal.doctor.house import MAIL_SETTINGS as MAIL
from nps_portal.doctor.identity import Identity, identity_of
from nps_portal.doctor.timekeeping import CLOCK, clock_finding, zone_finding
from nps_portal.foundation import heartbeats
from nps_portal.foundation.addresses import BadEmail
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.mail.handshake import Relay
from nps_portal.mail.smtp_client import TimeLimits

# Who looks at the page waits so long; who gives a command waits longer, for slow servers.
PAGE_SECONDS = 6.0
COMMAND_SECONDS = 30.0
_SIDE_BY_SIDE = 12

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Job:
    """A look at something outside, which may take long and must not use the database's session."""

    matter: Matter
    look: Callable[[], Finding | list[Finding]]

    def findings(self) -> list[Finding]:
        try:
            found = self.look()
        except NoDns as error:
            return [self.matter.amber(f"{error} Look again in a minute.")]
        return found if isinstance(found, list) else [found]


def examine(process: Settings, environment: Mapping[str, str], *, seconds: float) -> Examination:
    """Look at everything, within so many seconds.

    What needs the database is left out when there is none.
    """
    found = [*house.variable_findings(environment), storage.disk_finding(process)]
    if fault := storage.schema_fault(process):
        return Examination(findings=(fault, *found))
    session, now = reading(), current_clock().now()
    settings = portal_settings(session)
    found += [
        *house.account_findings(session, settings),
        house.worker_finding(session, now),
        zone_finding(settings.time_zone),
        returns.sending_finding(session),
    ]
    jobs = [*_sender_jobs(process, settings), *_other_jobs(process, settings, seconds)]
    # No transaction stays open while the world is asked.
    session.rollback()
    return Examination(findings=(*_side_by_side(jobs, seconds), *found))


def _sender_jobs(process: Settings, settings: PortalSettings) -> Iterator[_Job]:
    if not settings.mail_from:
        words = "No sender address is set yet. Choose one at a domain of your own."
        yield _Job(matter=sender.SENDER, look=partial(sender.SENDER.amber, words, page=MAIL))
        return
    try:
        identity = identity_of(process, settings)
    except BadEmail as error:
        yield _Job(matter=sender.SENDER, look=partial(sender.SENDER.red, str(error), page=MAIL))
        return
    yield _Job(matter=sender.SENDER, look=partial(sender.sender_finding, identity))
    jobs = _dns_jobs(settings, identity)
    yield from map(_eased, jobs) if settings.uses_local_mailbox else jobs


def _dns_jobs(settings: PortalSettings, identity: Identity) -> Iterator[_Job]:
    resolver = current_resolver()
    yield _Job(matter=sender.SPF, look=partial(sender.spf_finding, resolver, identity))
    yield _Job(matter=signing.DKIM, look=partial(signing.dkim_finding, resolver, identity))
    yield _Job(matter=dmarc.DMARC, look=partial(dmarc.dmarc_findings, resolver, identity))
    if not settings.uses_local_mailbox:
        yield _Job(matter=sender.REVERSE, look=partial(sender.reverse_finding, resolver, identity))
    yield _Job(
        matter=returns.BOUNCES, look=partial(returns.bounce_finding, resolver, settings, identity)
    )


def _eased(job: _Job) -> _Job:
    """Return a job whose faults can wait: as long as no email leaves, no receiver minds them."""
    return _Job(
        matter=job.matter,
        look=lambda: [
            replace(found, lamp=Lamp.AMBER) if found.lamp is Lamp.RED else found
            for found in job.findings()
        ],
    )


def _other_jobs(process: Settings, settings: PortalSettings, seconds: float) -> Iterator[_Job]:
    relay = None
    if not settings.uses_local_mailbox:
        relay = _patient_for(relay_of(settings), seconds)
        yield _Job(matter=house.MAIL_SERVER, look=partial(house.mail_server_finding, relay))
    else:
        words = "None is set: every email is caught in this machine's mailbox, and none leaves."
        yield _Job(
            matter=house.MAIL_SERVER, look=partial(house.MAIL_SERVER.amber, words, page=MAIL)
        )
    yield _Job(matter=public_address.ADDRESS, look=partial(public_address.public_findings, process))
    yield _Job(
        matter=storage.DATABASE, look=partial(storage.database_finding, process, seconds * 0.8)
    )
    yield _Job(
        matter=CLOCK,
        look=partial(
            clock_finding,
            current_clock(),
            last_written=heartbeats.last_beat(reading(), heartbeats.WORKER_NAME),
            relay=None if settings.mail_server in LOOPBACK_HOSTS else relay,
            public_url="" if process.public_url_is_loopback else process.public_url,
        ),
    )
    yield _Job(matter=returns.INBOX, look=partial(returns.inbox_finding, settings))


def _patient_for(relay: Relay, seconds: float) -> Relay:
    limits = TimeLimits(connect_seconds=seconds, reply_seconds=seconds, after_dot_seconds=seconds)
    return replace(relay, limits=limits)


def _side_by_side(jobs: list[_Job], seconds: float) -> list[Finding]:
    """Do the jobs at the same time; one that fails or is not done in time says so."""
    pool = ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE)
    futures = [(job, pool.submit(job.findings)) for job in jobs]
    wait([future for _, future in futures], timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    found: list[Finding] = []
    for job, future in futures:
        if not future.done() or future.cancelled():
            found.append(job.matter.amber(f"No answer came within {seconds:.0f} seconds."))
        elif error := future.exception():
            # What stands in the DNS is in other people's hands, and may be anything.
            log.error("check-up failed", matter=job.matter.name, exc_info=error)
            found.append(job.matter.amber(f"It could not be looked at; the log has more: {error}."))
        else:
            found += future.result()
    return found
