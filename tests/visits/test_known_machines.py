"""The lists of known machines: what is in them, what is not, and how fast they answer."""

import csv
import ipaddress
import re
from time import perf_counter

import pytest

from nps_portal.visits.agents import family, known_agent
from nps_portal.visits.facts import network_of
from nps_portal.visits.known import DATA, Certainty
from nps_portal.visits.networks import is_public, known_network
from nps_portal.visits.reasons import rule_words
from nps_portal.visits.rules import Rule
from tests.visits.visitors import OLD_CHROME, PHONE, WINDOWS

PEOPLE = [
    WINDOWS,
    PHONE,
    OLD_CHROME,
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Mobile/15E148 Instagram 300.0.0.0",
    "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Teams/1.5 Chrome/108 Safari",
]
MACHINES = [
    "python-requests/2.32.3",
    "curl/8.5.0",
    "Go-http-client/2.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "BarracudaCentral/1.0",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_browsers_of_people_are_not_known(agent: str) -> None:
    assert known_agent(agent) is None


@pytest.mark.parametrize("agent", MACHINES)
def test_machines_that_name_themselves_are_certain(agent: str) -> None:
    known = known_agent(agent)

    assert known is not None
    assert known.certainty is Certainty.CERTAIN


@pytest.mark.parametrize("agent", ["", WINDOWS.replace("Chrome/", "HeadlessChrome/")])
def test_what_a_person_may_also_use_is_only_probable(agent: str) -> None:
    known = known_agent(agent)

    assert known is not None
    assert known.certainty is Certainty.PROBABLE


@pytest.mark.parametrize(
    ("address", "label", "certainty"),
    [
        ("104.47.127.255", "Microsoft 365 mail protection", Certainty.CERTAIN),
        ("52.103.255.1", "Microsoft 365 mail protection", Certainty.CERTAIN),
        ("2a01:111:f400:fe0c::1", "Microsoft 365 mail protection", Certainty.CERTAIN),
        ("209.222.82.9", "Barracuda Email Gateway Defense", Certainty.CERTAIN),
        # The filter has 32 addresses of these 256; the rest belongs to others.
        ("35.176.92.97", "Barracuda Email Gateway Defense", Certainty.PROBABLE),
        ("67.231.159.255", "Proofpoint", Certainty.PROBABLE),
        ("205.139.110.4", "Mimecast", Certainty.PROBABLE),
    ],
)
def test_a_filters_network_is_known(address: str, label: str, certainty: Certainty) -> None:
    known = known_network(network_of(address))

    assert known is not None
    assert (known.label, known.certainty) == (label, certainty)


@pytest.mark.parametrize(
    "address", ["104.47.128.1", "67.231.160.1", "84.115.9.7", "2a01:111:f405::1", "::1", "nowhere"]
)
def test_other_networks_are_not_known(address: str) -> None:
    assert known_network(network_of(address)) is None


def test_only_addresses_of_the_internet_tell_who_it_is() -> None:
    assert is_public(network_of("84.115.9.7"))
    assert [is_public(network_of(one)) for one in ("10.1.2.3", "127.0.0.1", "fd00::1", "")] == [
        False
    ] * 4


def test_every_line_of_the_lists_is_whole() -> None:
    for file_name, column in (("networks.csv", "prefix"), ("agents.csv", "pattern")):
        with (DATA / file_name).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        names = [row[column] for row in rows]
        assert len(set(names)) == len(names)
        for row in rows:
            assert row["label"]
            assert row["source"]
            assert re.fullmatch(r"20\d\d(-\d\d)?", row["date"])
            Certainty(row["certainty"])
            if column == "prefix":
                ipaddress.ip_network(row["prefix"])
            else:
                re.compile(row["pattern"])


def test_a_family_is_the_same_in_every_version() -> None:
    assert family(WINDOWS) == family(OLD_CHROME) == "Windows Chrome"
    assert family(PHONE) == "iPhone Safari"


def test_looking_up_again_takes_less_than_50_microseconds() -> None:
    known_agent(WINDOWS), known_network("67.231.152.0/24")

    began = perf_counter()
    for _ in range(1000):
        known_agent(WINDOWS)
        known_network("67.231.152.0/24")
    took = perf_counter() - began

    assert took / 1000 < 50e-6


def test_every_rule_has_words() -> None:
    assert all(rule_words(rule.value) != rule.value for rule in Rule)
    assert rule_words("a_rule_of_the_past") == "a rule of the past"
