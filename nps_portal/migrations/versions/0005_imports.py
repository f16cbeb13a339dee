"""Imports: pieces of files, what each changed, remembered mappings, Undo."""

import sqlalchemy as sa
from alembic import op

from nps_portal.foundation.database import UTCDateTime
from nps_portal.migrations.steps import (
    add_choice,
    enum_of,
    json_column,
    switch_column,
    text_column,
    widen,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_RULES = ("fill", "overwrite", "keep")
_INTERRUPTED = (
    "The portal was upgraded before this import had ended. What had come in stays; "
    "import the file once more for the rest."
)


def upgrade() -> None:
    """Bring the schema forward."""
    _end_unfinished_imports()
    op.drop_column("imports", "content")
    _add_to_imports()
    _add_to_rejections()
    _create_pieces()
    _create_changes()
    _create_makings_and_mappings()


def _end_unfinished_imports() -> None:
    """Drop the files that are kept whole: from now on their rows are kept, in pieces."""
    op.execute(
        sa.text(
            "UPDATE imports SET state = 'failed', reason = :reason, finished_at = created_at "
            "WHERE state IN ('confirmed', 'running')"
        ).bindparams(reason=_INTERRUPTED)
    )
    op.execute("UPDATE imports SET content = NULL WHERE content IS NOT NULL")


def _add_to_imports() -> None:
    widen(
        "imports",
        "state",
        "importstate",
        ("uploaded", "confirmed", "running", "finished", "failed"),
        ("reading", "cancelled", "undoing", "undone"),
    )
    add_choice("imports", "kind", "importkind", ("contacts", "responses"), "contacts")
    add_choice("imports", "rule", "updaterule", _RULES, "fill")
    op.add_column("imports", json_column("tags", "[]"))
    for column in ("pieces_done", "restored", "incomplete", "taken_back", "left_alone"):
        op.add_column(
            "imports", sa.Column(column, sa.Integer(), server_default="0", nullable=False)
        )
    op.add_column("imports", sa.Column("undo_total", sa.Integer(), nullable=True))
    op.add_column("imports", sa.Column("undo_below", sa.Integer(), nullable=True))
    op.add_column("imports", sa.Column("undone_at", UTCDateTime(), nullable=True))


def _add_to_rejections() -> None:
    op.add_column(
        "import_rejections", sa.Column("cells", sa.Text(), server_default="", nullable=False)
    )
    op.add_column("import_rejections", switch_column("is_imported", on=False))


def _create_pieces() -> None:
    op.create_table(
        "import_pieces",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _of_import("import_pieces"),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_pieces")),
    )


def _create_changes() -> None:
    op.create_table(
        "import_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            enum_of("changekind", "added", "updated", "restored", "suppressed"),
            nullable=False,
        ),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        text_column("left_because", 200),
        _of_import("import_changes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_changes")),
    )
    op.create_index("ix_import_changes_import_id_id", "import_changes", ["import_id", "id"])
    op.create_index("ix_import_changes_contact_id", "import_changes", ["contact_id"])


def _create_makings_and_mappings() -> None:
    op.create_table(
        "import_makings",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("made", enum_of("made", "company", "domain", "tag", "property"), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        _of_import("import_makings"),
        sa.PrimaryKeyConstraint("import_id", "made", "key", name=op.f("pk_import_makings")),
    )
    op.create_table(
        "import_mappings",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("rule", enum_of("updaterule", *_RULES), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_import_mappings")),
    )


def _of_import(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["import_id"],
        ["imports.id"],
        name=op.f(f"fk_{table}_import_id_imports"),
        ondelete="CASCADE",
    )
