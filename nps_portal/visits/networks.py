"""Which networks are a mail filter's."""

import ipaddress
from dataclasses import replace
from functools import cache, lru_cache

from nps_portal.visits.facts import IPV4_PREFIX, IPV6_PREFIX
from nps_portal.visits.known import Certainty, Known, known_machines

REMEMBERED = 4096
KEPT_PREFIX = {4: IPV4_PREFIX, 6: IPV6_PREFIX}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Version and length of a prefix, longest first, to the machines by the prefix as a number.
Table = dict[tuple[int, int], dict[int, Known]]


@lru_cache(maxsize=REMEMBERED)
def known_network(network: str) -> Known | None:
    """Return the mail filter to which a /24 or /48 belongs, by the longest prefix that holds it."""
    parsed = _parsed(network)
    if parsed is None:
        return None
    address, bits = int(parsed.network_address), parsed.max_prefixlen
    for (version, length), machines in _table().items():
        if version == parsed.version and length <= parsed.prefixlen:
            known = machines.get(address >> (bits - length))
            if known is not None:
                return known
    return None


@lru_cache(maxsize=REMEMBERED)
def is_public(network: str) -> bool:
    """Tell whether an address tells who it is.

    Behind a proxy that the portal was not told of, all people come from one private address.
    """
    parsed = _parsed(network)
    return parsed is not None and parsed.is_global


@cache
def _table() -> Table:
    table: Table = {}
    for prefix, known in known_machines("networks.csv", "prefix"):
        network, machine = _as_kept(ipaddress.ip_network(prefix), known)
        length = network.prefixlen
        number = int(network.network_address) >> (network.max_prefixlen - length)
        table.setdefault((network.version, length), {})[number] = machine
    return dict(sorted(table.items(), reverse=True))


def _as_kept(network: Network, known: Known) -> tuple[Network, Known]:
    """Return what of a prefix can be recognised.

    A visit keeps only its /24 or /48. Where the filter has a part of that, the rest is somebody
    else's, so that certainty becomes probability.
    """
    kept = KEPT_PREFIX[network.version]
    if network.prefixlen <= kept:
        return network, known
    return network.supernet(new_prefix=kept), replace(known, certainty=Certainty.PROBABLE)


def _parsed(network: str) -> Network | None:
    try:
        return ipaddress.ip_network(network)
    except ValueError:
        return None
