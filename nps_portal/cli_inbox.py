"""The command `nps-portal inbox`: one email from standard input, judged, matched, acted on.

A mail server runs it for every email to the bounce address, so it never loses one: what nobody
here understands is kept as a file, and what cannot be taken now is asked for again.
"""

import json
import sys
from collections.abc import Sequence

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from nps_portal.accounts.portal_settings import process_settings
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.schema import require_current_schema
from nps_portal.foundation.work import COMMAND_LINE, unit_of_work
from nps_portal.inbox import maildir
from nps_portal.inbox.commands import IncomingMail, is_understood, read_mail, take_in
from nps_portal.outbox.bounces import Effect, Noted
from nps_portal.reports.models import Report, ReportKind

# What sysexits.h calls EX_TEMPFAIL: the mail server keeps the email and tries again.
TRY_AGAIN_EXIT_CODE = 75

_WORDS = {
    ReportKind.HARD: "hard bounce of",
    ReportKind.SOFT: "soft bounce of",
    ReportKind.BLOCKED: "blocked email to",
    ReportKind.DELAYED: "delayed email to",
    ReportKind.DELIVERED: "delivered email to",
    ReportKind.COMPLAINT: "spam complaint of",
    ReportKind.UNSUBSCRIBE: "unsubscribing of",
    ReportKind.AUTO_REPLY: "automatic reply of",
    ReportKind.REPLY: "reply of",
    ReportKind.UNKNOWN: "email that is not understood, about",
}


@click.command("inbox")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a finding.")
@click.option("--dry-run", is_flag=True, help="Say what the email is; store and change nothing.")
def inbox_command(as_json: bool, dry_run: bool) -> None:
    """Take in one returned email, given on standard input."""
    raw = sys.stdin.buffer.read()
    if not raw.strip():
        raise PortalError("There is no email on standard input: nps-portal inbox < message")
    mail = read_mail(raw)
    if dry_run:
        for report in mail.reports:
            _print_json(report, None) if as_json else click.echo(_sentence(report))
        return
    for noted in _take_in(raw, mail):
        if as_json:
            _print_json(noted.report, noted.message_id is not None)
        else:
            click.echo(f"{_sentence(noted.report)}; {noted.effect.value}")


@with_appcontext
def _take_in(raw: bytes, mail: IncomingMail) -> Sequence[Noted]:
    """Act on the email; one that a person should see is kept first, then noted."""
    try:
        require_current_schema(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy
        with unit_of_work(COMMAND_LINE) as work:
            notes = take_in(work, mail)
            told_before = all(one.effect is Effect.KNOWN for one in notes)
            if not (is_understood(notes) or told_before):
                maildir.deliver(process_settings().instance_dir / "inbox", raw)
    except (PortalError, SQLAlchemyError, OSError) as error:
        click.echo(f"Error: The email could not be taken in now: {error}", err=True)
        sys.exit(TRY_AGAIN_EXIT_CODE)
    return notes


def _sentence(report: Report) -> str:
    status = f" ({report.status})" if report.status else ""
    reason = f": {report.reason}" if report.reason else ""
    words = f"{_WORDS[report.kind]} {report.recipient or 'somebody'}{status}{reason}"
    # A stranger's text must not steer the terminal.
    return "".join(letter if letter.isprintable() else " " for letter in words)


def _print_json(report: Report, matched: bool | None) -> None:
    line = {
        "kind": report.kind.value,
        "permanent": report.kind is ReportKind.HARD,
        "recipient": report.recipient,
        "status": report.status,
        "reason": report.reason,
        "matched": matched,
    }
    click.echo(json.dumps(line))
