"""`nps-portal doctor`."""

import json

from click.testing import Result
from flask import Flask

from nps_portal.accounts.portal_settings import process_settings
from nps_portal.cli import commands
from nps_portal.mail.dkim import dns_record
from tests.doctor.conftest import change
from tests.support import factories
from tests.support.dns_server import DnsServer
from tests.support.smtp_server import SinkServer

KEY = "nps._domainkey.mail.acme.example"


def doctor(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(commands, ["doctor", *options])


def test_nothing_red_ends_well_and_reads_part_by_part(sound_business: Flask) -> None:
    found = doctor(sound_business)

    assert found.exit_code == 0
    assert "Who we are to receivers\n" in found.output
    assert "ok     DKIM: " in found.output
    assert "note   Worker: " in found.output


def test_a_fault_ends_with_one_and_its_line(sound_business: Flask, dns: DnsServer) -> None:
    del dns.zone["_dmarc.acme.example"]

    found = doctor(sound_business)

    assert found.exit_code == 1
    assert "fault  DMARC: " in found.output
    assert '       _dmarc.mail.acme.example. IN TXT "v=DMARC1; p=none; ' in found.output


def test_programs_get_one_object(sound_business: Flask, dns: DnsServer) -> None:
    del dns.zone[KEY]

    found = doctor(sound_business, "--json")

    read = json.loads(found.output)
    assert found.exit_code == 1
    assert read["lamp"] == "red"
    [signing] = [one for one in read["findings"] if one["matter"] == "DKIM"]
    assert signing["part"] == "Who we are to receivers"
    assert signing["lamp"] == "red"
    assert signing["line"].startswith(f'{KEY}. IN TXT "v=DKIM1; k=rsa; p=')
    assert signing["page"] == ""


def test_a_key_is_made_once_and_shown_in_every_form(app: Flask) -> None:
    with factories.work() as work:
        factories.make_business(work)

    made = doctor(app, "--make-dkim-key")
    again = doctor(app, "--make-dkim-key")

    file = process_settings().instance_dir / "dkim" / "nps.pem"
    value = dns_record(file)
    assert made.exit_code == 0
    assert "Name   nps._domainkey.acme.example\n" in made.output
    assert f"Value  {value}\n" in made.output
    assert f'  "{value[:255]}"\n  "{value[255:]}"\n' in made.output
    assert f'nps._domainkey.acme.example. IN TXT "{value[:255]}" "{value[255:]}"' in made.output
    assert again.exit_code == 0
    assert "was there already" in again.output
    assert f"Value  {value}\n" in again.output
    assert dns_record(file) == value


def test_the_key_needs_a_domain_first(app: Flask) -> None:
    found = doctor(app, "--make-dkim-key")

    assert found.exit_code == 1
    assert "Set the sender address first" in str(found.exception)


def test_the_bounce_test_prints_what_came_of_it(sound_business: Flask, sink: SinkServer) -> None:
    change(inbox_url="maildir:/var/mail/bounces")

    found = doctor(sound_business, "--bounce-test")

    assert found.exit_code == 0
    assert sink.accepted[0].recipient in found.output
    assert "The mail server took it" in found.output
