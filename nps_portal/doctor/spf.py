"""SPF as a receiver reads it (RFC 7208): one record, its syntax, its cost, and who may send."""

import ipaddress
import re
from dataclasses import dataclass, field

from nps_portal.doctor.dns import IPAddress, Resolver
from nps_portal.foundation.errors import PortalError

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
MOST_VOID_LOOKUPS = 2
# A record that costs more is broken anyway, or includes itself.
LOOKUPS_FOLLOWED = 30

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_EVERYBODY = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_TERM = re.compile(
    r"(?P<sign>[-+~?]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)(?::(?P<value>[^\s/]\S*?))?"
    r"(?:/(?P<bits>\d{1,3}))?(?://(?P<bits6>\d{1,3}))?",
    re.ASCII | re.IGNORECASE,
)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>\S*)", re.ASCII | re.IGNORECASE)
_NEEDS_A_VALUE = frozenset({"include", "ip4", "ip6", "exists"})
_ASKS_THE_DNS = frozenset({"include", "a", "mx", "ptr", "exists"})


class BadSpf(PortalError):
    """A record that receivers take for a fault of the domain, so that nothing passes."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Whom a record lets send.

    `all_sign` stands before its «all»: "-", "~", "?" or "+"; "" when there is no «all». `is_open`
    tells that others may send too, by rules that cannot be listed.
    """

    networks: tuple[IPNetwork, ...] = ()
    all_sign: str = ""
    is_open: bool = False


@dataclass(frozen=True, kw_only=True)
class SpfReading:
    """What a domain's record says, with all that it includes; `record` is "" when it has none."""

    record: str
    rules: Rules
    lookups: int
    void_lookups: int
    includes: frozenset[str]
    faults: tuple[str, ...]

    def covers(self, address: IPAddress) -> bool:
        """Tell whether this address may send."""
        return any(address in network for network in self.rules.networks)


def read_spf(resolver: Resolver, domain: str) -> SpfReading:
    """Return what the domain's record says to a receiver that reads all of it.

    :raises NoDns: the DNS did not answer.
    """
    walk = _Walk(resolver)
    record, rules, faults = "", Rules(), []
    try:
        record = _record(resolver, domain)
        rules = walk.rules(record, domain)
    except BadSpf as error:
        faults.append(str(error))
    if MOST_LOOKUPS < walk.lookups <= LOOKUPS_FOLLOWED:
        faults.append(f"it costs {walk.lookups} look-ups, and {MOST_LOOKUPS} are allowed")
    if walk.void_lookups > MOST_VOID_LOOKUPS:
        faults.append(
            f"{walk.void_lookups} of its look-ups find nothing, and {MOST_VOID_LOOKUPS} are allowed"
        )
    return SpfReading(
        record=record,
        rules=rules,
        lookups=walk.lookups,
        void_lookups=walk.void_lookups,
        includes=frozenset(walk.includes),
        faults=tuple(faults),
    )


def with_mechanism(record: str, mechanism: str) -> str:
    """Return the record with one more mechanism, before the words that end it."""
    terms = record.split()
    ends = [at for at, term in enumerate(terms) if term.lower().lstrip("-+~?") == "all"]
    ends += [at for at, term in enumerate(terms) if "=" in term and at > 0]
    at = min(ends, default=len(terms))
    return " ".join([*terms[:at], mechanism, *terms[at:]])


def with_end(record: str) -> str:
    """Return the record with an end that calls all others suspicious."""
    kept = [term for term in record.split() if term.lower().lstrip("-+~?") != "all"]
    return " ".join([*kept, "~all"])


def _record(resolver: Resolver, domain: str) -> str:
    texts = resolver.texts(domain)
    found = [text for text in texts if text.lower().split(" ", 1)[0] == "v=spf1"]
    if len(found) > 1:
        raise BadSpf(f"{domain} has {len(found)} SPF records, and receivers then heed none")
    return found[0] if found else ""


@dataclass(kw_only=True)
class _Found:
    """The rules of one record while it is read."""

    networks: list[IPNetwork] = field(default_factory=list)
    is_open: bool = False

    def take(self, rules: Rules) -> None:
        self.networks += rules.networks
        self.is_open = self.is_open or rules.is_open


class _Walk:
    """One way through a record and all that it includes, counting what it costs."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.lookups = 0
        self.void_lookups = 0
        self.includes: set[str] = set()

    def rules(self, record: str, domain: str) -> Rules:
        found, redirect = _Found(), ""
        for text in record.split()[1:]:
            if modifier := _MODIFIER.fullmatch(text):
                if modifier["name"].lower() == "redirect":
                    if redirect:
                        raise BadSpf(f"{domain} redirects twice")
                    redirect = modifier["value"]
                continue
            term = _understood(text, domain)
            if term["name"].lower() == "all":
                sign = term["sign"] or "+"
                found.networks += _EVERYBODY if sign == "+" else ()
                return _rules(found, sign)
            self._follow(term, domain, found)
        if not redirect:
            return _rules(found, "")
        rest = self._rules_of(redirect)
        found.take(rest)
        return _rules(found, rest.all_sign)

    def _follow(self, term: re.Match[str], domain: str, found: _Found) -> None:
        """Add what one mechanism lets send."""
        name, value = term["name"].lower(), term["value"] or domain
        # A mechanism that refuses still costs its look-ups.
        passing = found if term["sign"] in {"", "+"} else _Found()
        if name in {"ip4", "ip6"}:
            passing.networks.append(_network(term))
        elif name == "include":
            included = self._rules_of(value)
            passing.take(included)
        else:
            self._count()
            if name in {"exists", "ptr"} or "%" in value:
                passing.is_open = True
            else:
                passing.networks += self._hosts(term, value)

    def _rules_of(self, domain: str) -> Rules:
        """Return the rules of an included record, or of the one redirected to."""
        self._count()
        if "%" in domain:
            return Rules(is_open=True)
        self.includes.add(domain.lower())
        record = _record(self._resolver, domain)
        if not record:
            self.void_lookups += not self._resolver.texts(domain)
            raise BadSpf(f"it includes {domain}, which has no SPF record")
        return self.rules(record, domain)

    def _hosts(self, term: re.Match[str], domain: str) -> list[IPNetwork]:
        """Return the networks of an «a» or «mx»."""
        hosts = [domain]
        if term["name"].lower() == "mx":
            hosts = self._resolver.mail_servers(domain)
        addresses = [
            address for host in hosts if host for address in self._resolver.addresses(host)
        ]
        self.void_lookups += not addresses
        bits = {4: term["bits"] or "32", 6: term["bits6"] or "128"}
        return [
            ipaddress.ip_network(f"{address}/{bits[address.version]}", strict=False)
            for address in addresses
        ]

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > LOOKUPS_FOLLOWED:
            raise BadSpf(f"it costs more than {LOOKUPS_FOLLOWED} look-ups; does it include itself?")


def _rules(found: _Found, all_sign: str) -> Rules:
    return Rules(networks=tuple(found.networks), all_sign=all_sign, is_open=found.is_open)


def _understood(text: str, domain: str) -> re.Match[str]:
    term = _TERM.fullmatch(text)
    if term is None or (term["name"].lower() in _NEEDS_A_VALUE and not term["value"]):
        raise BadSpf(f"«{text[:60]}» in the record of {domain} means nothing")
    too_long = int(term["bits6"] or 0) > 128 or int(term["bits"] or 0) > 32
    if term["name"].lower() in {"a", "mx"} and too_long:
        raise BadSpf(f"«{text[:60]}» names no network")
    return term


def _network(term: re.Match[str]) -> IPNetwork:
    text = term["value"] + (f"/{term['bits']}" if term["bits"] else "")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BadSpf(f"«{term[0][:60]}» names no network") from error
    if network.version != int(term["name"][-1]):
        raise BadSpf(f"«{term[0][:60]}» names a network of the other kind")
    return network
