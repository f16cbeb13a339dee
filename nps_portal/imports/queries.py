"""Reading imports: a preview before anything is touched, and what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Contact, Suppression
from nps_portal.foundation.errors import PortalError
from nps_portal.imports.commands import table_of
from nps_portal.imports.drafts import ContactDraft, Rejection, draft
from nps_portal.imports.mapping import Mapping
from nps_portal.imports.models import Import, ImportRejection, ImportState
from nps_portal.imports.tables import Row

PREVIEW_ROWS = 1000
SHOWN_ROWS = 8
SHOWN_REJECTIONS = 50
SHOWN_SAMPLES = 3
SAMPLED_ROWS = 50
LONGEST_SAMPLE = 60


class DroppedFile(PortalError):
    """The file was not imported in time and is not kept any more."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a file: its header, and the first cells below that hold something."""

    header: str
    samples: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the first rows of a file would become; `looked_at` says how many those are.

    `new` and `known` count people, `repeated` the rows that name one of them again, `returning`
    those of the known who were removed and come back.
    """

    columns: Sequence[Column]
    drafts: Sequence[ContactDraft]
    rejections: Sequence[Rejection]
    looked_at: int
    new: int
    known: int
    returning: int
    repeated: int
    refused: int
    suppressed: int
    rows_total: int

    @property
    def is_whole(self) -> bool:
        """Tell whether every row of the file was looked at."""
        return self.looked_at >= self.rows_total

    @property
    def expected(self) -> int:
        """Return how many rows will be imported; of a longer file, those not looked at too."""
        return self.rows_total - self.refused


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
    """Judge the first rows of a file with a mapping, without changing anything.

    :raises DroppedFile: nobody confirmed the file for a day.
    :raises UnreadableFile: it cannot be read.
    """
    if kept.content is None:
        raise DroppedFile(
            f"«{kept.filename}» was not imported within a day, so it is not kept any more. "
            "Upload it once more."
        )
    table = table_of(kept)
    rows = list(islice(table.rows(), PREVIEW_ROWS))
    judged = [draft(row, mapping) for row in rows]
    drafts = [one for one in judged if isinstance(one, ContactDraft)]
    refused = [one for one in judged if isinstance(one, Rejection)]
    keys = {one.email.key for one in drafts}
    out = {one.email.key for one in drafts if one.opted_out}
    contacts = sa.select(sa.func.count(Contact.id)).where(Contact.email_key.in_(keys))
    known = session.scalar(contacts) or 0
    suppressed = session.scalars(
        sa.select(Suppression.email_key).where(Suppression.email_key.in_(keys))
    )
    return Preview(
        columns=[
            Column(header=header, samples=_samples(rows, index))
            for index, header in enumerate(table.headers)
        ],
        drafts=drafts[:SHOWN_ROWS],
        rejections=refused[:SHOWN_REJECTIONS],
        looked_at=len(rows),
        new=len(keys) - known,
        known=known,
        returning=session.scalar(contacts.where(Contact.removed_at.is_not(None))) or 0,
        repeated=len(drafts) - len(keys),
        refused=len(refused),
        suppressed=len(out | set(suppressed)),
        rows_total=kept.rows_total,
    )


def _samples(rows: Sequence[Row], column: int) -> list[str]:
    filled = (
        _short(row.cells[column].strip())
        for row in rows[:SAMPLED_ROWS]
        if column < len(row.cells) and row.cells[column].strip()
    )
    return list(islice(dict.fromkeys(filled), SHOWN_SAMPLES))


def _short(cell: str) -> str:
    return cell if len(cell) <= LONGEST_SAMPLE else f"{cell[: LONGEST_SAMPLE - 1]}…"
