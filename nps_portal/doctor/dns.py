"""Asking the DNS; the one place where a resolver is made."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver
import dns.reversename
from flask import Flask, current_app

from nps_portal.foundation.errors import PortalError

SECONDS_A_QUESTION = 3.0
LONGEST_STRING = 255  # RFC 1035, 3.3

# What cannot be a name has no records.
_NO_NAME = (
    dns.name.LabelTooLong,
    dns.name.NameTooLong,
    dns.name.EmptyLabel,
    dns.name.BadEscape,
    dns.name.IDNAException,
)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class NoDns(PortalError):
    """The DNS did not say whether there is such a record; asking again may help."""


@dataclass(frozen=True, kw_only=True)
class DnsRecord:
    """A record to be added to the DNS: its name without the final dot, and its value."""

    name: str
    kind: str
    value: str

    @property
    def strings(self) -> list[str]:
        """Return the value in pieces that fit into the strings of a TXT record."""
        return [
            self.value[at : at + LONGEST_STRING] for at in range(0, len(self.value), LONGEST_STRING)
        ]

    @property
    def line(self) -> str:
        """Return the record as a zone file has it, a long text in several strings."""
        value = self.value
        if self.kind == "TXT":
            value = " ".join(f'"{string}"' for string in self.strings)
        return f"{self.name}. IN {self.kind} {value}"


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """Whom to ask; without name servers those of this machine are asked."""

    servers: tuple[str, ...] = ()
    port: int = 53

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name, each with its strings joined.

        :raises NoDns: the DNS did not answer.
        """
        found = self._records(name, "TXT")
        return [b"".join(record.strings).decode("utf-8", "replace") for record in found]

    def addresses(self, name: str) -> list[IPAddress]:
        """Return the IPv4 and IPv6 addresses of a name.

        :raises NoDns: the DNS did not answer.
        """
        found = [*self._records(name, "A"), *self._records(name, "AAAA")]
        return [ipaddress.ip_address(record.address) for record in found]

    def mail_servers(self, domain: str) -> list[str]:
        """Return the hosts that take a domain's mail, best first; "" is RFC 7505's «none».

        :raises NoDns: the DNS did not answer.
        """
        found = sorted(self._records(domain, "MX"), key=lambda record: record.preference)
        return [_plain(record.exchange) for record in found]

    def names_of(self, address: IPAddress) -> list[str]:
        """Return the names that the owner of an address has given it.

        :raises NoDns: the DNS did not answer.
        """
        reverse = dns.reversename.from_address(str(address)).to_text()
        return [_plain(record.target) for record in self._records(reverse, "PTR")]

    def _records(self, name: str, kind: str) -> Sequence[dns.resolver.Answer]:
        """Return the records, none when the name or the kind of record does not exist."""
        try:
            absolute = dns.name.from_text(name)
            return list(self._asked().resolve(absolute, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, *_NO_NAME):
            return []
        except dns.exception.DNSException as error:
            raise NoDns(f"The DNS gave no answer for {name} ({kind}).") from error

    def _asked(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=not self.servers)
        if self.servers:
            resolver.nameservers = list(self.servers)
            resolver.port = self.port
        resolver.lifetime = SECONDS_A_QUESTION
        return resolver


def install_resolver(app: Flask, resolver: Resolver) -> None:
    """Make a resolver the one that the doctor of this application asks."""
    app.extensions["nps_resolver"] = resolver


def current_resolver() -> Resolver:
    """Return the resolver of the current application: this machine's, unless one is installed."""
    resolver: Resolver = current_app.extensions.get("nps_resolver", Resolver())
    return resolver


def txt_record(name: str, value: str) -> DnsRecord:
    """Return the TXT record with this value."""
    return DnsRecord(name=name, kind="TXT", value=value)


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")
