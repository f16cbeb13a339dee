"""Reading imports: a preview before anything is touched, and what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Contact, Suppression
from nps_portal.imports.commands import table_of
from nps_portal.imports.drafts import ContactDraft, Rejection, draft
from nps_portal.imports.mapping import Mapping
from nps_portal.imports.models import Import, ImportRejection, ImportState

PREVIEW_ROWS = 1000
SHOWN_ROWS = 8
SHOWN_REJECTIONS = 50


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the first rows of a file would become; `looked_at` says how many those are."""

    columns: Sequence[tuple[str, Sequence[str]]]
    drafts: Sequence[ContactDraft]
    rejections: Sequence[Rejection]
    looked_at: int
    new: int
    known: int
    refused: int
    suppressed: int


def import_by_id(session: Session, import_id: int) -> Import | None:
    """Return an import."""
    return session.get(Import, import_id)


def recent_imports(session: Session, limit: int = 20) -> Sequence[Import]:
    """Return the last imports that were begun, newest first."""
    return session.scalars(
        sa.select(Import)
        .where(Import.state != ImportState.UPLOADED)
        .order_by(Import.id.desc())
        .limit(limit)
    ).all()


def rejections(
    session: Session, import_id: int, limit: int | None = SHOWN_REJECTIONS
) -> Sequence[ImportRejection]:
    """Return the rows that an import refused, by line."""
    return session.scalars(
        sa.select(ImportRejection)
        .where(ImportRejection.import_id == import_id)
        .order_by(ImportRejection.line)
        .limit(limit)
    ).all()


def preview(session: Session, kept: Import, mapping: Mapping) -> Preview:
    """Judge the first rows of a file with a mapping, without changing anything."""
    table = table_of(kept)
    rows = list(islice(table.rows(), PREVIEW_ROWS))
    judged = [draft(row, mapping) for row in rows]
    drafts = [one for one in judged if isinstance(one, ContactDraft)]
    refused = [one for one in judged if isinstance(one, Rejection)]
    keys = {one.email.key for one in drafts}
    known = _count(session, Contact.email_key, keys)
    return Preview(
        columns=[
            (header, [row.cells[index] for row in rows[:3] if index < len(row.cells)])
            for index, header in enumerate(table.headers)
        ],
        drafts=drafts[:SHOWN_ROWS],
        rejections=refused[:SHOWN_REJECTIONS],
        looked_at=len(rows),
        new=len(keys) - known,
        known=known,
        refused=len(refused),
        suppressed=_count(session, Suppression.email_key, keys),
    )


def _count(session: Session, column: sa.orm.InstrumentedAttribute[str], keys: set[str]) -> int:
    query = sa.select(sa.func.count()).where(column.in_(keys))
    return session.scalar(query) or 0
