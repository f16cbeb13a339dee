"""The portal's own house: settings, people, business, worker, and the door to the mail server."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.accounts.queries import has_users
from nps_portal.batches.commands import missing_settings
from nps_portal.config import unknown_variables
from nps_portal.doctor.findings import Finding, Matter, Part
from nps_portal.foundation import heartbeats
from nps_portal.mail.handshake import Relay, RelayRefused, RelayUnavailable, connect

SETTINGS = Matter(part=Part.MACHINE, name="Settings")
ACCOUNT = Matter(part=Part.MACHINE, name="Account")
BUSINESS = Matter(part=Part.MACHINE, name="Business")
WORKER = Matter(part=Part.MACHINE, name="Worker")
MAIL_SERVER = Matter(part=Part.IDENTITY, name="Mail server")
MAIL_SETTINGS = "/settings/mail"
QUIT_SECONDS = 1.0


def variable_findings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Judge the variables that look like settings of ours."""
    for name in unknown_variables(environment):
        yield SETTINGS.amber(
            f"{name} is not a setting of ours, so it does nothing. Correct it or take it out:",
            f"unset {name}",
        )


def account_findings(session: Session, settings: PortalSettings) -> Iterator[Finding]:
    """Judge what an owner fills in at the first visit."""
    if not has_users(session):
        yield ACCOUNT.amber(
            "Nobody has set the portal up yet: open it in a browser, or add yourself:",
            "nps-portal user add you@your-domain.example",
        )
    if missing := missing_settings(settings):
        yield BUSINESS.amber(
            f"Not set: {', '.join(missing)}. Nothing can be sent before.", page="/settings"
        )
    else:
        yield BUSINESS.green(f"{settings.business_name}, with its postal address.")


def worker_finding(session: Session, now: datetime) -> Finding:
    """Judge whether somebody delivers."""
    if heartbeats.is_alive(session, heartbeats.WORKER_NAME, now):
        return WORKER.green("It gives signs of life.")
    at = heartbeats.last_beat(session, heartbeats.WORKER_NAME)
    last = f"last seen {at:%Y-%m-%d %H:%M} UTC" if at else "never seen"
    return WORKER.amber(
        f"It was {last}; without it nothing is sent. Run everything together, or the worker "
        "beside the web server:",
        "nps-portal worker" if at else "nps-portal run",
    )


def mail_server_finding(relay: Relay) -> Finding:
    """Judge whether the mail server greets us, encrypts, and signs us in."""
    place = f"{relay.server}, port {relay.port}"
    try:
        client = connect(relay)
    except (RelayUnavailable, RelayRefused) as error:
        return MAIL_SERVER.red(
            f"{error} By hand it can be tried so:", _by_hand(relay), MAIL_SETTINGS
        )
    try:
        takes_smtputf8 = client.has_extn("smtputf8")
    finally:
        client.leave(QUIT_SECONDS)
    gap = "" if takes_smtputf8 else " It cannot reach addresses like zoë@example.org (SMTPUTF8)."
    secure = "" if relay.security == "none" else ", encrypted,"
    return MAIL_SERVER.green(f"{place}, answers{secure} and takes our mail.{gap}")


def _by_hand(relay: Relay) -> str:
    address = f"{relay.server}:{relay.port}"
    if relay.security == "none":
        return f"nc -v {relay.server} {relay.port}"
    start = "-starttls smtp " if relay.security == "starttls" else ""
    return f"openssl s_client {start}-crlf -connect {address}"
