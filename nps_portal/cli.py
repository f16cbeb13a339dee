"""The `nps-portal` commands: thin, each calls its room; no stack trace for a user's mistake."""

import json
import os
import sys
import threading
from pathlib import Path

import click
from flask import current_app
from flask.cli import FlaskGroup
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import OperationalError

from nps_portal import create_app, demo, processes
from nps_portal.accounts.commands import add_user, reset_password
from nps_portal.accounts.models import Role
from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.accounts.queries import has_users
from nps_portal.accounts.setup_code import setup_code, setup_code_is_needed
from nps_portal.batches.audience import EVERYBODY, Audience
from nps_portal.batches.commands import BatchPlan, schedule_batch
from nps_portal.batches.queries import dry_run
from nps_portal.cli_inbox import inbox_command
from nps_portal.cli_words import contact_ids, instant, named_survey
from nps_portal.config import BadSettings
from nps_portal.doctor_command import doctor_command
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.schema import migrate, require_current_schema
from nps_portal.foundation.work import COMMAND_LINE, unit_of_work
from nps_portal.imports.commands import confirm_import, mapping_of, read_upload, upload
from nps_portal.imports.models import ImportState
from nps_portal.imports.queries import import_by_id, rejections
from nps_portal.imports.running import run_import
from nps_portal.insights.score import default_window, score_figures
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


@commands.group("import")
def import_group() -> None:
    """Bring files of other systems in."""


@import_group.command("contacts")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_contacts(file: Path) -> None:
    """Import contacts from a CSV, XLSX, XLS or ODS file; columns are recognised by themselves."""
    _ready()
    read = read_upload(file.read_bytes(), file.name)
    with unit_of_work(COMMAND_LINE) as work:
        started = upload(work, read)
        mapping = mapping_of(started)
        confirm_import(work, started.id, mapping)
    for field, index in mapping.columns.items():
        click.echo(f"  {field.value.replace('_', ' ')}: {mapping.headers[index]}", err=True)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Importing", total=started.rows_total)
        run_import(
            started.id,
            COMMAND_LINE,
            threading.Event(),
            lambda rows: progress.update(task, advance=rows),
        )
    _report_import(started.id)


def _report_import(import_id: int) -> None:
    reading().rollback()
    done = import_by_id(reading(), import_id)
    if done is None:
        raise PortalError("The import is gone.")
    for refused in rejections(reading(), import_id, limit=None):
        click.echo(f"line {refused.line}: {refused.reason}", err=True)
    click.echo(
        f"{done.added} added, {done.updated} updated, {done.unchanged} unchanged, "
        f"{done.rejected} refused."
    )
    if done.state is ImportState.FAILED:
        raise PortalError(done.reason)


@commands.command("send")
@click.argument("survey_name", metavar="SURVEY")
@click.option("--contact", "emails", multiple=True, help="Send to this address (repeatable).")
@click.option("--all", "everybody", is_flag=True, help="Send to every contact.")
@click.option("--at", help="When, as ISO 8601; without an offset in the account's zone.")
def send_command(
    survey_name: str, emails: tuple[str, ...], everybody: bool, at: str | None
) -> None:
    """Send a survey: makes a batch and prints its number; the worker delivers it."""
    _ready()
    if everybody == bool(emails):
        raise click.UsageError("Say either --all or --contact EMAIL.")
    survey = named_survey(survey_name)
    audience = EVERYBODY if everybody else Audience(contact_ids=contact_ids(emails))
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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def score_command(survey_name: str | None, as_json: bool) -> None:
    """Print the figures of the overview."""
    _ready()
    survey = named_survey(survey_name) if survey_name else None
    window = default_window(current_clock().now(), survey.id if survey else None)
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
