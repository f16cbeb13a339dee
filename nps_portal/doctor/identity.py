"""Who sends: the domains in an email that receivers compare, and the server that hands it over."""

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path

from nps_portal.accounts.portal_settings import PortalSettings, dkim_key_file
from nps_portal.config import LOOPBACK_HOSTS, Settings
from nps_portal.doctor.dns import IPAddress
from nps_portal.foundation.addresses import ascii_domain

# What the large senders want to be included in a customer's SPF record, by their mail server.
_PROVIDERS = {
    "gmail.com": "_spf.google.com",
    "google.com": "_spf.google.com",
    "office365.com": "spf.protection.outlook.com",
    "outlook.com": "spf.protection.outlook.com",
    "amazonaws.com": "amazonses.com",
    "sendgrid.net": "sendgrid.net",
    "mailgun.org": "mailgun.org",
    "postmarkapp.com": "spf.mtasv.net",
    "brevo.com": "spf.brevo.com",
    "fastmail.com": "spf.messagingengine.com",
}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The names under which emails leave; domains as they stand in the DNS.

    `key_is_named` tells that the environment names the key, so that nothing leaves without it.
    `outgoing_address` is the one that this machine has itself; behind a router that is a private
    one, and None without a network.
    """

    sender: str
    sender_domain: str
    envelope_domain: str
    signing_domain: str
    selector: str
    key_file: Path
    key_is_named: bool
    mail_server: str
    public_host: str
    outgoing_address: IPAddress | None

    @property
    def mail_server_is_here(self) -> bool:
        """Tell whether this machine hands the emails to the world itself."""
        return self.mail_server in LOOPBACK_HOSTS

    @property
    def provider_include(self) -> str:
        """Return what the mail server's provider wants to be included, "" when not known."""
        labels = self.mail_server.lower().split(".")
        return _PROVIDERS.get(".".join(labels[-2:]), "")

    @property
    def key_name(self) -> str:
        """Return the name in the DNS under which the public DKIM key stands."""
        return f"{self.selector}._domainkey.{self.signing_domain}"


def identity_of(process: Settings, settings: PortalSettings) -> Identity:
    """Return under which names emails leave with these settings.

    :raises BadEmail: a domain in the settings is not one.
    """
    sender_domain = ascii_domain(settings.mail_from.rpartition("@")[2])
    return Identity(
        sender=settings.mail_from,
        sender_domain=sender_domain,
        envelope_domain=ascii_domain(settings.bounce_domain or sender_domain),
        signing_domain=ascii_domain(settings.dkim_domain or sender_domain),
        selector=settings.dkim_selector,
        key_file=dkim_key_file(process, settings),
        key_is_named=process.dkim_key_file is not None,
        mail_server=settings.mail_server,
        public_host=process.public_host,
        outgoing_address=_outgoing_address(),
    )


def are_one_organisation(first: str, second: str, organisation: str = "") -> bool:
    """Tell whether two domains count as one for DMARC's relaxed comparison.

    Without a list of public suffixes that is certain only when one lies within the other, or both
    within a domain that is known to be the organisation's.
    """
    return (
        _lies_within(first, second)
        or _lies_within(second, first)
        or (
            bool(organisation)
            and _lies_within(first, organisation)
            and _lies_within(second, organisation)
        )
    )


def _outgoing_address() -> IPAddress | None:
    # Nothing is sent: a datagram socket only looks up the way, to an address for documentation.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return ipaddress.ip_address(way.getsockname()[0])


def _lies_within(inner: str, outer: str) -> bool:
    return f".{inner}".endswith(f".{outer}")
