"""Questions to a real DNS server."""

import ipaddress
import time

import pytest

from nps_portal.doctor.dns import NoDns, Resolver, txt_record
from tests.support.dns_server import DnsServer, Trouble


def test_a_text_too_large_for_a_datagram_comes_whole(dns: DnsServer, resolver: Resolver) -> None:
    dns.zone["big.example"] = {"TXT": ["x" * 4000, 'with "quotes"']}

    texts = resolver.texts("big.example")

    assert sorted(texts) == ['with "quotes"', "x" * 4000]
    assert [transport for _, _, transport in dns.questions] == ["udp", "tcp"]


def test_what_does_not_exist_is_none(dns: DnsServer, resolver: Resolver) -> None:
    dns.zone["there.example"] = {"A": ["192.0.2.1"]}

    assert resolver.texts("there.example") == []
    assert resolver.texts("not-there.example") == []
    assert resolver.addresses("x" * 64 + ".example") == []


def test_addresses_of_both_kinds_are_found_through_an_alias(
    dns: DnsServer, resolver: Resolver
) -> None:
    dns.zone["nps.acme.example"] = {"CNAME": ["host.example."]}
    dns.zone["host.example"] = {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]}

    addresses = resolver.addresses("nps.acme.example")

    assert list(map(str, addresses)) == ["192.0.2.1", "2001:db8::1"]


def test_mail_servers_come_best_first_and_the_root_means_none(
    dns: DnsServer, resolver: Resolver
) -> None:
    dns.zone["acme.example"] = {"MX": ["20 second.example.", "10 First.example."]}
    dns.zone["mute.example"] = {"MX": ["0 ."]}

    assert resolver.mail_servers("acme.example") == ["first.example", "second.example"]
    assert resolver.mail_servers("mute.example") == [""]


def test_the_name_of_an_address_is_found(dns: DnsServer, resolver: Resolver) -> None:
    dns.zone["7.2.0.192.in-addr.arpa"] = {"PTR": ["mail.acme.example."]}

    assert resolver.names_of(ipaddress.ip_address("192.0.2.7")) == ["mail.acme.example"]


@pytest.mark.parametrize("trouble", Trouble)
def test_trouble_is_not_taken_for_absence(
    dns: DnsServer, resolver: Resolver, trouble: Trouble
) -> None:
    dns.zone["sick.example"] = trouble
    began = time.monotonic()

    with pytest.raises(NoDns, match=r"no answer for sick\.example"):
        resolver.texts("sick.example")

    assert time.monotonic() - began < 4


def test_a_long_text_stands_in_several_strings() -> None:
    record = txt_record("a.example", "x" * 300)

    assert record.strings == ["x" * 255, "x" * 45]
    assert record.line == f'a.example. IN TXT "{"x" * 255}" "{"x" * 45}"'
