"""Acts on many contacts, and who of them is still to come."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.foundation.database import Model, enum_type


class BulkKind(enum.Enum):
    """What is done to many contacts."""

    TAG = "tag"
    UNTAG = "untag"
    ASSIGN = "assign"
    SET_FIELD = "set_field"
    REMOVE = "remove"
    ERASE = "erase"


class BulkState(enum.Enum):
    """Where an act stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"


class BulkAct(Model):
    """One act on many contacts, as somebody has confirmed it.

    `terms` say what exactly is done, `choice` to whom as it was asked for, until the end. `done`
    counts those who had their turn, `changed` those for whom that changed anything.
    """

    __tablename__ = "bulk_acts"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[BulkKind] = mapped_column(enum_type(BulkKind))
    state: Mapped[BulkState] = mapped_column(enum_type(BulkState))
    terms: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    choice: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    changed: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    finished_at: Mapped[datetime | None]


class BulkMember(Model):
    """One Contact whose turn in an act is still to come.

    They are written down when the act is confirmed: it may change whom its filter finds.
    """

    __tablename__ = "bulk_members"

    act_id: Mapped[int] = mapped_column(
        sa.ForeignKey("bulk_acts.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
