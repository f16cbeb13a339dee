"""Imports: their files in pieces, what they refused, what they changed, how columns were chosen."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.contacts.upserting import ChangeKind, UpdateRule
from nps_portal.foundation.database import Model, enum_type


class ImportKind(enum.Enum):
    """What the rows of a file are."""

    CONTACTS = "contacts"
    RESPONSES = "responses"


class ImportState(enum.Enum):
    """Where an import stands; one that is being read has not all of its rows yet."""

    READING = "reading"
    UPLOADED = "uploaded"
    CONFIRMED = "confirmed"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"


# No further row of these comes in; what came in can be undone.
ENDED = (ImportState.FINISHED, ImportState.FAILED, ImportState.CANCELLED)


class Made(enum.Enum):
    """What an import may make: contacts and, on its way, what they need."""

    CONTACT = "contact"
    COMPANY = "company"
    DOMAIN = "domain"
    TAG = "tag"
    PROPERTY = "property"


class Import(Model):
    """One file, from its upload to its report, and back again.

    Its rows are kept in pieces until they are brought in, so that any worker on any machine can go
    on: `pieces_done` of them are, with `rows_done` rows. `incomplete` counts rows that came in
    without one of their cells.

    Of an Undo, `taken_back` and `left_alone` count the people for whom that was done, and those
    whom others had changed since, of `undo_total` in all; changes with an id below `undo_below`,
    and all spans that there are, are still to be undone.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ImportKind] = mapped_column(
        enum_type(ImportKind), default=ImportKind.CONTACTS, server_default="contacts"
    )
    filename: Mapped[str] = mapped_column(sa.String(200))
    size_bytes: Mapped[int]
    mapping: Mapped[dict[str, Any]]
    rule: Mapped[UpdateRule] = mapped_column(
        enum_type(UpdateRule), default=UpdateRule.FILL, server_default="fill"
    )
    tags: Mapped[list[str]] = mapped_column(sa.JSON, default=list, server_default="[]")
    state: Mapped[ImportState] = mapped_column(enum_type(ImportState))
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    pieces_done: Mapped[int] = mapped_column(default=0, server_default="0")
    added: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    restored: Mapped[int] = mapped_column(default=0, server_default="0")
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    incomplete: Mapped[int] = mapped_column(default=0, server_default="0")
    suppressed: Mapped[int] = mapped_column(default=0)
    taken_back: Mapped[int] = mapped_column(default=0, server_default="0")
    left_alone: Mapped[int] = mapped_column(default=0, server_default="0")
    undo_total: Mapped[int | None]
    undo_below: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]

    @property
    def usable(self) -> int:
        """Return how many rows were of use: of new people, or of people known already."""
        return self.added + self.updated + self.unchanged

    @property
    def source(self) -> str:
        """Return what contacts and suppressions name as their source."""
        return f"import:{self.id}"


class ImportPiece(Model):
    """Some rows of a file that are still to be brought in, packed."""

    __tablename__ = "import_pieces"

    import_id: Mapped[int] = mapped_column(
        sa.ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int]
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)


class ImportRejection(Model):
    """One row that was refused, or came in without one of its cells, by line and reason.

    `text` is the beginning of the row for a page; `cells` are its cells, each but the last ended
    by a unit separator (U+001F).
    """

    __tablename__ = "import_rejections"
    __table_args__ = (sa.Index("ix_import_rejections_import_id_line", "import_id", "line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("imports.id", ondelete="CASCADE"))
    line: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(300))
    text: Mapped[str] = mapped_column(sa.String(300))
    cells: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    is_imported: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class ImportSpan(Model):
    """Rows that an import made, whose ids follow each other: Contacts or Companies, at an instant.

    A row for each of a million new people would cost as much as the people.
    """

    __tablename__ = "import_spans"
    __table_args__ = (sa.Index("ix_import_spans_import_id_made_id", "import_id", "made", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("imports.id", ondelete="CASCADE"))
    made: Mapped[Made] = mapped_column(enum_type(Made))
    first_id: Mapped[int]
    last_id: Mapped[int]
    at: Mapped[datetime]


class ImportChange(Model):
    """What an import did to one Contact, with exactly what was there before and after.

    `left_because` is what an Undo says of somebody whom it could not take back. Who was added is
    in a span, and here only after an Undo that had to leave them.
    """

    __tablename__ = "import_changes"
    __table_args__ = (
        sa.Index("ix_import_changes_import_id_id", "import_id", "id"),
        sa.Index("ix_import_changes_contact_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("imports.id", ondelete="CASCADE"))
    contact_id: Mapped[int]
    kind: Mapped[ChangeKind] = mapped_column(enum_type(ChangeKind))
    at: Mapped[datetime]
    before: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    left_because: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")


class ImportMaking(Model):
    """A domain, tag or property that an import made on its way; `key` is its name or id."""

    __tablename__ = "import_makings"

    import_id: Mapped[int] = mapped_column(
        sa.ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    made: Mapped[Made] = mapped_column(enum_type(Made), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)


class ImportMapping(Model):
    """What was chosen for files with these headers the last time."""

    __tablename__ = "import_mappings"

    fingerprint: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    mapping: Mapped[dict[str, Any]]
    rule: Mapped[UpdateRule] = mapped_column(enum_type(UpdateRule))
    changed_at: Mapped[datetime]
