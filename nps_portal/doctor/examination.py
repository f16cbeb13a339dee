"""The doctor: looks at settings, database, worker and mail server, and says what to do."""

import enum
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.accounts.queries import has_users
from nps_portal.batches.commands import missing_settings
from nps_portal.config import Settings, unknown_variables
from nps_portal.foundation import heartbeats
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.schema import schema_is_current
from nps_portal.outbox.mail_server import relay_of
from nps_portal.outbox.models import RelayStatus
from nps_portal.outbox.queries import outbox_health
from nps_portal.outbox.transport import RelayRefused, RelayUnavailable, open_relay

LITTLE_DISK_BYTES = 500_000_000


class Lamp(enum.Enum):
    """How a matter stands."""

    GREEN = "ok"
    AMBER = "note"
    RED = "fault"

    @property
    def colour(self) -> str:
        """Return the terminal's colour for it."""
        return {"ok": "green", "note": "yellow", "fault": "red"}[self.value]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One matter the doctor looked at, and in words what to do about it."""

    matter: str
    lamp: Lamp
    text: str


def examine(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Look at everything; what needs the database is left out when there is none."""
    found = [*_settings(settings, environment), _disk(settings)]
    try:
        current = schema_is_current()
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        return [*found, Finding(matter="Database", lamp=Lamp.RED, text=f"not there: {reason}")]
    if not current:
        text = "its schema is not this version's: run «nps-portal migrate»"
        return [*found, Finding(matter="Database", lamp=Lamp.RED, text=text)]
    kind = "SQLite" if settings.is_sqlite else "PostgreSQL"
    found.append(Finding(matter="Database", lamp=Lamp.GREEN, text=f"{kind}, schema up to date"))
    return [*found, *_account(), _worker(), *_mail(), _outbox()]


def _settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    for name in unknown_variables(environment):
        yield Finding(matter="Settings", lamp=Lamp.AMBER, text=f"{name} is not a setting of ours")
    if settings.public_url_is_loopback:
        text = f"{settings.public_url} opens on this machine only; set NPS_PUBLIC_URL to go live"
        yield Finding(matter="Public address", lamp=Lamp.AMBER, text=text)
    elif settings.public_url.startswith("http://"):
        text = (
            f"{settings.public_url} is not encrypted; mail providers want https for unsubscribing"
        )
        yield Finding(matter="Public address", lamp=Lamp.AMBER, text=text)
    else:
        yield Finding(matter="Public address", lamp=Lamp.GREEN, text=settings.public_url)


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.instance_dir).free
    lamp = Lamp.GREEN if free > LITTLE_DISK_BYTES else Lamp.RED
    return Finding(matter="Disk", lamp=lamp, text=f"{free / 1e9:.1f} GB free for the instance")


def _account() -> Iterator[Finding]:
    if not has_users(reading()):
        text = "nobody has set the portal up yet: open it in a browser"
        yield Finding(matter="Account", lamp=Lamp.AMBER, text=text)
    settings = portal_settings(reading())
    if missing := missing_settings(settings):
        text = f"not set: {', '.join(missing)}; nothing can be sent before"
        yield Finding(matter="Business", lamp=Lamp.AMBER, text=text)
    else:
        text = f"{settings.business_name}, {settings.time_zone}"
        yield Finding(matter="Business", lamp=Lamp.GREEN, text=text)


def _worker() -> Finding:
    at = heartbeats.last_beat(reading(), heartbeats.WORKER_NAME)
    if heartbeats.is_alive(reading(), heartbeats.WORKER_NAME, current_clock().now()):
        return Finding(matter="Worker", lamp=Lamp.GREEN, text="gives signs of life")
    last = f"last seen {at:%Y-%m-%d %H:%M} UTC" if at else "never seen"
    text = f"{last}: run «nps-portal run», or «nps-portal worker» beside the web server"
    return Finding(matter="Worker", lamp=Lamp.AMBER, text=text)


def _mail() -> Iterator[Finding]:
    settings = portal_settings(reading())
    if settings.uses_local_mailbox:
        text = "none set: every email is caught in this machine's mailbox"
        yield Finding(matter="Mail server", lamp=Lamp.AMBER, text=text)
        return
    place = f"{settings.mail_server}:{settings.mail_port} ({settings.mail_security.value})"
    try:
        with open_relay(relay_of(settings)):
            yield Finding(matter="Mail server", lamp=Lamp.GREEN, text=f"{place} answers")
    except (RelayUnavailable, RelayRefused) as error:
        yield Finding(matter="Mail server", lamp=Lamp.RED, text=f"{place}: {error}")


def _outbox() -> Finding:
    health = outbox_health(reading())
    if health.status is RelayStatus.STOPPED:
        return Finding(matter="Sending", lamp=Lamp.RED, text=f"stopped: {health.reason}")
    if health.uncertain or health.failed:
        text = f"{health.uncertain} uncertain and {health.failed} failed messages: see /messages"
        return Finding(matter="Sending", lamp=Lamp.AMBER, text=text)
    return Finding(matter="Sending", lamp=Lamp.GREEN, text=f"{health.waiting} messages wait")
