"""Answer: who it was, further questions, looks and languages, other doors, tasks, pauses."""

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
    widen("visits", "kind", "visitkind", _VISIT_KINDS, ("seen", "decoy"))
    widen("responses", "state", "responsestate", _RESPONSE_STATES, ("clicked",))
    widen("exclusions", "reason", "reason", _REASONS, ("paused",))
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
            enum_of("questionkind", "line", "text", "choice", "several", "scale"),
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
        sa.Column("kind", enum_of("taskkind", "call"), nullable=False),
        sa.Column("state", enum_of("taskstate", "open", "in_progress", "closed"), nullable=False),
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
    op.add_column("messages", text_column("language", 35))


def _add_to_visits_and_responses() -> None:
    op.add_column("visits", text_column("mail_domain", 255))
    op.add_column("visits", sa.Column("seconds_on_page", sa.Double(), nullable=True))
    op.add_column("visits", json_column("details", "{}"))
    op.create_index("ix_visits_network_at", "visits", ["network", "at"])
    op.create_index(
        "ix_visits_verdict_at_invitation_id", "visits", ["verdict", "at", "invitation_id"]
    )
    op.drop_index("ix_visits_verdict_at", "visits")
    op.add_column("response_revisions", switch_column("held", on=False))
    op.add_column("responses", sa.Column("public_id", sa.String(length=32), nullable=True))
    op.add_column("responses", sa.Column("submission_key", sa.String(length=64), nullable=True))
    op.add_column("responses", text_column("language", 35))
    op.add_column("responses", json_column("marks", "{}"))
    op.add_column("responses", text_column("said_to_be", 320))
    add_choice(
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
    op.add_column("surveys", text_column("language", 35, "en"))
    op.add_column("surveys", text_column("accent_colour", 7, "#2f5fd0"))
    op.add_column("surveys", text_column("referral_url", 500))
    op.add_column("surveys", text_column("widget_secret", 64))
    op.add_column("surveys", json_column("review_links", "[]"))
    for name in ("decoy_link", "offers_call", "link_is_open", "kiosk_is_open", "widget_is_open"):
        op.add_column("surveys", switch_column(name, on=True))
    op.add_column("surveys", switch_column("asks_to_quote", on=False))
    add_choice("surveys", "address", "address", ("formal", "informal"), "formal")
    add_choice("surveys", "counting", "countingmode", ("submitted", "seen"), "submitted")
    add_choice(
        "surveys",
        "reminder",
        "remindermode",
        ("nobody", "clicked", "everybody"),
        "everybody",
    )
    # Who has been sending without reminders is not surprised by them after an update.
    op.execute("UPDATE surveys SET reminder = 'nobody'")
