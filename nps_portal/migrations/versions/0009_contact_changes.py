"""What contacts said before they were changed."""

import sqlalchemy as sa
from alembic import op

from nps_portal.foundation.database import UTCDateTime
from nps_portal.migrations.steps import enum_of, text_column

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "contact_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column(
            "actor_kind",
            enum_of("actorkind", "user", "customer", "worker", "command_line"),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("property_id", sa.Integer(), nullable=True),
        text_column("former_text", 1000),
        text_column("new_text", 1000),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_contact_changes_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["property_id"],
            ["properties.id"],
            name=op.f("fk_contact_changes_property_id_properties"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_changes")),
    )
    op.create_index(
        "ix_contact_changes_contact_id_at", "contact_changes", ["contact_id", "at"], unique=False
    )
