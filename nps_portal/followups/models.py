"""Tasks: what a person here must do by a time."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import Model, enum_type
from nps_portal.foundation.errors import PortalError


class TaskKind(enum.Enum):
    """What is to be done."""

    CALL = "call"


class TaskState(enum.Enum):
    """Where a Task stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"


class TaskIsClosed(PortalError):
    """The Task has been closed, so this act is not possible."""


class Task(Model):
    """Something a person must do by a time; `wishes` is what the customer asked for.

    `outcome` is what came of it, in the words of who closed it.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        sa.Index("ix_tasks_state_due_at", "state", "due_at"),
        sa.Index("ix_tasks_response_id", "response_id"),
        sa.Index("ix_tasks_contact_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TaskKind] = mapped_column(enum_type(TaskKind))
    state: Mapped[TaskState] = mapped_column(enum_type(TaskState))
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id"))
    response_id: Mapped[int | None] = mapped_column(sa.ForeignKey("responses.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    wishes: Mapped[str] = mapped_column(sa.Text, default="")
    due_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None]

    contact: Mapped[Contact | None] = relationship(lazy="joined")

    def start(self) -> None:
        """Say that somebody is at it.

        :raises TaskIsClosed: it has been closed.
        """
        if self.state is TaskState.CLOSED:
            raise TaskIsClosed("This task is closed already.")
        self.state = TaskState.IN_PROGRESS

    def close(self, at: datetime, by: int | None, outcome: str) -> None:
        """End it, with what came of it.

        :raises TaskIsClosed: it has been closed.
        """
        if self.state is TaskState.CLOSED:
            raise TaskIsClosed("This task is closed already.")
        self.state, self.closed_at, self.closed_by = TaskState.CLOSED, at, by
        self.outcome = outcome
