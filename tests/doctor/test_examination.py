"""What the doctor finds in a portal, a DNS and a mail server that are real."""

import os
import time
from pathlib import Path

import pytest
from flask import Flask

from nps_portal.accounts.portal_settings import process_settings
from nps_portal.doctor.dns import Resolver, install_resolver
from nps_portal.doctor.examination import examine
from nps_portal.doctor.findings import Finding, Lamp, Part
from nps_portal.doctor.identity import are_one_organisation
from nps_portal.foundation import heartbeats
from nps_portal.foundation.work import WORKER, unit_of_work
from nps_portal.mail.dkim import dns_record, make_key
from tests.doctor.conftest import Look, change
from tests.support.clock import FixedClock
from tests.support.dns_server import DnsServer, Trouble
from tests.support.smtp_server import Say, SinkServer

BOUNCES = "bounces.mail.acme.example"
KEY = "nps._domainkey.mail.acme.example"


def said(finding: Finding) -> tuple[Lamp, str]:
    return finding.lamp, finding.line


def test_a_sender_who_has_done_everything_right_is_green(look: Look) -> None:
    found = look()

    identity = {name: one.lamp for name, one in found.items() if one.part is Part.IDENTITY}
    # Where the test's machine stands, and so what the world calls it, is not the test's to say.
    identity.pop("Name of the sending address")
    identity.pop("SPF")
    assert identity == dict.fromkeys(
        ["Sender", "DKIM", "DMARC", "One name throughout", "Mail server"], Lamp.GREEN
    )
    assert found["Way back"].lamp is Lamp.GREEN
    assert found["Database"].lamp is Lamp.GREEN
    assert found["Sending"].lamp is Lamp.GREEN
    assert all(finding.text for finding in found.values())


def test_the_published_key_must_be_ours(look: Look, dns: DnsServer, tmp_path: Path) -> None:
    ours = look()["DKIM"]
    record = dns.zone[KEY]
    make_key(tmp_path / "other.pem")
    right = dns_record(process_settings().instance_dir / "dkim" / "nps.pem")

    dns.zone[KEY] = {"TXT": [dns_record(tmp_path / "other.pem")]}
    another = look()["DKIM"]
    dns.zone[KEY] = {"TXT": ["v=DKIM1; k=rsa; p="]}
    withdrawn = look()["DKIM"]
    dns.zone[KEY] = {"TXT": [f"{right}; t=y"]}
    trial = look()["DKIM"]
    dns.zone[KEY] = {"TXT": [right.replace("p=", "p=  ")]}
    with_blanks = look()["DKIM"]
    del dns.zone[KEY]
    absent = look()["DKIM"]

    assert record == {"TXT": [right]}
    assert [ours.lamp, with_blanks.lamp] == [Lamp.GREEN, Lamp.GREEN]
    assert [another.lamp, withdrawn.lamp, absent.lamp] == [Lamp.RED, Lamp.RED, Lamp.RED]
    assert "another key than ours" in another.text
    assert "withdrawn" in withdrawn.text
    assert "is not in the DNS" in absent.text
    assert trial.lamp is Lamp.AMBER
    assert absent.record is not None
    assert (absent.record.name, absent.record.value) == (KEY, right)


def test_a_key_that_others_can_read_is_noted_with_the_command(look: Look) -> None:
    key = process_settings().instance_dir / "dkim" / "nps.pem"
    key.chmod(0o644)

    assert said(look()["DKIM"]) == (Lamp.AMBER, f"chmod 600 {key}")


def test_without_a_key_the_command_that_makes_one_is_given(look: Look) -> None:
    (process_settings().instance_dir / "dkim" / "nps.pem").unlink()

    assert said(look()["DKIM"]) == (Lamp.AMBER, "nps-portal doctor --make-dkim-key")


def test_a_file_that_is_no_key_is_a_fault(look: Look) -> None:
    (process_settings().instance_dir / "dkim" / "nps.pem").write_text("no key")

    found = look()["DKIM"]

    assert found.lamp is Lamp.RED
    assert "does not hold a private key" in found.text


@pytest.mark.parametrize(
    ("name", "record", "lamp", "line"),
    [
        ("mail.", "v=DMARC1; p=none; rua=mailto:d@acme.example", Lamp.GREEN, ""),
        ("", "v=DMARC1; p=reject; sp=none; rua=mailto:d@acme.example", Lamp.GREEN, ""),
        (
            *("", "v=DMARC1; p=reject;", Lamp.AMBER),
            '_dmarc.acme.example. IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"',
        ),
        (
            *("", "v=DMARC1; p=maybe", Lamp.RED),
            '_dmarc.acme.example. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@acme.example"',
        ),
        (*("", "not for DMARC", Lamp.RED, '_dmarc.mail.acme.example. IN TXT "v=DMARC1; p=none; '),),
    ],
)
def test_the_policy_of_the_domain_or_of_the_one_above_counts(
    look: Look, dns: DnsServer, name: str, record: str, lamp: Lamp, line: str
) -> None:
    del dns.zone["_dmarc.acme.example"]
    dns.zone[f"_dmarc.{name}acme.example"] = {"TXT": [record]}

    found = look()["DMARC"]

    assert found.lamp is lamp
    assert found.line.startswith(line)
    assert bool(found.line) == bool(line)


@pytest.mark.parametrize(
    ("settings", "lamp", "line"),
    [
        ({"bounce_domain": "mail.acme.example"}, Lamp.GREEN, ""),
        # Both lie under the domain whose DMARC record holds.
        ({"bounce_domain": "bounces.acme.example"}, Lamp.GREEN, ""),
        (
            *({"bounce_domain": "b.provider.example"}, Lamp.AMBER),
            "NPS_BOUNCE_DOMAIN=bounces.mail.acme.example",
        ),
        ({"dkim_domain": "provider.example"}, Lamp.AMBER, "NPS_DKIM_DOMAIN=mail.acme.example"),
        (
            *({"dkim_domain": "p.example", "bounce_domain": "p.example"}, Lamp.RED),
            "NPS_DKIM_DOMAIN=mail.acme.example",
        ),
    ],
)
def test_what_people_see_is_compared_with_envelope_and_signature(
    look: Look, settings: dict[str, str], lamp: Lamp, line: str
) -> None:
    change(**settings)

    assert said(look()["One name throughout"]) == (lamp, line)


def test_a_record_that_wants_one_very_domain_is_noted(look: Look, dns: DnsServer) -> None:
    dns.zone["_dmarc.acme.example"] = {"TXT": ["v=DMARC1; p=none; aspf=s; rua=mailto:d@x.example"]}

    found = look()["One name throughout"]

    assert found.lamp is Lamp.AMBER
    assert "aspf=r;" in found.line


def test_two_domains_under_one_public_ending_are_not_one_organisation() -> None:
    assert are_one_organisation("mail.acme.co.uk", "acme.co.uk")
    assert not are_one_organisation("acme.co.uk", "other.co.uk")
    assert not are_one_organisation("notacme.example", "acme.example")
    assert are_one_organisation("a.acme.example", "b.acme.example", "acme.example")


def test_an_address_at_a_public_mail_service_is_a_fault(look: Look) -> None:
    change(mail_from="acme.supplies@gmail.com")

    found = look()["Sender"]

    assert found.lamp is Lamp.RED
    assert "domain of your own" in found.text


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (None, "has no mail server"),
        ({"MX": ["0 ."]}, "takes no mail at all"),
        ({"MX": ["10 gone.acme.example."]}, "gone.acme.example, has no address"),
    ],
)
def test_a_bounce_domain_without_a_mail_server_gets_the_senders(
    look: Look, dns: DnsServer, records: dict[str, list[str]] | None, words: str
) -> None:
    del dns.zone[BOUNCES]
    if records:
        dns.zone[BOUNCES] = records

    found = look()["Way back"]

    assert said(found) == (Lamp.RED, f"{BOUNCES}. IN MX 10 mx.acme.example.")
    assert words in found.text


def test_without_a_bounce_domain_the_owner_is_told_what_is_missed(look: Look) -> None:
    change(bounce_domain="")

    line = "NPS_BOUNCE_DOMAIN=bounces.mail.acme.example"
    assert said(look()["Way back"]) == (Lamp.AMBER, line)


def test_an_inbox_that_cannot_be_opened_is_a_fault_with_its_page(
    look: Look, tmp_path: Path
) -> None:
    unset = look()["Inbox"]
    change(inbox_url=f"maildir:{tmp_path}/nowhere")
    gone = look()["Inbox"]
    for name in ("cur", "new", "tmp"):
        (tmp_path / "here" / name).mkdir(parents=True)
    change(inbox_url=f"maildir:{tmp_path}/here")
    there = look()["Inbox"]

    assert [unset.lamp, gone.lamp, there.lamp] == [Lamp.AMBER, Lamp.RED, Lamp.GREEN]
    assert gone.page == "/settings/returned-mail"


def test_a_mail_server_that_refuses_us_is_a_fault_with_its_words(
    look: Look, sink: SinkServer
) -> None:
    sink.fail_at("ehlo", Say("554 5.7.1 Not you"))

    found = look()["Mail server"]

    assert found.lamp is Lamp.RED
    assert "554 5.7.1 Not you" in found.text
    assert found.line == f"nc -v 127.0.0.1 {sink.port}"


def test_a_clock_that_runs_behind_the_last_entry_is_a_fault(look: Look, clock: FixedClock) -> None:
    with unit_of_work(WORKER) as work:
        heartbeats.beat(work, heartbeats.WORKER_NAME)
    clock.advance(hours=-3)

    found = look()["Clock"]

    assert found.lamp is Lamp.RED
    assert "later time" in found.text


def test_the_worker_is_missed_until_it_gives_a_sign(look: Look, clock: FixedClock) -> None:
    never = look()["Worker"]
    with unit_of_work(WORKER) as work:
        heartbeats.beat(work, heartbeats.WORKER_NAME)
    alive = look()["Worker"]
    clock.advance(minutes=5)
    late = look()["Worker"]

    assert [never.lamp, alive.lamp, late.lamp] == [Lamp.AMBER, Lamp.GREEN, Lamp.AMBER]
    assert "never seen" in never.text
    assert "last seen 2026-03-10 12:00 UTC" in late.text


def test_a_dns_in_trouble_says_so_and_leaves_the_rest(look: Look, dns: DnsServer) -> None:
    dns.zone[BOUNCES] = Trouble.SERVFAIL

    found = look()

    assert found["SPF"].lamp is Lamp.AMBER
    assert "no answer for bounces.mail.acme.example" in found["SPF"].text
    assert found["DKIM"].lamp is Lamp.GREEN


def test_silence_everywhere_costs_no_more_than_the_time_given(
    sound_business: Flask, dns: DnsServer
) -> None:
    for name in list(dns.zone):
        dns.zone[name] = Trouble.SILENCE
    began = time.monotonic()

    found = examine(process_settings(), os.environ, seconds=1).findings

    assert time.monotonic() - began < 2.5
    assert any("within 1 seconds" in finding.text for finding in found)


def test_what_is_missing_in_the_dns_can_wait_until_emails_leave(look: Look, dns: DnsServer) -> None:
    del dns.zone["_dmarc.acme.example"]
    leaving = look()["DMARC"]
    change(mail_server="")
    staying = look()["DMARC"]

    assert [leaving.lamp, staying.lamp] == [Lamp.RED, Lamp.AMBER]
    assert staying.line == leaving.line


def test_a_misspelled_variable_is_named(sound_business: Flask) -> None:
    found = examine(process_settings(), {"NPS_MAIL_SEVER": "x"}, seconds=10)

    assert [one.line for one in found.findings if one.matter == "Settings"] == [
        "unset NPS_MAIL_SEVER"
    ]


def test_a_portal_without_a_sender_asks_nobody(
    app: Flask, dns: DnsServer, resolver: Resolver
) -> None:
    install_resolver(app, resolver)

    found = {one.matter: one for one in examine(process_settings(), {}, seconds=10).findings}

    assert found["Sender"].page == "/settings/mail"
    assert "the postal address" in found["Business"].text
    assert dns.questions == []


@pytest.mark.parametrize("record", ["v=spf1 a/99 ~all", "v=spf1 a:a..b/24//999 ~all"])
def test_a_record_that_makes_no_sense_is_a_fault(look: Look, dns: DnsServer, record: str) -> None:
    dns.zone[BOUNCES] = {"TXT": [record], "MX": ["10 mx.acme.example."]}

    found = look()

    assert found["SPF"].lamp is Lamp.RED
    assert found["DKIM"].lamp is Lamp.GREEN


def test_a_look_that_fails_in_an_unforeseen_way_is_a_note_and_the_rest_is_shown(
    look: Look, app: Flask
) -> None:
    broken = Resolver(servers=("not an address",))
    install_resolver(app, broken)

    found = look()

    assert found["SPF"].lamp is Lamp.AMBER
    assert "could not be looked at" in found["SPF"].text
    assert found["Mail server"].lamp is Lamp.GREEN
