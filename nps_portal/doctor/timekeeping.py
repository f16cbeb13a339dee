"""The clock and the zone: sends, links and signatures all rest on the time."""

import re
import smtplib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nps_portal.doctor.findings import Finding, Matter, Part
from nps_portal.foundation.clock import Clock
from nps_portal.foundation.outbound import NoAnswer, Reach, fetch
from nps_portal.mail.handshake import Relay, Security
from nps_portal.mail.smtp_client import TimedClient

CLOCK = Matter(part=Part.MACHINE, name="Clock")
ZONE = Matter(part=Part.MACHINE, name="Time zone")
TOLERATED = timedelta(seconds=60)
BEARABLE = timedelta(seconds=300)
# No clock that is right has shown an earlier time to this program.
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
SET_THE_CLOCK = "sudo timedatectl set-ntp true"

_DATE = re.compile(
    rb"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? [-+]\d{4}"
)


def zone_finding(name: str) -> Finding:
    """Judge whether the account's zone is one that this machine knows."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZONE.red(
            f"This machine does not know the zone {name}. Choose another in the settings, or "
            "renew its list of zones:",
            "pip install --upgrade tzdata",
        )
    return ZONE.green(f"Every time is shown as in {name}.")


def clock_finding(
    clock: Clock, *, last_written: datetime | None, relay: Relay | None, public_url: str
) -> Finding:
    """Compare the clock with what was written here last, then with another machine's.

    The mail server is asked when it is another machine and greets with the time; then the public
    address, whose proxy may be another machine. Without `relay` or with "" nobody is asked.
    """
    now = clock.now()
    if now < max(WRITTEN, (last_written or WRITTEN) - TOLERATED):
        return CLOCK.red(
            f"It shows {now:%Y-%m-%d %H:%M} UTC, which is past already: what was written here last "
            "bears a later time. Set it:",
            SET_THE_CLOCK,
        )
    if relay is not None and (theirs := _greeting_time(relay)) is not None:
        return _compared(f"the mail server {relay.server}", clock.now() - theirs)
    if public_url and (theirs := _http_time(public_url)) is not None:
        return _compared(public_url, clock.now() - theirs)
    return CLOCK.green(f"{now:%Y-%m-%d %H:%M} UTC; there is nobody to compare it with.")


def _compared(name: str, ahead: timedelta) -> Finding:
    seconds = round(ahead.total_seconds())
    if abs(ahead) <= TOLERATED:
        return CLOCK.green(f"It agrees with {name} ({abs(seconds)} s apart).")
    words = f"It is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} {name}. "
    if abs(ahead) <= BEARABLE:
        return CLOCK.amber(f"{words}Let it be set by the network:", SET_THE_CLOCK)
    return CLOCK.red(
        f"{words}Emails with a wrong time look like spam, and a good certificate like an expired "
        "one. Let it be set by the network:",
        SET_THE_CLOCK,
    )


def _greeting_time(relay: Relay) -> datetime | None:
    """Return the time in a mail server's greeting, as Exim, Sendmail and Exchange give it."""
    if relay.security is Security.TLS:
        return None
    client = TimedClient(server=relay.server, port=relay.port, limits=relay.limits)
    try:
        client.open()
        _, greeting = client.getreply()
        client.leave(1.0)
    except (OSError, smtplib.SMTPException, UnicodeError):
        return None
    finally:
        client.close()
    found = _DATE.search(greeting)
    return _instant(found[0].decode("ascii")) if found else None


def _http_time(url: str) -> datetime | None:
    try:
        return _instant(fetch(f"{url}/healthz", Reach.ANYWHERE).headers.get("date", ""))
    except NoAnswer:
        return None


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
