"""SPF, the key and the name of the sending address, for senders of every kind."""

import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest

from nps_portal.doctor.dns import Resolver
from nps_portal.doctor.findings import Lamp
from nps_portal.doctor.identity import Identity
from nps_portal.doctor.sender import reverse_finding, spf_finding
from nps_portal.doctor.signing import dkim_finding
from tests.support.dns_server import DnsServer

BOUNCES = "bounces.acme.example"
PROVIDER = "smtp.provider.example"
IDENTITY = Identity(
    sender="feedback@acme.example",
    sender_domain="acme.example",
    envelope_domain=BOUNCES,
    signing_domain="acme.example",
    selector="nps",
    key_file=Path("nps.pem"),
    key_is_named=False,
    mail_server=PROVIDER,
    public_host="nps.acme.example",
    outgoing_address=None,
)
HERE = replace(IDENTITY, mail_server="127.0.0.1")


@pytest.mark.parametrize(
    ("record", "lamp", "line"),
    [
        ("v=spf1 a:smtp.provider.example ~all", Lamp.GREEN, ""),
        ("v=spf1 ip4:203.0.113.0/24 -all", Lamp.GREEN, ""),
        ("v=spf1 mx -all", Lamp.AMBER, "v=spf1 mx a:smtp.provider.example -all"),
        ("v=spf1 mx", Lamp.AMBER, "v=spf1 mx ~all"),
        ("v=spf1 mx ?all", Lamp.AMBER, "v=spf1 mx ~all"),
        ("v=spf1 +all", Lamp.RED, "v=spf1 ~all"),
        ("v=spf1 mxx -all", Lamp.RED, "v=spf1 a:smtp.provider.example ~all"),
        ("v=spf1 " + "mx " * 11 + "-all", Lamp.RED, ""),
        ("v=DMARC1; p=none", Lamp.RED, "v=spf1 a:smtp.provider.example ~all"),
    ],
)
def test_the_spf_record_is_judged_for_the_mail_server(
    dns: DnsServer, resolver: Resolver, record: str, lamp: Lamp, line: str
) -> None:
    dns.zone[PROVIDER] = {"A": ["203.0.113.9"]}
    dns.zone["mx.acme.example"] = {"A": ["192.0.2.7"]}
    dns.zone[BOUNCES] = {"TXT": [record], "MX": ["10 mx.acme.example."]}

    found = spf_finding(resolver, IDENTITY)

    assert found.lamp is lamp
    assert found.line == (f'{BOUNCES}. IN TXT "{line}"' if line else "")


@pytest.mark.parametrize(
    ("mail_server", "include"),
    [
        ("smtp-relay.gmail.com", "_spf.google.com"),
        ("smtp.office365.com", "spf.protection.outlook.com"),
        ("email-smtp.eu-west-1.amazonaws.com", "amazonses.com"),
    ],
)
def test_a_known_provider_is_included_and_not_named_by_its_host(
    dns: DnsServer, resolver: Resolver, mail_server: str, include: str
) -> None:
    identity = replace(IDENTITY, mail_server=mail_server)
    dns.zone[include] = {"TXT": ["v=spf1 ip4:203.0.113.0/24 ~all"]}
    dns.zone[BOUNCES] = {"TXT": ["v=spf1 ip4:192.0.2.1 ~all"]}
    without = spf_finding(resolver, identity)
    dns.zone[BOUNCES] = {"TXT": [f"v=spf1 include:{include} ~all"]}

    with_it = spf_finding(resolver, identity)

    line = f'{BOUNCES}. IN TXT "v=spf1 ip4:192.0.2.1 include:{include} ~all"'
    assert (without.lamp, without.line) == (Lamp.AMBER, line)
    assert with_it.lamp is Lamp.GREEN
    assert "1 of 10" in with_it.text


def test_the_provider_cares_for_the_name_of_its_own_address(
    dns: DnsServer, resolver: Resolver
) -> None:
    found = reverse_finding(resolver, IDENTITY)

    assert found.lamp is Lamp.GREEN
    assert PROVIDER in found.text
    assert dns.questions == []


def test_a_key_that_the_environment_names_in_vain_is_a_fault(
    dns: DnsServer, resolver: Resolver, tmp_path: Path
) -> None:
    identity = replace(IDENTITY, key_file=tmp_path / "gone.pem", key_is_named=True)

    found = dkim_finding(resolver, identity)

    assert found.lamp is Lamp.RED
    assert "nothing is sent" in found.text


@pytest.mark.parametrize(
    ("pointer", "forward", "lamp", "words"),
    [
        (["mail.acme.example."], ["198.51.100.7"], Lamp.GREEN, "leads back"),
        (["mail.acme.example."], ["198.51.100.8"], Lamp.RED, "does not lead back"),
        ([], [], Lamp.RED, "has no name"),
    ],
)
def test_the_name_of_our_own_address_must_lead_back_to_it(
    dns: DnsServer,
    resolver: Resolver,
    pointer: list[str],
    forward: list[str],
    lamp: Lamp,
    words: str,
) -> None:
    dns.zone["nps.acme.example"] = {"A": ["198.51.100.7"]}
    dns.zone["7.100.51.198.in-addr.arpa"] = {"PTR": pointer}
    dns.zone["mail.acme.example"] = {"A": forward}

    found = reverse_finding(resolver, HERE)

    assert found.lamp is lamp
    assert words in found.text
    line = "7.100.51.198.in-addr.arpa. IN PTR mail.acme.example."
    assert found.line == ("" if lamp is Lamp.GREEN else line)


def test_a_machine_that_sends_itself_knows_its_own_address(
    dns: DnsServer, resolver: Resolver
) -> None:
    outgoing = ipaddress.ip_address("8.8.4.4")
    identity = replace(HERE, outgoing_address=outgoing)
    dns.zone[BOUNCES] = {"TXT": ["v=spf1 -all"]}
    without = spf_finding(resolver, identity)
    dns.zone[BOUNCES] = {"TXT": ["v=spf1 ip4:8.8.4.4 -all"]}

    with_it = spf_finding(resolver, identity)

    assert without.line == f'{BOUNCES}. IN TXT "v=spf1 ip4:8.8.4.4 -all"'
    assert (without.lamp, with_it.lamp) == (Lamp.AMBER, Lamp.GREEN)


def test_a_machine_that_cannot_know_its_address_says_so(dns: DnsServer, resolver: Resolver) -> None:
    found = reverse_finding(resolver, replace(HERE, public_host="localhost"))

    assert found.lamp is Lamp.AMBER
    assert dns.questions == []
