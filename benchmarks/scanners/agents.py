"""Who comes: the network addresses and the programs of machines and of people.

The addresses of machines lie where their makers run them: inside the ranges that the portal has
listed, or in a public cloud, of which no list says anything. People come from homes, telephones
and offices.
"""

import ipaddress
import random
from collections.abc import Callable
from dataclasses import dataclass

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{version}.0.0.0 Safari/537.36"
)
ISOLATED = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
PEOPLES_PROGRAMS = (
    CHROME.format(version=131),
    CHROME.format(version=130) + " Edg/130.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36",
)
# What scanners that disguise themselves are seen with: a browser of years ago.
OLD_VERSIONS = (79, 86, 94, 103)

MICROSOFT = ("104.47.0.0/17", "40.92.0.0/15", "52.100.0.0/14", "2a01:111:f400::/48")
BARRACUDA = ("209.222.82.0/24", "35.176.92.96/27", "18.133.136.128/26")
FILTERS = (
    "67.231.144.0/20", "148.163.128.0/19", "195.130.217.0/24", "185.58.85.0/24",
    "68.232.128.0/19", "216.71.144.0/20", "216.82.240.0/20",
)  # fmt: skip
CLOUDS = ("20.64.0.0/11", "34.64.0.0/11", "54.64.0.0/12", "2603:1020::/32")
HOMES = ("84.0.0.0/10", "86.0.0.0/10", "92.0.0.0/11", "78.32.0.0/12", "2a02:8000::/22")

OFFICE_SIZE = 8
# Of ten times eight people, these sit in an office.
OFFICE_BLOCKS = (1, 6)


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Whatever holds the mouse: whence it comes and what it calls itself."""

    address: str
    user_agent: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of its requests; the proxy before the portal adds the address."""
        return {
            "X-Forwarded-For": self.address,
            "User-Agent": self.user_agent,
            "Accept-Language": "en-GB,en;q=0.9",
        }


def header_reader(chance: random.Random) -> Agent:
    """Return what asks for headers: Microsoft's filter without a name, or a disguise."""
    if chance.random() < 0.5:
        return Agent(address=_address(chance, MICROSOFT), user_agent="")
    return cloud_scanner(chance)


def link_opener(chance: random.Random) -> Agent:
    """Return what opens all links: Microsoft's, Barracuda's, or one from a public cloud."""
    kinds: tuple[Callable[[random.Random], Agent], ...] = (_microsoft, _barracuda, cloud_scanner)
    return chance.choice(kinds)(chance)


def cloud_scanner(chance: random.Random) -> Agent:
    """Return a scanner that no list knows: a public cloud's address, a browser's name."""
    return Agent(address=_address(chance, CLOUDS), user_agent=_disguise(chance))


def sampler(chance: random.Random) -> Agent:
    """Return what opens a few links: half from a filter's network, half from a public cloud."""
    ranges = chance.choice((FILTERS, CLOUDS))
    return Agent(address=_address(chance, ranges), user_agent=CHROME.format(version=131))


def person(chance: random.Random) -> Agent:
    """Return somebody at home or on the way."""
    return Agent(address=_address(chance, HOMES), user_agent=chance.choice(PEOPLES_PROGRAMS))


def antivirus(chance: random.Random) -> Agent:
    """Return what opens one link from the person's own computer."""
    return person(chance)


def isolated_person(chance: random.Random) -> Agent:
    """Return somebody whose browser runs in the data centre of a mail security company."""
    return Agent(address=_address(chance, FILTERS), user_agent=ISOLATED)


def colleague(chance: random.Random, office: random.Random) -> Agent:
    """Return somebody of an office, whose people share one address."""
    return Agent(address=_address(office, HOMES), user_agent=chance.choice(PEOPLES_PROGRAMS))


def is_in_an_office(number: int) -> bool:
    """Tell whether the person of this number sits with seven others behind one address."""
    return number // OFFICE_SIZE % 10 in OFFICE_BLOCKS


def _microsoft(chance: random.Random) -> Agent:
    return Agent(address=_address(chance, MICROSOFT), user_agent=_disguise(chance))


def _barracuda(chance: random.Random) -> Agent:
    names = ("BarracudaCentral/1.0", _disguise(chance))
    return Agent(address=_address(chance, BARRACUDA), user_agent=chance.choice(names))


def _disguise(chance: random.Random) -> str:
    return CHROME.format(version=chance.choice(OLD_VERSIONS))


def _address(chance: random.Random, ranges: tuple[str, ...]) -> str:
    network = ipaddress.ip_network(chance.choice(ranges))
    return str(network[chance.randrange(1, network.num_addresses - 1)])
