"""Exports and histories: the schedule of exports, and files of past answers."""

import sqlalchemy as sa
from alembic import op

from nps_portal.foundation.database import UTCDateTime
from nps_portal.migrations.steps import enum_of, text_column

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "histories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("layout", sa.String(length=32), nullable=False),
        *(
            sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            for name in ("added", "known", "rejected")
        ),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_histories")),
    )
    op.create_table(
        "history_answers",
        sa.Column("history_id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["history_id"],
            ["histories.id"],
            name=op.f("fk_history_answers_history_id_histories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["responses.id"],
            name=op.f("fk_history_answers_response_id_responses"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("history_id", "response_id", name=op.f("pk_history_answers")),
    )
    op.create_index(
        op.f("ix_history_answers_response_id"), "history_answers", ["response_id"], unique=False
    )
    op.create_table(
        "export_schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(length=500), nullable=False),
        sa.Column("rhythm", enum_of("rhythm", "daily", "weekly"), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=False),
        sa.Column("claimed_until", UTCDateTime(), nullable=True),
        sa.Column("last_at", UTCDateTime(), nullable=True),
        text_column("last_file", 200),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        text_column("fault", 500),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_schedules")),
    )
