"""`nps-portal export`, `import all` and `import responses`: an account's data as files."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.cli_words import named_survey
from nps_portal.exports.making import export_all
from nps_portal.exports.restoring import restore
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.schema import require_current_schema
from nps_portal.foundation.work import COMMAND_LINE, unit_of_work
from nps_portal.histories.layouts import Part
from nps_portal.histories.running import run_history
from nps_portal.histories.taking import Choices
from nps_portal.histories.undoing import undo_history


def _ready() -> None:
    require_current_schema(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


@click.command("export")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@with_appcontext
def export_command(directory: Path) -> None:
    """Write all data into a new folder of DIR: CSV files, a workbook, a ZIP for «import all»."""
    _ready()
    now = current_clock().now()
    today = now.astimezone(portal_settings(reading()).zone)
    with _progress() as progress:
        task = progress.add_task("Exporting", total=None)
        made = export_all(
            directory.absolute(),
            now,
            f"nps-portal-{today:%Y-%m-%d}",
            lambda table, rows: progress.update(task, description=_words(table, rows)),
        )
    click.echo(made)


@click.command("all")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_all(file: Path) -> None:
    """Import the ZIP of an export into an empty portal, everything or nothing."""
    _ready()
    with _progress() as progress:
        task = progress.add_task("Importing", total=None)
        with unit_of_work(COMMAND_LINE) as work:
            restored = restore(
                work,
                file,
                lambda table, rows: progress.update(task, description=_words(table, rows)),
            )
    if restored.foreign_fingerprints:
        click.echo(
            f"{restored.foreign_fingerprints} erased addresses are kept as fingerprints that only "
            "the secret key of the exported portal recognises: set the same NPS_SECRET_KEY, or "
            "they are not kept from being added and mailed again.",
            err=True,
        )
    click.echo(f"{restored.contacts} contacts and {restored.responses} answers are in.")
    click.echo("Users sign in once «nps-portal user password EMAIL» has set a password.", err=True)


def _words(table: str, rows: int) -> str:
    return f"{table}: {rows:,}" if rows else table


@click.command("responses")
@click.argument(
    "file",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--survey", "survey_name", help="Put all answers into this survey.")
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="How dates like 03/04/2026 are meant, where the file does not tell.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="PART=HEADER",
    help=f"Which column holds what (repeatable): {', '.join(part.value for part in Part)}.",
)
@click.option("--undo", type=int, metavar="NUMBER", help="Take an import of answers back.")
@with_appcontext
def import_responses(
    file: Path | None,
    survey_name: str | None,
    dates: str | None,
    columns: tuple[str, ...],
    undo: int | None,
) -> None:
    """Import past answers with their dates, from Delighted, SurveyMonkey, Retently, AskNicely,
    or any table with a score and a date. Nobody is asked or told because of it."""
    _ready()
    if (file is None) == (undo is None):
        raise click.UsageError("Say either a file or --undo NUMBER.")
    if undo is not None:
        _undo(undo)
    if file is None:
        return
    survey = named_survey(survey_name) if survey_name else None
    if survey is not None and survey.anonymous:
        raise click.UsageError(f"«{survey.name}» is anonymous and takes no answers with names.")
    choices = Choices(
        survey_id=survey.id if survey else None,
        day_first=None if dates is None else dates == "day-first",
        columns=_columns(columns),
    )
    with file.open("rb") as stream, _progress() as progress:
        task = progress.add_task("Importing", total=None)
        history = run_history(
            COMMAND_LINE,
            stream,
            file.name,
            choices,
            lambda one: click.echo(f"line {one.line}: {one.reason}", err=True),
            lambda rows: progress.update(task, advance=rows),
        )
    click.echo(
        f"{history.layout}: {history.added} answers added, {history.known} known already, "
        f"{history.rejected} refused. «nps-portal import responses --undo {history.id}» takes "
        "them back."
    )


def _undo(number: int) -> None:
    undone = undo_history(COMMAND_LINE, number)
    click.echo(
        f"{undone.answers} answers and {undone.contacts} contacts taken back, "
        f"{undone.left} answers left because somebody has worked with them since."
    )


def _columns(written: tuple[str, ...]) -> dict[Part, str]:
    chosen: dict[Part, str] = {}
    for one in written:
        part, _, header = one.partition("=")
        try:
            chosen[Part(part.strip())] = header.strip()
        except ValueError as fault:
            raise click.UsageError(f"«{part}» is none of the parts; see --help.") from fault
    return chosen
