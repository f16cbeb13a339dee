"""The `nps-portal` commands: thin, each calls its room; no stack trace for a user's mistake."""

import json
import os
import sys

import click
from flask import current_app
from flask.cli import FlaskGroup
from sqlalchemy.exc import OperationalError

from nps_portal import create_app, demo, processes
from nps_portal.accounts.commands import add_user, reset_password
from nps_portal.accounts.models import Role
from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.accounts.queries import has_users
from nps_portal.accounts.setup_code import setup_code, setup_code_is_needed
from nps_portal.batches.audience import EVERYBODY, Audience, SegmentAudience
from nps_portal.batches.commands import BatchPlan, schedule_batch
from nps_portal.batches.queries import dry_run
from nps_portal.cli_data import export_command, import_all, import_responses
from nps_portal.cli_import import import_group
from nps_portal.cli_inbox import inbox_command
from nps_portal.cli_words import contact_ids, instant, named_segment, named_survey
from nps_portal.config import BadSettings
from nps_portal.doctor_command import doctor_command
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.schema import migrate, require_current_schema
from nps_portal.foundation.work import COMMAND_LINE, unit_of_work
from nps_portal.insights.score import default_window, score_figures
from nps_portal.segments.queries import member_query, rules_of
from nps_portal.surveys.commands import ensure_default_survey

BAD_SETTINGS_EXIT_CODE = 2


def main() -> None:
    """Run a command; a mistake of the user's ends in one sentence and an exit code."""
    # What the portal writes (database, secret, mailbox) is for its own user alone.
    os.umask(0o077)
    try:
        commands.main(prog_name="nps-portal")
    except BadSettings as error:
        click.echo(f"The settings cannot be used:\n{error}", err=True)
        sys.exit(BAD_SETTINGS_EXIT_CODE)
    except PortalError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except OperationalError as error:
        click.echo(f"Error: The database cannot be used: {error.orig}", err=True)
        sys.exit(1)


@click.group(cls=FlaskGroup, create_app=create_app, add_version_option=False)
def commands() -> None:
    """Ask customers by email how likely they are to recommend you, and see the score."""


# Flask's options to name an application mean nothing here: the application is this one.
commands.params.clear()
commands.add_command(inbox_command)
commands.add_command(import_group)
import_group.add_command(import_all)
import_group.add_command(import_responses)
commands.add_command(export_command)
commands.add_command(doctor_command)


def _ready() -> None:
    require_current_schema(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy


@commands.command("migrate")
def migrate_command() -> None:
    """Bring the database to the schema of this version."""
    _migrate()
    click.echo("The database is up to date.")


def _migrate() -> None:
    migrate()
    with unit_of_work(COMMAND_LINE) as work:
        ensure_default_survey(work)


@commands.command("run")
def run_command() -> None:
    """Run web server and worker together; what most owners run."""
    _migrate()
    _say_where()
    sys.exit(processes.run_both(process_settings()))


@commands.command("web")
@click.option("--parent", type=int, hidden=True)
def web_command(parent: int | None) -> None:
    """Run the web server alone."""
    _ready()
    if parent is None:
        _say_where()
    else:
        processes.end_with_parent(parent)
    processes.serve_web(process_settings())


@commands.command("worker")
@click.option("--parent", type=int, hidden=True)
def worker_command(parent: int | None) -> None:
    """Run a worker alone; any number may run side by side."""
    _ready()
    if parent is not None:
        processes.end_with_parent(parent)
    processes.work(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy


def _say_where() -> None:
    settings = process_settings()
    click.echo(f"NPS Portal listens on {settings.bind}; open {settings.public_url}")
    if not has_users(reading()):
        click.echo("Nobody has set it up yet: the page leads you through.")
        if setup_code_is_needed():
            click.echo(f"Set-up code: {setup_code()}")
    if portal_settings(reading()).uses_local_mailbox:
        click.echo("No mail server is set: every email is caught in the mailbox of this machine.")


@commands.group("user")
def user_group() -> None:
    """Add the people who run the portal."""


@user_group.command("add")
@click.argument("email")
@click.option("--name", default="", help="How pages and emails call them.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="owner")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add a user who can sign in at once."""
    _ready()
    password = _password(password_stdin)
    with unit_of_work(COMMAND_LINE) as work:
        user = add_user(work, email=email, name=name, password=password, role=Role(role))
    click.echo(f"{user.email} can sign in now.")


@user_group.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_password(email: str, password_stdin: bool) -> None:
    """Give a user a new password, and end every session of theirs."""
    _ready()
    password = _password(password_stdin)
    with unit_of_work(COMMAND_LINE) as work:
        reset_password(work, email=email, password=password)
    click.echo(f"{email} signs in with the new password from now on.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@commands.command("send")
@click.argument("survey_name", metavar="SURVEY")
@click.option("--contact", "emails", multiple=True, help="Send to this address (repeatable).")
@click.option("--segment", "segment_name", help="Send to who is in this segment when it begins.")
@click.option("--all", "everybody", is_flag=True, help="Send to every contact.")
@click.option("--at", help="When, as ISO 8601; without an offset in the account's zone.")
def send_command(
    survey_name: str,
    emails: tuple[str, ...],
    segment_name: str | None,
    everybody: bool,
    at: str | None,
) -> None:
    """Send a survey: makes a batch and prints its number; the worker delivers it."""
    _ready()
    if [everybody, bool(emails), segment_name is not None].count(True) != 1:
        raise click.UsageError("Say either --all or --contact EMAIL or --segment NAME.")
    survey = named_survey(survey_name)
    audience = EVERYBODY
    if emails:
        audience = Audience(contact_ids=contact_ids(emails))
    if segment_name is not None:
        audience = Audience(segment=SegmentAudience.of(named_segment(segment_name)))
    when = instant(at)
    found = dry_run(reading(), audience, survey, when or current_clock().now())
    for reason, count in found.not_asked:
        click.echo(f"not asked: {count}, {reason.words}", err=True)
    if not found.asked:
        raise PortalError("There is nobody to ask: nothing was sent.")
    plan = BatchPlan(survey_id=survey.id, audience=audience, name="", at=when)
    with unit_of_work(COMMAND_LINE) as work:
        batch = schedule_batch(work, plan)
    click.echo(f"asking {found.asked} of {found.total}", err=True)
    click.echo(batch.id)


@commands.command("score")
@click.option("--survey", "survey_name", help="Only this survey's answers.")
@click.option("--segment", "segment_name", help="Only answers of who is in this segment now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def score_command(survey_name: str | None, segment_name: str | None, as_json: bool) -> None:
    """Print the figures of the overview."""
    _ready()
    survey = named_survey(survey_name) if survey_name else None
    now, people = current_clock().now(), None
    if segment_name is not None:
        rules = rules_of(reading(), named_segment(segment_name))
        people = member_query(reading(), rules, now)
    window = default_window(now, survey.id if survey else None, people)
    figures = score_figures(reading(), window)
    if as_json:
        click.echo(json.dumps(figures.as_json()))
    else:
        click.echo(figures.sentence)


@commands.command("demo")
def demo_command() -> None:
    """Run the portal with a sample business and a year of answers, in a place of its own."""
    settings = process_settings()
    _migrate()
    sign_in = demo.ensure_sample(settings)
    click.echo(f"Open      {settings.public_url}")
    click.echo(f"Sign in   {sign_in.email}")
    click.echo(f"Password  {sign_in.password}")
    click.echo(f"Mailbox   {settings.public_url}/mailbox")
    sys.exit(processes.run_both(settings))
