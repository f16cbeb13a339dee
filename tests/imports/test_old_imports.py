"""Imports from before spans: what they kept row by row becomes spans, and can still be undone."""

import importlib
import io

import sqlalchemy as sa
from flask import Flask

from nps_portal.contacts.models import Company, Contact
from nps_portal.contacts.upserting import ChangeKind
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import COMMAND_LINE, Work
from nps_portal.imports.commands import choice_of, confirm_import
from nps_portal.imports.models import (
    Import,
    ImportChange,
    ImportMaking,
    ImportSpan,
    ImportState,
    Made,
)
from nps_portal.imports.taking_in import take_in
from nps_portal.imports.undo_commands import start_undo
from nps_portal.worker.loop import run_until_idle
from tests.support import factories

MIGRATION = importlib.import_module("nps_portal.migrations.versions.0011_imports")


def imported(app: Flask, first: int, last: int) -> int:
    text = "".join(f"c{n}@shop{n}.example,Shop {n}\n" for n in range(first, last))
    import_id = take_in(COMMAND_LINE, io.BytesIO(f"Email,Company\n{text}".encode()), "x.csv")
    with factories.work() as work:
        confirm_import(work, import_id, choice_of(work.session.get_one(Import, import_id)))
    run_until_idle(app)
    return import_id


def as_before_spans(work: Work) -> None:
    """Put a row for each contact and company in the place of the spans."""
    for span in work.session.scalars(sa.select(ImportSpan)):
        for one in range(span.first_id, span.last_id + 1):
            if span.made is Made.COMPANY:
                work.session.add(
                    ImportMaking(import_id=span.import_id, made=Made.COMPANY, key=str(one))
                )
            else:
                work.session.add(
                    ImportChange(
                        import_id=span.import_id, contact_id=one, kind=ChangeKind.ADDED, at=span.at
                    )
                )
        work.session.delete(span)


def spans(work: Work) -> list[tuple[object, ...]]:
    found = sa.select(
        ImportSpan.import_id, ImportSpan.made, ImportSpan.first_id, ImportSpan.last_id
    )
    return sorted(map(tuple, work.session.execute(found)), key=str)


def test_rows_of_old_imports_become_the_same_spans(app: Flask) -> None:
    first = imported(app, 0, 5)
    with factories.work() as work:
        factories.make_contact(work, "between@example.org")
    imported(app, 5, 8)
    imported(app, 3, 10)

    with factories.work() as work:
        wanted = spans(work)
        as_before_spans(work)
        work.session.flush()
        for statement in (MIGRATION.CONTACTS, MIGRATION.COMPANIES):
            work.session.execute(sa.text(statement))
        made = spans(work)
        for table in (ImportChange, ImportMaking):
            left = Made.COMPANY if table is ImportMaking else ChangeKind.ADDED
            column = ImportMaking.made if table is ImportMaking else ImportChange.kind
            work.session.execute(sa.delete(table).where(column == left))

    assert made == wanted
    with factories.work() as work:
        start_undo(work, first)
    run_until_idle(app)
    undone = reading().get_one(Import, first, populate_existing=True)
    assert (undone.state, undone.taken_back) == (ImportState.UNDONE, 5)
    assert reading().scalar(sa.select(sa.func.count(Contact.id))) == 6
    assert reading().scalar(sa.select(sa.func.count(Company.id))) == 5
