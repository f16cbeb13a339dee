"""Contacts: properties, tags, owners, consent, roles, standings; companies; segments."""

import sqlalchemy as sa
from alembic import op

from nps_portal.foundation.database import FixedPoint, UTCDateTime
from nps_portal.migrations.steps import (
    add_choice,
    add_reference,
    enum_of,
    json_column,
    partial_index,
    switch_column,
    text_column,
)

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    _add_to_companies()
    _add_to_contacts()
    _create_properties()
    _create_tags()
    _create_segments()
    _create_batch_members()
    _fill_standings()


def _add_to_companies() -> None:
    op.add_column("companies", sa.Column("revenue", FixedPoint(), nullable=True))
    op.add_column("companies", text_column("source", 64))
    add_reference("companies", "owner_id", "users")
    op.create_table(
        "company_domains",
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_domains_company_id_companies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_company_domains")),
    )
    op.create_index("ix_company_domains_company_id", "company_domains", ["company_id"])


def _add_to_contacts() -> None:
    add_reference("contacts", "owner_id", "users")
    add_reference("contacts", "merged_into_id", "contacts")
    add_choice(
        "contacts",
        "consent_basis",
        "consentbasis",
        ("consent", "contract", "legitimate_interest"),
    )
    add_choice(
        "contacts",
        "trend",
        "trend",
        ("new", "steady", "improving", "deteriorating", "crossed_up", "crossed_down"),
    )
    op.add_column("contacts", sa.Column("consent_on", sa.Date(), nullable=True))
    for role in ("decides", "pays", "uses"):
        op.add_column("contacts", switch_column(role, on=False))
    op.add_column("contacts", sa.Column("last_score", sa.SmallInteger(), nullable=True))
    op.add_column("contacts", sa.Column("last_answered_at", UTCDateTime(), nullable=True))
    op.add_column("contacts", sa.Column("last_asked_at", UTCDateTime(), nullable=True))
    op.add_column(
        "contacts", sa.Column("answers", sa.Integer(), server_default="0", nullable=False)
    )
    for column in (
        "owner_id",
        "merged_into_id",
        "last_score",
        "last_asked_at",
        "paused_until",
        "trend",
    ):
        partial_index("contacts", column)
    op.create_index("ix_contacts_language", "contacts", ["language"])
    has_answered = sa.text("last_answered_at IS NOT NULL")
    op.create_index(
        "ix_contacts_last_answered_at_company_id_last_score",
        "contacts",
        ["last_answered_at", "company_id", "last_score"],
        sqlite_where=has_answered,
        postgresql_where=has_answered,
    )


def _create_properties() -> None:
    op.create_table(
        "properties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=80), nullable=False),
        sa.Column(
            "kind",
            enum_of("propertykind", "text", "number", "money", "date", "yes_no", "choice"),
            nullable=False,
        ),
        json_column("choices", "[]"),
        text_column("currency", 3),
        sa.Column("position", sa.Integer(), nullable=False),
        text_column("source", 64),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_properties")),
        sa.UniqueConstraint("name_key", name=op.f("uq_properties_name_key")),
    )
    op.create_table(
        "property_values",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("property_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("number", FixedPoint(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_property_values_contact_id_contacts")
        ),
        sa.ForeignKeyConstraint(
            ["property_id"],
            ["properties.id"],
            name=op.f("fk_property_values_property_id_properties"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", "property_id", name=op.f("pk_property_values")),
    )
    op.create_index("ix_property_values_property_id_key", "property_values", ["property_id", "key"])
    has_number = sa.text("number IS NOT NULL")
    op.create_index(
        "ix_property_values_property_id_number",
        "property_values",
        ["property_id", "number"],
        sqlite_where=has_number,
        postgresql_where=has_number,
    )


def _create_tags() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=80), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name_key", name=op.f("uq_tags_name_key")),
    )
    op.create_table(
        "contact_tags",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_tags_contact_id_contacts")
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"],
            ["tags.id"],
            name=op.f("fk_contact_tags_tag_id_tags"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", "tag_id", name=op.f("pk_contact_tags")),
    )
    op.create_index("ix_contact_tags_tag_id_contact_id", "contact_tags", ["tag_id", "contact_id"])


def _create_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_key", sa.String(length=120), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("name_key", name=op.f("uq_segments_name_key")),
    )


def _create_batch_members() -> None:
    op.create_table(
        "batch_members",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
            name=op.f("fk_batch_members_batch_id_batches"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_batch_members_contact_id_contacts")
        ),
        sa.PrimaryKeyConstraint("batch_id", "contact_id", name=op.f("pk_batch_members")),
    )


def _fill_standings() -> None:
    """Take what answers and sends have left so far; the worker works the trends out."""
    op.execute(
        "UPDATE contacts SET last_asked_at = (SELECT max(created_at) FROM messages "
        "WHERE messages.contact_id = contacts.id AND invitation_id IS NOT NULL "
        "AND state NOT IN ('failed', 'cancelled'))"
    )
    op.execute(
        "UPDATE contacts SET "
        "answers = (SELECT count(*) FROM responses"
        " WHERE responses.contact_id = contacts.id AND state = 'counted'), "
        "last_answered_at = (SELECT max(answered_at) FROM responses"
        " WHERE responses.contact_id = contacts.id AND state = 'counted'), "
        "last_score = (SELECT score FROM responses"
        " WHERE responses.contact_id = contacts.id AND state = 'counted'"
        " ORDER BY answered_at DESC, id DESC LIMIT 1) "
        "WHERE EXISTS (SELECT 1 FROM responses"
        " WHERE responses.contact_id = contacts.id AND state = 'counted')"
    )
