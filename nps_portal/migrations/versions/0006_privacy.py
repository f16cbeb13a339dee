"""Privacy: who looked at whom, and finding what is kept for too long."""

import sqlalchemy as sa
from alembic import op

from nps_portal.foundation.database import UTCDateTime
from nps_portal.migrations.steps import enum_of, json_column, text_column

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "personal_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        text_column("asked", 500),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_personal_views_contact_id_contacts")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_personal_views_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_views")),
    )
    op.create_index("ix_personal_views_contact_id_at", "personal_views", ["contact_id", "at"])
    op.create_index("ix_personal_views_at", "personal_views", ["at"])
    kept = sa.text("network <> ''")
    op.create_index("ix_visits_at", "visits", ["at"], sqlite_where=kept, postgresql_where=kept)
    _merges()
    _bulk_acts()


def _merges() -> None:
    """Add who was told apart: two contacts that look like one person and are two."""
    op.create_table(
        "distinct_contacts",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("said_at", UTCDateTime(), nullable=False),
        sa.Column("said_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_distinct_contacts_order")),
        sa.ForeignKeyConstraint(
            ["first_id"],
            ["contacts.id"],
            name=op.f("fk_distinct_contacts_first_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["second_id"],
            ["contacts.id"],
            name=op.f("fk_distinct_contacts_second_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_distinct_contacts")),
    )
    op.create_index("ix_distinct_contacts_second_id", "distinct_contacts", ["second_id"])


def _bulk_acts() -> None:
    """Add acts on many contacts at once."""
    op.create_table(
        "bulk_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            enum_of("bulkkind", "tag", "untag", "assign", "set_field", "remove", "erase"),
            nullable=False,
        ),
        sa.Column("state", enum_of("bulkstate", "waiting", "running", "finished"), nullable=False),
        json_column("terms", "{}"),
        json_column("choice", "{}"),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_bulk_acts_created_by_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_acts")),
    )
    op.create_table(
        "bulk_members",
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["act_id"],
            ["bulk_acts.id"],
            name=op.f("fk_bulk_members_act_id_bulk_acts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("act_id", "contact_id", name=op.f("pk_bulk_members")),
    )
