"""Frozen contents, messages, what came back, and what is known about the mail server."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.foundation.database import Model, enum_type
from nps_portal.reports.models import ReportKind


class MessageKind(enum.Enum):
    """What an email is for."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    FOLLOW_UP = "follow_up"
    ALERT = "alert"
    DIGEST = "digest"
    PASSWORD = "password"  # noqa: S105 - a kind of message, not a secret


class MessageState(enum.Enum):
    """Where an email stands; `committing` is from just before the final dot to its reply."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    COMMITTING = "committing"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


UNFINISHED = (MessageState.QUEUED, MessageState.CLAIMED, MessageState.COMMITTING)


class ContentState(enum.Enum):
    """Whether the messages of a content may leave: held is paused."""

    OPEN = "open"
    HELD = "held"
    CANCELLED = "cancelled"


class RelayStatus(enum.Enum):
    """Whether the mail server takes our mail; stopped and fenced wait for the owner.

    Fenced means that this database is older than what is known to have left.
    """

    WORKING = "working"
    UNREACHABLE = "unreachable"
    STOPPED = "stopped"
    FENCED = "fenced"


class EmailContent(Model):
    """What many messages share, frozen when the sending was decided.

    Subject, HTML and text are templates whose values each Message brings. `held_reason` is why it
    was held when nobody decided that: the mail server blocks it. `opened_at` is when it was last
    let go on; what was refused before does not hold it again.
    """

    __tablename__ = "email_contents"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[MessageKind] = mapped_column(enum_type(MessageKind))
    state: Mapped[ContentState] = mapped_column(enum_type(ContentState))
    sender_name: Mapped[str] = mapped_column(sa.String(200))
    sender_email: Mapped[str] = mapped_column(sa.String(320))
    reply_to: Mapped[str] = mapped_column(sa.String(320))
    list_id: Mapped[str] = mapped_column(sa.String(200))
    feedback_id: Mapped[str] = mapped_column(sa.String(120))
    subject: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(sa.Text)
    held_reason: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    opened_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class EmailVariant(Model):
    """A content in a further language; messages of that language are made of it."""

    __tablename__ = "email_variants"
    __table_args__ = (sa.UniqueConstraint("content_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    content_id: Mapped[int] = mapped_column(sa.ForeignKey("email_contents.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(sa.String(35))
    subject: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(sa.Text)


class Message(Model):
    """One email that must leave.

    `public_id` names it in its Message-ID, fixed before any attempt; `wave` tells the first mail
    of an Invitation (0) from its reminders. `language` chooses the variant of its content, none for
    the content itself. `committed_at` is the instant before the final dot.
    `attempts` count since a person last asked for it, `former_attempts` those before.
    """

    __tablename__ = "messages"
    __table_args__ = (
        sa.UniqueConstraint("invitation_id", "wave"),
        sa.Index("ix_messages_state_due_at_id", "state", "due_at", "id"),
        sa.Index("ix_messages_content_id_state", "content_id", "state"),
        sa.Index("ix_messages_committed_at", "committed_at"),
        sa.Index("ix_messages_contact_id", "contact_id"),
        sa.Index("ix_messages_email_key", "email_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    content_id: Mapped[int] = mapped_column(sa.ForeignKey("email_contents.id"))
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id"))
    invitation_id: Mapped[int | None]
    wave: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(sa.String(35), default="", server_default="")
    recipient_name: Mapped[str] = mapped_column(sa.String(200))
    recipient_email: Mapped[str] = mapped_column(sa.String(320))
    email_key: Mapped[str] = mapped_column(sa.String(320))
    values: Mapped[dict[str, Any]]
    state: Mapped[MessageState] = mapped_column(enum_type(MessageState))
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    former_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    owner: Mapped[str | None] = mapped_column(sa.String(128))
    lease_until: Mapped[datetime | None]
    committed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    last_reply: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[datetime]

    content: Mapped[EmailContent] = relationship()


class RelayState(Model):
    """How the mail server has behaved lately; one row."""

    __tablename__ = "relay_states"

    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[RelayStatus] = mapped_column(enum_type(RelayStatus))
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    failures: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    next_try_at: Mapped[datetime]


class Bounce(Model):
    """What came back about a message, or about an address; a report told twice is one row.

    `email_key` is the address that it is about; `told_by` the mail server itself (smtp), the inbox,
    or a provider's hook. `dedupe_key` names the report.
    """

    __tablename__ = "bounces"
    __table_args__ = (
        sa.Index("ix_bounces_message_id", "message_id"),
        sa.Index("ix_bounces_contact_id", "contact_id"),
        sa.Index("ix_bounces_email_key_created_at", "email_key", "created_at"),
        sa.Index("ix_bounces_kind_created_at", "kind", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("messages.id"))
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id"))
    email_key: Mapped[str] = mapped_column(sa.String(320))
    kind: Mapped[ReportKind] = mapped_column(enum_type(ReportKind))
    status: Mapped[str] = mapped_column(sa.String(16), default="")
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    told_by: Mapped[str] = mapped_column(sa.String(32))
    dedupe_key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]


class Installation(Model):
    """Which installation this database belongs to; one row, told apart by its random id."""

    __tablename__ = "installations"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32))
    created_at: Mapped[datetime]


class JournalledSend(Model):
    """An email that left after this database was copied, known from the sending journal alone.

    Its Contact, if one here has the address, was asked at `sent_at`, whatever the other tables say.
    """

    __tablename__ = "journalled_sends"
    __table_args__ = (sa.Index("ix_journalled_sends_contact_id", "contact_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id"))
    sent_at: Mapped[datetime]
