"""SPF records as receivers read them."""

import ipaddress

import pytest

from nps_portal.doctor.dns import NoDns, Resolver
from nps_portal.doctor.spf import SpfReading, read_spf, with_end, with_mechanism
from tests.support.dns_server import DnsServer, Trouble

ACME = "acme.example"


def read(dns: DnsServer, resolver: Resolver, record: str) -> SpfReading:
    dns.zone[ACME] = {"TXT": [record], "A": ["192.0.2.1"], "MX": ["10 mx.acme.example."]}
    dns.zone.setdefault("mx.acme.example", {"A": ["192.0.2.2"], "AAAA": ["2001:db8::2"]})
    return read_spf(resolver, ACME)


def covers(reading: SpfReading, address: str) -> bool:
    return reading.covers(ipaddress.ip_address(address))


def test_the_record_is_found_among_other_texts(dns: DnsServer, resolver: Resolver) -> None:
    dns.zone[ACME] = {"TXT": ["v=spf10 nonsense", "site=abc", "V=SPF1 -ALL"]}

    reading = read_spf(resolver, ACME)

    assert reading.record == "V=SPF1 -ALL"
    assert reading.rules.all_sign == "-"
    assert reading.faults == ()


def test_a_domain_without_a_record_has_no_fault_but_no_record(
    dns: DnsServer, resolver: Resolver
) -> None:
    assert read_spf(resolver, ACME).record == ""
    assert read_spf(resolver, ACME).faults == ()


def test_two_records_are_as_bad_as_none(dns: DnsServer, resolver: Resolver) -> None:
    dns.zone[ACME] = {"TXT": ["v=spf1 -all", "v=spf1 mx -all"]}

    assert "2 SPF records" in read_spf(resolver, ACME).faults[0]


def test_look_ups_are_counted_through_everything_included(
    dns: DnsServer, resolver: Resolver
) -> None:
    dns.zone["_spf.one.example"] = {"TXT": ["v=spf1 include:_spf.two.example a:a.one.example -all"]}
    dns.zone["_spf.two.example"] = {"TXT": ["v=spf1 ip4:198.51.100.0/24 exists:%{i}.x.example"]}
    dns.zone["a.one.example"] = {"A": ["203.0.113.5"]}
    dns.zone["_spf.three.example"] = {"TXT": ["v=spf1 ptr ip6:2001:db8:9::/48 ~all"]}

    reading = read(
        dns, resolver, "v=spf1 mx a include:_spf.one.example redirect=_spf.three.example"
    )

    # mx, a, include one, include two, exists, a:a.one, redirect, ptr.
    assert reading.lookups == 8
    assert reading.faults == ()
    assert reading.rules.all_sign == "~"
    assert reading.includes == {"_spf.one.example", "_spf.two.example", "_spf.three.example"}
    assert reading.rules.is_open


@pytest.mark.parametrize(("terms", "fault"), [(10, ""), (11, "it costs 11 look-ups")])
def test_ten_look_ups_are_allowed_and_eleven_are_not(
    dns: DnsServer, resolver: Resolver, terms: int, fault: str
) -> None:
    reading = read(dns, resolver, "v=spf1 " + "a " * terms + "-all")

    assert reading.lookups == terms
    assert " ".join(reading.faults).startswith(fault)
    assert bool(reading.faults) == bool(fault)


def test_a_record_that_includes_itself_ends(dns: DnsServer, resolver: Resolver) -> None:
    reading = read(dns, resolver, "v=spf1 include:acme.example -all")

    assert reading.faults == ("it costs more than 30 look-ups; does it include itself?",)


def test_two_look_ups_may_find_nothing_and_a_third_may_not(
    dns: DnsServer, resolver: Resolver
) -> None:
    two = read(dns, resolver, "v=spf1 a:no.example mx:none.example -all")
    three = read(dns, resolver, "v=spf1 a:no.example mx:none.example a:nil.example -all")

    assert (two.void_lookups, two.faults) == (2, ())
    assert three.faults == ("3 of its look-ups find nothing, and 2 are allowed",)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("v=spf1 ipv4:192.0.2.1 -all", "«ipv4:192.0.2.1»"),
        ("v=spf1 ip4:192.0.2.300 -all", "names no network"),
        ("v=spf1 ip4:2001:db8::1 -all", "the other kind"),
        ("v=spf1 include: -all", "means nothing"),
        ("v=spf1 mail.acme.example -all", "means nothing"),
        ("v=spf1 include:gone.example -all", "gone.example, which has no SPF record"),
        ("v=spf1 redirect=a.example redirect=b.example", "redirects twice"),
        ("v=spf1 a/99 ~all", "«a/99» names no network"),
        ("v=spf1 mx/24//129 ~all", "«mx/24//129» names no network"),
        ("v=spf1 a:gone.example/33 ~all", "names no network"),
        ("v=spf1 include:a..b ~all", "a..b, which has no SPF record"),
    ],
)
def test_a_record_that_cannot_be_understood_says_which_word(
    dns: DnsServer, resolver: Resolver, record: str, fault: str
) -> None:
    assert fault in read(dns, resolver, record).faults[0]


@pytest.mark.parametrize(
    ("record", "address", "may"),
    [
        ("v=spf1 ip4:203.0.113.0/25 -all", "203.0.113.127", True),
        ("v=spf1 ip4:203.0.113.0/25 -all", "203.0.113.128", False),
        ("v=spf1 ip6:2001:db8:5::/48 ~all", "2001:db8:5::9", True),
        ("v=spf1 a -all", "192.0.2.1", True),
        ("v=spf1 mx -all", "2001:db8::2", True),
        ("v=spf1 mx/24 -all", "192.0.2.200", True),
        ("v=spf1 a:mx.acme.example/30//64 -all", "2001:db8::ffff", True),
        ("v=spf1 -ip4:203.0.113.1 -all", "203.0.113.1", False),
        ("v=spf1 -all ip4:203.0.113.1", "203.0.113.1", False),
        ("v=spf1 all", "203.0.113.1", True),
        ("v=spf1 exp=why.acme.example ip4:203.0.113.1 -all", "203.0.113.1", True),
    ],
)
def test_the_servers_that_may_send_are_told_from_the_others(
    dns: DnsServer, resolver: Resolver, record: str, address: str, may: bool
) -> None:
    reading = read(dns, resolver, record)

    assert reading.faults == ()
    assert covers(reading, address) is may


def test_an_included_record_lets_its_servers_send(dns: DnsServer, resolver: Resolver) -> None:
    dns.zone["_spf.one.example"] = {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]}

    taken = read(dns, resolver, "v=spf1 include:_spf.one.example -all")
    refused = read(dns, resolver, "v=spf1 -include:_spf.one.example ~all")

    assert covers(taken, "198.51.100.9")
    assert not covers(refused, "198.51.100.9")
    assert (taken.rules.all_sign, refused.rules.all_sign) == ("-", "~")


def test_a_dns_in_trouble_is_no_verdict(dns: DnsServer, resolver: Resolver) -> None:
    dns.zone["_spf.one.example"] = Trouble.SERVFAIL

    with pytest.raises(NoDns, match=r"_spf\.one\.example"):
        read(dns, resolver, "v=spf1 include:_spf.one.example -all")


def test_a_mechanism_is_added_before_the_end() -> None:
    assert with_mechanism("v=spf1 mx -all", "ip4:192.0.2.1") == "v=spf1 mx ip4:192.0.2.1 -all"
    assert with_mechanism("v=spf1 redirect=x.example", "mx") == "v=spf1 mx redirect=x.example"
    assert with_mechanism("v=spf1 mx", "a") == "v=spf1 mx a"
    assert with_end("v=spf1 mx +all") == "v=spf1 mx ~all"
    assert with_end("v=spf1 mx") == "v=spf1 mx ~all"
