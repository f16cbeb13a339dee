"""Answer: who it was, further questions, looks and languages, other doors, tasks, pauses."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from nps_portal.foundation.database import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_VISIT_KINDS = ("survey_page", "submission", "unsubscribe_page", "unsubscribe")
_RESPONSE_STATES = ("held", "counted", "excluded")
_REASONS = (
    "removed",
    "unsubscribed",
    "hard_bounce",
    "complaint",
    "erased",
    "blocked_by_hand",
    "asked_today",
    "asked_lately",
    "colleagues_asked",
)


def upgrade() -> None:
    """Bring the schema forward."""
    _widen("visits", "kind", "visitkind", _VISIT_KINDS, ("seen", "decoy"))
    _widen("responses", "state", "responsestate", _RESPONSE_STATES, ("clicked",))
    _widen("exclusions", "reason", "reason", _REASONS, ("paused",))
    _create_question_tables()
    _create_tasks()
    _create_email_variants()
    _add_to_visits_and_responses()
    _add_to_surveys()
    op.add_column("batches", sa.Column("reminder_content_id", sa.Integer(), nullable=True))
    op.add_column("contacts", sa.Column("paused_until", UTCDateTime(), nullable=True))
    op.add_column("contacts", sa.Column("erased_at", UTCDateTime(), nullable=True))


def _create_question_tables() -> None:
    op.create_table(
        "survey_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            _enum("questionkind", "line", "text", "choice", "several", "scale"),
            nullable=False,
        ),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("archived_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["survey_id"],
            ["surveys.id"],
            name=op.f("fk_survey_questions_survey_id_surveys"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_questions")),
    )
    op.create_index("ix_survey_questions_survey_id", "survey_questions", ["survey_id"])
    op.create_table(
        "response_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["survey_questions.id"],
            name=op.f("fk_response_answers_question_id_survey_questions"),
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["responses.id"],
            name=op.f("fk_response_answers_response_id_responses"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_answers")),
    )
    op.create_index("ix_response_answers_response_id", "response_answers", ["response_id"])


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("taskkind", "call"), nullable=False),
        sa.Column("state", _enum("taskstate", "open", "in_progress", "closed"), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("response_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("wishes", sa.Text(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_tasks_contact_id_contacts")
        ),
        sa.ForeignKeyConstraint(
            ["response_id"], ["responses.id"], name=op.f("fk_tasks_response_id_responses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_contact_id", "tasks", ["contact_id"])
    op.create_index("ix_tasks_response_id", "tasks", ["response_id"])
    op.create_index("ix_tasks_state_due_at", "tasks", ["state", "due_at"])


def _create_email_variants() -> None:
    op.create_table(
        "email_variants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["email_contents.id"],
            name=op.f("fk_email_variants_content_id_email_contents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_variants")),
        sa.UniqueConstraint(
            "content_id", "language", name=op.f("uq_email_variants_content_id_language")
        ),
    )
    op.add_column("messages", _text("language", 35))


def _add_to_visits_and_responses() -> None:
    op.add_column("visits", _text("mail_domain", 255))
    op.add_column("visits", sa.Column("seconds_on_page", sa.Double(), nullable=True))
    op.add_column("visits", _json("details", "{}"))
    op.create_index("ix_visits_network_at", "visits", ["network", "at"])
    op.create_index(
        "ix_visits_verdict_at_invitation_id", "visits", ["verdict", "at", "invitation_id"]
    )
    op.drop_index("ix_visits_verdict_at", "visits")
    op.add_column("response_revisions", _switch("held", on=False))
    op.add_column("responses", sa.Column("public_id", sa.String(length=32), nullable=True))
    op.add_column("responses", sa.Column("submission_key", sa.String(length=64), nullable=True))
    op.add_column("responses", _text("language", 35))
    op.add_column("responses", _json("marks", "{}"))
    op.add_column("responses", _text("said_to_be", 320))
    _add_choice(
        "responses", "quote_permission", "quotepermission", ("name", "initials", "anonymous")
    )
    op.create_index("ix_responses_public_id", "responses", ["public_id"], unique=True)
    op.create_index("ix_responses_submission_key", "responses", ["submission_key"], unique=True)
    op.create_index("ix_responses_channel_answered_at", "responses", ["channel", "answered_at"])


def _add_to_surveys() -> None:
    op.create_table(
        "survey_logos",
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"],
            ["surveys.id"],
            name=op.f("fk_survey_logos_survey_id_surveys"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("survey_id", name=op.f("pk_survey_logos")),
    )
    op.create_index("ix_survey_logos_digest", "survey_logos", ["digest"])
    for name, default in (
        ("version", 1),
        ("hold_minutes", 30),
        ("delivery_seconds", 10),
        ("reminder_days", 3),
    ):
        op.add_column(
            "surveys", sa.Column(name, sa.Integer(), server_default=str(default), nullable=False)
        )
    op.add_column("surveys", _text("language", 35, "en"))
    op.add_column("surveys", _text("accent_colour", 7, "#2f5fd0"))
    op.add_column("surveys", _text("referral_url", 500))
    op.add_column("surveys", _text("widget_secret", 64))
    op.add_column("surveys", _json("review_links", "[]"))
    for name in ("decoy_link", "offers_call", "link_is_open", "kiosk_is_open", "widget_is_open"):
        op.add_column("surveys", _switch(name, on=True))
    op.add_column("surveys", _switch("asks_to_quote", on=False))
    _add_choice("surveys", "address", "address", ("formal", "informal"), "formal")
    _add_choice("surveys", "counting", "countingmode", ("submitted", "seen"), "submitted")
    _add_choice(
        "surveys",
        "reminder",
        "remindermode",
        ("nobody", "clicked", "everybody"),
        "everybody",
    )
    # Who has been sending without reminders is not surprised by them after an update.
    op.execute("UPDATE surveys SET reminder = 'nobody'")


def _add_choice(
    table: str, column: str, enum: str, values: Sequence[str], default: str | None = None
) -> None:
    """Add a column with its constraint, which SQLite can only take together."""
    kept = f"DEFAULT '{default}' NOT NULL" if default else ""
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(32) {kept} "
        f"CONSTRAINT ck_{table}_{enum} CHECK ({_among(column, values)})"
    )


def _widen(
    table: str, column: str, enum: str, former: Sequence[str], further: Sequence[str]
) -> None:
    """Let a column hold further values.

    SQLite cannot change a constraint; its own way is to correct the text of the schema, which
    leaves the rows where they are.
    """
    name, wide = f"ck_{table}_{enum}", (*former, *further)
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({_among(column, wide)})")
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name = ? AND instr(sql, ?)",
        (_among(column, former), _among(column, wide), table, _among(column, former)),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
    if changed.rowcount != 1:
        raise RuntimeError(f"The constraint {name} is not the one that was made here.")


def _among(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _text(name: str, length: int, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), server_default=default, nullable=False)


def _json(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), server_default=default, nullable=False)


def _switch(name: str, *, on: bool) -> sa.Column[bool]:
    return sa.Column(
        name, sa.Boolean(), server_default=sa.true() if on else sa.false(), nullable=False
    )


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
