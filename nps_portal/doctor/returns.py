"""What comes back: the queue, the way of returned emails to us, and the inbox they lie in."""

from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import PortalSettings
from nps_portal.doctor.dns import DnsRecord, Resolver
from nps_portal.doctor.findings import Finding, Matter, Part
from nps_portal.doctor.identity import Identity
from nps_portal.inbox.places import InboxTrouble
from nps_portal.inbox.reading import try_inbox
from nps_portal.outbox.models import RelayStatus
from nps_portal.outbox.queries import outbox_health

SENDING = Matter(part=Part.RETURNS, name="Sending")
BOUNCES = Matter(part=Part.RETURNS, name="Way back")
INBOX = Matter(part=Part.RETURNS, name="Inbox")
MESSAGES = "/messages"
RETURNED_MAIL = "/settings/returned-mail"


def sending_finding(session: Session) -> Finding:
    """Judge how the emails fare that the portal sends."""
    health = outbox_health(session)
    if health.status is RelayStatus.STOPPED:
        return SENDING.red(
            f"It has stopped: {health.reason} Put that right, then let it try again.",
            page=MESSAGES,
        )
    if health.status is RelayStatus.FENCED:
        return SENDING.red(f"It is held until you decide: {health.reason}", page=MESSAGES)
    if health.status is RelayStatus.UNREACHABLE:
        return SENDING.amber(
            f"The mail server is away, and messages wait: {health.reason}", page=MESSAGES
        )
    if health.uncertain or health.failed:
        return SENDING.amber(
            f"{health.uncertain} messages are uncertain, and {health.failed} have failed.",
            page=MESSAGES,
        )
    return SENDING.green(f"{health.waiting} messages wait, none is uncertain, none has failed.")


def bounce_finding(resolver: Resolver, settings: PortalSettings, identity: Identity) -> Finding:
    """Judge whether emails that come back find a mail server.

    :raises NoDns: the DNS did not answer.
    """
    domain = identity.envelope_domain
    hosts = resolver.mail_servers(domain)
    if hosts == [""]:
        return BOUNCES.red(
            f"{domain} says that it takes no mail at all (MX 0 .). It must:",
            _mx_record(resolver, identity),
        )
    dead = [host for host in hosts if not resolver.addresses(host)]
    if not hosts and not resolver.addresses(domain):
        return BOUNCES.red(
            f"{domain} has no mail server (MX), so what comes back gets lost, and receivers "
            "distrust a sender who cannot be answered. Let the one of your inbox take it:",
            _mx_record(resolver, identity),
        )
    if hosts and dead == hosts:
        return BOUNCES.red(
            f"The mail server of {domain}, {dead[0]}, has no address. Name one that exists:",
            _mx_record(resolver, identity),
        )
    if not settings.bounce_domain:
        return BOUNCES.amber(
            f"What cannot be delivered goes back to {identity.sender}, where only a person sees "
            "it. With a bounce domain of its own the portal knows whom it was for:",
            f"NPS_BOUNCE_DOMAIN=bounces.{identity.sender_domain}",
        )
    return BOUNCES.green(f"Mail to {domain} goes to {hosts[0] if hosts else domain}.")


def inbox_finding(settings: PortalSettings) -> Finding:
    """Judge whether the inbox can be opened."""
    if not settings.inbox_url:
        return INBOX.amber(
            "Nobody reads what comes back, so only what the mail server refuses at once is known. "
            "Name the mailbox in the settings, or so:",
            "NPS_INBOX_URL=imaps://name:password@imap.your-domain.example/INBOX",
            RETURNED_MAIL,
        )
    try:
        return INBOX.green(try_inbox(settings.inbox_url))
    except InboxTrouble as error:
        return INBOX.red(str(error), page=RETURNED_MAIL)


def _mx_record(resolver: Resolver, identity: Identity) -> DnsRecord:
    """Return the record that lets the sender's own mail server take what comes back."""
    own = [host for host in resolver.mail_servers(identity.sender_domain) if host]
    host = own[0] if own else f"mail.{identity.sender_domain}"
    return DnsRecord(name=identity.envelope_domain, kind="MX", value=f"10 {host}.")
