"""Whether receivers let this sender's emails in: SPF and the sender's own domain."""

import ipaddress

from nps_portal.config import LOOPBACK_HOSTS
from nps_portal.doctor.dns import DnsRecord, IPAddress, Resolver, txt_record
from nps_portal.doctor.findings import Finding, Matter, Part
from nps_portal.doctor.identity import Identity
from nps_portal.doctor.spf import MOST_LOOKUPS, SpfReading, read_spf, with_end, with_mechanism

SENDER = Matter(part=Part.IDENTITY, name="Sender")
SPF = Matter(part=Part.IDENTITY, name="SPF")
REVERSE = Matter(part=Part.IDENTITY, name="Name of the sending address")

# Mail in the name of these is let in from their own servers alone.
_FREEMAIL = frozenset(
    "aol.com fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net "
    "googlemail.com hotmail.com hotmail.co.uk hotmail.de hotmail.fr icloud.com laposte.net "
    "libero.it live.com live.co.uk mac.com mail.com mail.ru me.com msn.com orange.fr outlook.com "
    "outlook.de proton.me protonmail.com qq.com rocketmail.com seznam.cz t-online.de tutanota.com "
    "wanadoo.fr web.de yahoo.com yahoo.co.jp yahoo.co.uk yahoo.de yahoo.fr yandex.com yandex.ru "
    "ymail.com zoho.com 163.com".split()
)


def sender_finding(identity: Identity) -> Finding:
    """Judge the address that emails come from."""
    if identity.sender_domain in _FREEMAIL:
        return SENDER.red(
            f"{identity.sender} belongs to a public mail service, which lets in mail in its name "
            "from its own servers alone. Use an address at a domain of your own."
        )
    return SENDER.green(f"{identity.sender}, an address at your own domain.")


def spf_finding(resolver: Resolver, identity: Identity) -> Finding:
    """Judge the SPF record of the domain that the envelope names.

    :raises NoDns: the DNS did not answer.
    """
    domain = identity.envelope_domain
    reading = read_spf(resolver, domain)
    addresses = _sending_addresses(resolver, identity)
    if not reading.record and not reading.faults:
        return SPF.red(
            f"{domain} has no SPF record, so nobody knows which servers may send for it. "
            "Add this one:",
            txt_record(domain, f"v=spf1 {_mechanism(identity, addresses)} ~all"),
        )
    if reading.faults:
        words = f"The record of {domain} is broken, and receivers heed none of it: "
        words += f"{'; '.join(reading.faults)}."
        if reading.lookups > MOST_LOOKUPS:
            return SPF.red(f"{words} Take out the services that no longer send for you.")
        fresh = f"v=spf1 {_mechanism(identity, addresses)} ~all"
        return SPF.red(
            f"{words} Let it be one record, such as this one, with all who send for you:",
            txt_record(domain, fresh),
        )
    if reading.rules.all_sign == "+":
        return SPF.red(
            f"The record of {domain} ends in +all: it lets the whole world send in your name.",
            txt_record(domain, with_end(reading.record)),
        )
    if reading.rules.all_sign not in {"-", "~"}:
        return SPF.amber(
            f"The record of {domain} does not say what to think of other servers. "
            "Let it end in ~all:",
            txt_record(domain, with_end(reading.record)),
        )
    return _coverage(identity, reading, addresses)


def reverse_finding(resolver: Resolver, identity: Identity) -> Finding:
    """Judge whether the address that receivers see has a name, and the name that address.

    :raises NoDns: the DNS did not answer.
    """
    if not identity.mail_server_is_here:
        return REVERSE.green(
            f"{identity.mail_server} hands your emails over; its provider cares for this."
        )
    addresses = _own_addresses(resolver, identity)
    if not addresses:
        return REVERSE.amber(
            "This machine does not know the address under which the world sees it. Find it out "
            "and ask for its name; the name must lead back to the address.",
            "dig +short -x ADDRESS",
        )
    faults = [fault for address in addresses if (fault := _reverse_fault(resolver, address))]
    if faults:
        host = f"mail.{identity.sender_domain}"
        return REVERSE.red(
            f"{'; '.join(faults)}. Large receivers refuse such a server. Whoever rents you the "
            "address sets its name:",
            DnsRecord(name=addresses[0].reverse_pointer, kind="PTR", value=f"{host}."),
        )
    named = ", ".join(map(str, addresses))
    return REVERSE.green(f"{named} has a name that leads back to it.")


def _coverage(identity: Identity, reading: SpfReading, addresses: list[IPAddress]) -> Finding:
    """Judge whether the record covers the server that hands emails over, as far as one can tell."""
    domain, include = identity.envelope_domain, identity.provider_include
    cost = f"{reading.lookups} of {MOST_LOOKUPS} look-ups used"
    if include in reading.includes:
        return SPF.green(f"{domain} lets your mail provider send ({include}); {cost}.")
    if not include and addresses and all(map(reading.covers, addresses)):
        named = ", ".join(map(str, addresses))
        return SPF.green(f"{domain} lets {named} send; {cost}.")
    if not identity.mail_server:
        return SPF.green(f"{domain} has a sound record; {cost}. No mail server is set yet.")
    if include:
        words = f"does not let {identity.mail_server} send. Its provider wants to be included:"
    elif identity.mail_server_is_here:
        words = "does not name this machine. Unless another server sends for it, add its address:"
    else:
        words = (
            f"does not name {identity.mail_server}. Many providers send from other addresses than "
            "they take mail at, so it may be right: ask yours. If this is the one that sends, add:"
        )
    return SPF.amber(
        f"The record of {domain} {words}",
        txt_record(domain, with_mechanism(reading.record, _mechanism(identity, addresses))),
    )


def _mechanism(identity: Identity, addresses: list[IPAddress]) -> str:
    """Return the words that let the mail server send."""
    if identity.provider_include:
        return f"include:{identity.provider_include}"
    if not identity.mail_server_is_here:
        return f"a:{identity.mail_server}" if identity.mail_server else "mx"
    return " ".join(f"ip{address.version}:{address}" for address in addresses) or "mx"


def _sending_addresses(resolver: Resolver, identity: Identity) -> list[IPAddress]:
    if not identity.mail_server or identity.provider_include:
        return []
    if identity.mail_server_is_here:
        return _own_addresses(resolver, identity)
    return _addresses(resolver, identity.mail_server)


def _own_addresses(resolver: Resolver, identity: Identity) -> list[IPAddress]:
    """Return the addresses under which the world knows this machine, none when it cannot tell.

    Behind a router it does not know its own, and then those of the public name are the best guess.
    """
    if identity.outgoing_address and identity.outgoing_address.is_global:
        return [identity.outgoing_address]
    host = identity.public_host
    return [] if host in LOOPBACK_HOSTS else _addresses(resolver, host)


def _addresses(resolver: Resolver, host: str) -> list[IPAddress]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        return resolver.addresses(host)


def _reverse_fault(resolver: Resolver, address: IPAddress) -> str:
    names = resolver.names_of(address)
    if not names:
        return f"{address} has no name (PTR)"
    if not any(address in resolver.addresses(name) for name in names):
        return f"{address} is called {names[0]}, which does not lead back to it"
    return ""
