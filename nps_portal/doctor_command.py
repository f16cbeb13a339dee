"""The `nps-portal doctor` command."""

import json
import os
import sys

import click
from flask.cli import with_appcontext

from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.doctor.bounce_test import send_bounce_test
from nps_portal.doctor.dns import DnsRecord
from nps_portal.doctor.examination import COMMAND_SECONDS, examine
from nps_portal.doctor.findings import Examination, Lamp
from nps_portal.doctor.identity import identity_of
from nps_portal.doctor.signing import make_dkim_key, published_key
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError

_COLOURS = {Lamp.GREEN: "green", Lamp.AMBER: "yellow", Lamp.RED: "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--make-dkim-key", is_flag=True, help="Make the key that signs emails, and stop.")
@click.option("--bounce-test", is_flag=True, help="Send to an address that nobody has, and stop.")
@with_appcontext
def doctor_command(as_json: bool, make_dkim_key: bool, bounce_test: bool) -> None:
    """Look whether everything is as it should be, and say what to do about what is not."""
    if make_dkim_key:
        _make_key()
    elif bounce_test:
        settings = portal_settings(reading())
        click.echo(send_bounce_test(process_settings(), settings, current_clock().now()))
    else:
        examination = examine(process_settings(), os.environ, seconds=COMMAND_SECONDS)
        if as_json:
            click.echo(json.dumps(examination.as_json(), ensure_ascii=False))
        else:
            _print(examination)
        sys.exit(1 if examination.lamp is Lamp.RED else 0)


def _print(examination: Examination) -> None:
    for part, findings in examination.parts:
        click.secho(part.value, bold=True)
        for finding in findings:
            click.secho(f"{finding.lamp.word:6} ", fg=_COLOURS[finding.lamp], nl=False)
            click.echo(f"{finding.matter}: {finding.text}")
            if finding.line:
                click.echo(f"       {finding.line}")
            if finding.page:
                click.echo(f"       {process_settings().public_url}{finding.page}")


def _make_key() -> None:
    settings = portal_settings(reading())
    if not settings.mail_from:
        raise PortalError("Set the sender address first: the key is made for its domain.")
    identity = identity_of(process_settings(), settings)
    if identity.key_file.exists():
        click.echo(f"The private key {identity.key_file} was there already, and was left as it is.")
        _print_key(published_key(identity))
        return
    record = make_dkim_key(identity)
    click.echo(f"The private key lies in {identity.key_file}; keep a copy of it in a safe place.")
    click.echo("Emails are signed with it from now on, so add this record to the DNS at once.")
    _print_key(record)


def _print_key(record: DnsRecord) -> None:
    click.echo(f"\nName   {record.name}\nType   {record.kind}\nValue  {record.value}\n")
    click.echo("The value in strings of at most 255 characters, as some providers want it:")
    for string in record.strings:
        click.echo(f'  "{string}"')
    click.echo(f"\nAs a line of a zone file:\n{record.line}")
