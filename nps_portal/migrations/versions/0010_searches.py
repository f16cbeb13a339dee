"""Indexes for a million contacts."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_index(
        "ix_contacts_company_id_last_answered_at", "contacts", ["company_id", "last_answered_at"]
    )
    op.drop_index("ix_contacts_company_id", "contacts")
    op.create_index(
        "ix_contacts_has_a_say",
        "contacts",
        ["company_id", "last_score"],
        # As SQLAlchemy writes the condition for each of the two, else it would not be recognised.
        sqlite_where=sa.text("decides = 1 OR pays = 1"),
        postgresql_where=sa.text("decides OR pays"),
    )
    was_asked = sa.text("last_asked_at IS NOT NULL")
    op.create_index(
        "ix_contacts_last_asked_at_last_answered_at",
        "contacts",
        ["last_asked_at", "last_answered_at"],
        sqlite_where=was_asked,
        postgresql_where=was_asked,
    )
    op.drop_index("ix_contacts_last_asked_at", "contacts")
