"""Reading imports: what was begun, what was refused, what an Undo has left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Contact
from nps_portal.imports.models import (
    Import,
    ImportChange,
    ImportKind,
    ImportRejection,
    ImportState,
)

SHOWN_REJECTIONS = 50
SHOWN_LEFT = 50
_AT_A_TIME = 1_000


@dataclass(frozen=True, kw_only=True)
class LeftAlone:
    """Somebody whom an Undo could not take back, and why; the name is of today."""

    contact_id: int
    name: str
    because: str


def import_by_id(session: Session, import_id: int) -> Import | None:
    """Return an import of contacts."""
    found = session.get(Import, import_id)
    return found if found is not None and found.kind is ImportKind.CONTACTS else None


def recent_imports(session: Session, limit: int = 20) -> Sequence[Import]:
    """Return the last imports that were begun, newest first."""
    return session.scalars(
        sa.select(Import)
        .where(
            Import.kind == ImportKind.CONTACTS,
            Import.state.not_in([ImportState.READING, ImportState.UPLOADED]),
        )
        .order_by(Import.id.desc())
        .limit(limit)
    ).all()


def rejections(
    session: Session, import_id: int, limit: int = SHOWN_REJECTIONS
) -> Sequence[ImportRejection]:
    """Return the first rows that an import refused, or that lack a cell, by line."""
    return session.scalars(
        sa.select(ImportRejection)
        .where(ImportRejection.import_id == import_id)
        .order_by(ImportRejection.line, ImportRejection.id)
        .limit(limit)
    ).all()


def all_rejections(session: Session, import_id: int) -> Iterator[sa.Row[tuple[ImportRejection]]]:
    """Yield all those rows as they stand in the table, some at a time, in the file's order."""
    line = last = 0
    columns = sa.inspect(ImportRejection).columns
    while True:
        rows = session.execute(
            sa.select(*columns)
            .where(ImportRejection.import_id == import_id)
            .where(
                sa.tuple_(ImportRejection.line, ImportRejection.id)
                > sa.tuple_(sa.literal(line), sa.literal(last))
            )
            .order_by(ImportRejection.line, ImportRejection.id)
            .limit(_AT_A_TIME)
        ).all()
        if not rows:
            return
        yield from rows
        line, last = rows[-1].line, rows[-1].id


def left_alone(session: Session, import_id: int, limit: int | None = SHOWN_LEFT) -> list[LeftAlone]:
    """Return whom an Undo has left as they are, and why."""
    found = session.execute(
        sa.select(
            ImportChange.contact_id,
            sa.func.coalesce(sa.func.nullif(Contact.name, ""), Contact.email, ""),
            ImportChange.left_because,
        )
        .outerjoin(Contact, Contact.id == ImportChange.contact_id)
        .where(ImportChange.import_id == import_id, ImportChange.left_because != "")
        .order_by(ImportChange.id)
        .limit(limit)
    )
    return [LeftAlone(contact_id=one, name=name, because=why) for one, name, why in found]
