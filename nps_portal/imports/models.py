"""Imports and what they refused."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, deferred, mapped_column

from nps_portal.foundation.database import Model, enum_type


class ImportState(enum.Enum):
    """Where an import stands."""

    UPLOADED = "uploaded"
    CONFIRMED = "confirmed"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class Import(Model):
    """One file of contacts, from its upload to its report.

    The file itself is kept in the database, so that any worker on any machine can read it, and
    dropped when the import has ended. `rows_done` counts the rows behind the last finished chunk.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(sa.String(200))
    content: Mapped[bytes | None] = deferred(mapped_column(sa.LargeBinary))
    size_bytes: Mapped[int]
    mapping: Mapped[dict[str, Any]]
    state: Mapped[ImportState] = mapped_column(enum_type(ImportState))
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    suppressed: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    finished_at: Mapped[datetime | None]

    @property
    def usable(self) -> int:
        """Return how many rows were of use: of new people, or of people known already."""
        return self.added + self.updated + self.unchanged


class ImportRejection(Model):
    """One row that was refused, by line and reason."""

    __tablename__ = "import_rejections"
    __table_args__ = (sa.Index("ix_import_rejections_import_id_line", "import_id", "line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("imports.id", ondelete="CASCADE"))
    line: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(300))
    text: Mapped[str] = mapped_column(sa.String(300))
