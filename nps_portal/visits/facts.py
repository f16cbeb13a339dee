"""What a request tells of whoever sent it, cut down to what judging machines needs."""

import ipaddress
from functools import lru_cache
from typing import Protocol

from nps_portal.foundation.merging import one_line
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.models import VisitKind

IPV4_PREFIX = 24
IPV6_PREFIX = 48
USER_AGENT_LENGTH = 300
PURPOSE_LENGTH = 64


class Headers(Protocol):
    """A request's headers, by name."""

    def get(self, key: str, default: str, /) -> str:
        """Return a header, or the default when it is absent."""
        ...


def facts_of(
    kind: VisitKind, method: str, address: str, headers: Headers, score: int | None
) -> VisitFacts:
    """Return the facts of a request; `address` is the sender's, whole, and is not kept so."""
    return VisitFacts(
        kind=kind,
        method=method,
        network=network_of(address),
        user_agent=one_line(headers.get("User-Agent", ""))[:USER_AGENT_LENGTH],
        purpose=purpose_of(headers)[:PURPOSE_LENGTH],
        score=score,
    )


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return the /24 or /48 that an address is in, or nothing when it is no address.

    The network tells a mail scanner's data centre from a home; the rest would name a household.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    prefix = IPV4_PREFIX if ip.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network((ip, prefix), strict=False))


def purpose_of(headers: Headers) -> str:
    """Return what a browser says it fetches the page for, such as a prefetch; mostly nothing."""
    return one_line(headers.get("Sec-Purpose", "") or headers.get("Purpose", ""))
