"""`nps-portal import`: files of other systems, in one go."""

import threading
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import Progress

from nps_portal.contacts.upserting import UpdateRule
from nps_portal.foundation.database import reading
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.schema import require_current_schema
from nps_portal.foundation.work import COMMAND_LINE, unit_of_work
from nps_portal.imports.commands import Choice, choice_of, confirm_import
from nps_portal.imports.mapping import Field
from nps_portal.imports.models import Import, ImportState
from nps_portal.imports.queries import all_rejections, import_by_id, left_alone
from nps_portal.imports.running import run_import
from nps_portal.imports.taking_in import take_in
from nps_portal.imports.undo_commands import start_undo

import_group = AppGroup("import", help="Bring files of other systems in.")


@import_group.command("contacts")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--known",
    "rule",
    type=click.Choice([rule.value for rule in UpdateRule]),
    default=UpdateRule.FILL.value,
    help="What becomes of people who are contacts already: fill their gaps (as it is when "
    "nothing is said), overwrite, or keep them as they are.",
)
@click.option("--tag", "tags", multiple=True, help="Tag everybody in the file (repeatable).")
def import_contacts(file: Path, rule: str, tags: tuple[str, ...]) -> None:
    """Import contacts from a CSV, XLSX, XLS or ODS file; columns are recognised by themselves."""
    require_current_schema(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy
    with file.open("rb") as stream:
        import_id = take_in(COMMAND_LINE, stream, file.name)
    started = _import(import_id)
    mapping = choice_of(started).mapping
    choice = Choice(mapping=mapping, rule=UpdateRule(rule), tags=tags)
    with unit_of_work(COMMAND_LINE) as work:
        confirm_import(work, import_id, choice)
    for index, header in enumerate(mapping.headers):
        became = mapping.choice_of(index)
        if became is not None:
            name = became.words if isinstance(became, Field) else became.name
            click.echo(f"  {name}: {header}", err=True)
    if left_out := mapping.left_out():
        click.echo(f"  not imported: {', '.join(left_out)}", err=True)
    _run(import_id, "Importing", started.rows_total)
    _report(import_id)


@import_group.command("undo")
@click.argument("number", type=int)
def undo_import(number: int) -> None:
    """Take an import back, by its number; what others have changed since stays."""
    require_current_schema(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy
    _import(number)
    with unit_of_work(COMMAND_LINE) as work:
        start_undo(work, number)
    _run(number, "Undoing", _import(number).undo_total or 0)
    done = _import(number)
    for one in left_alone(reading(), number, limit=None):
        click.echo(f"left as it is: {one.name}: {one.because}", err=True)
    click.echo(f"{done.taken_back} taken back, {done.left_alone} left as they are.")


def _run(import_id: int, words: str, total: int) -> None:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words, total=total)
        run_import(
            import_id,
            COMMAND_LINE,
            threading.Event(),
            lambda rows: progress.update(task, advance=rows),
        )


def _import(import_id: int) -> Import:
    reading().rollback()
    found = import_by_id(reading(), import_id)
    if found is None:
        raise PortalError(f"There is no import {import_id}.")
    return found


def _report(import_id: int) -> None:
    done = _import(import_id)
    for refused in all_rejections(reading(), import_id):
        came_in = "imported without a cell: " if refused.is_imported else ""
        click.echo(f"line {refused.line}: {came_in}{refused.reason}", err=True)
    click.echo(
        f"{done.added} added, {done.updated} updated, {done.unchanged} unchanged, "
        f"{done.rejected} refused. «nps-portal import undo {done.id}» takes it back."
    )
    if done.state is ImportState.FAILED:
        raise PortalError(f"0 imported. {done.reason}")
