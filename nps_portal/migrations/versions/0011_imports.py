"""What an import made, in spans of ids instead of a row for each."""

import sqlalchemy as sa
from alembic import op

from nps_portal.foundation.database import UTCDateTime
from nps_portal.migrations.steps import enum_of, widen

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MADE = ("company", "domain", "tag", "property")

# Neighbours in number and in rank have the same difference of both: that tells the spans apart.
CONTACTS = """
INSERT INTO import_spans (import_id, made, first_id, last_id, at)
SELECT import_id, 'contact', min(contact_id), max(contact_id), at
FROM (
  SELECT import_id, contact_id, at,
    contact_id - row_number() OVER (PARTITION BY import_id, at ORDER BY contact_id) AS island
  FROM import_changes WHERE kind = 'added' AND left_because = ''
) AS added
GROUP BY import_id, at, island ORDER BY min(contact_id)
"""
COMPANIES = """
INSERT INTO import_spans (import_id, made, first_id, last_id, at)
SELECT import_id, 'company', min(company_id), max(company_id), created_at
FROM (
  SELECT import_id, company_id, created_at,
    company_id - row_number() OVER (PARTITION BY import_id ORDER BY company_id) AS island
  FROM (
    SELECT import_makings.import_id, CAST(key AS INTEGER) AS company_id, imports.created_at
    FROM import_makings JOIN imports ON imports.id = import_makings.import_id
    WHERE made = 'company'
  ) AS made
) AS numbered
GROUP BY import_id, created_at, island ORDER BY min(company_id)
"""


def upgrade() -> None:
    """Bring the schema forward."""
    widen("import_makings", "made", "made", _MADE, ("contact",))
    op.create_table(
        "import_spans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("made", enum_of("made", *_MADE, "contact"), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.id"],
            name=op.f("fk_import_spans_import_id_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_spans")),
    )
    op.create_index(
        "ix_import_spans_import_id_made_id", "import_spans", ["import_id", "made", "id"]
    )
    for table in ("batch_members", "bounces", "exclusions"):
        # Who deletes a contact looks for them here, and an Undo deletes a million.
        op.create_index(f"ix_{table}_contact_id", table, ["contact_id"])
    op.execute(CONTACTS)
    op.execute("DELETE FROM import_changes WHERE kind = 'added' AND left_because = ''")
    op.execute(COMPANIES)
    op.execute("DELETE FROM import_makings WHERE made = 'company'")
