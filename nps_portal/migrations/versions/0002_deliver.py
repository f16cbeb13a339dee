"""Deliver: what comes back, the fence around a restored database, why a content was held."""

import sqlalchemy as sa
from alembic import op

from nps_portal.foundation.database import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "installations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
    )
    op.create_table(
        "inbox_positions",
        sa.Column("place", sa.String(length=500), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_inbox_positions")),
    )
    op.create_table(
        "journalled_sends",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_journalled_sends_contact_id_contacts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journalled_sends")),
        sa.UniqueConstraint("public_id", name=op.f("uq_journalled_sends_public_id")),
    )
    op.create_index("ix_journalled_sends_contact_id", "journalled_sends", ["contact_id"])
    _create_bounces()
    _widen_relay_states()
    with op.batch_alter_table("email_contents") as contents:
        contents.add_column(
            sa.Column("held_reason", sa.String(length=500), server_default="", nullable=False)
        )
        contents.add_column(sa.Column("opened_at", UTCDateTime(), nullable=True))
    with op.batch_alter_table("messages") as messages:
        messages.add_column(
            sa.Column("former_attempts", sa.Integer(), server_default="0", nullable=False)
        )
    op.create_index("ix_messages_email_key", "messages", ["email_key"])


def _create_bounces() -> None:
    kinds = (
        "hard",
        "soft",
        "blocked",
        "delayed",
        "delivered",
        "complaint",
        "unsubscribe",
        "auto_reply",
        "reply",
        "unknown",
    )
    op.create_table(
        "bounces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column("kind", _enum("reportkind", *kinds), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("told_by", sa.String(length=32), nullable=False),
        sa.Column("dedupe_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_bounces_contact_id_contacts")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_bounces_message_id_messages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_bounces_dedupe_key")),
    )
    op.create_index("ix_bounces_message_id", "bounces", ["message_id"])
    op.create_index("ix_bounces_email_key_created_at", "bounces", ["email_key", "created_at"])
    op.create_index("ix_bounces_kind_created_at", "bounces", ["kind", "created_at"])


def _widen_relay_states() -> None:
    """Make the table anew with the wider constraint and carry its one row over."""
    op.rename_table("relay_states", "former_relay_states")
    op.create_table(
        "relay_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            _enum("relaystatus", "working", "unreachable", "stopped", "fenced"),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("next_try_at", UTCDateTime(), nullable=False),
        # The renamed table keeps its constraint, and names are unique in PostgreSQL.
        sa.PrimaryKeyConstraint("id", name="pk_relay_states_2"),
    )
    op.execute(
        "INSERT INTO relay_states (id, status, reason, failures, since, next_try_at) "
        "SELECT id, status, reason, failures, since, next_try_at FROM former_relay_states"
    )
    op.drop_table("former_relay_states")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
