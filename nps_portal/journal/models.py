"""The events."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.foundation.database import Model, enum_type
from nps_portal.foundation.work import ActorKind


class Event(Model):
    """One thing that happened, by whom and when; `contact_id` puts it on a Contact's timeline."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("ix_events_contact_id_id", "contact_id", "id"),
        sa.Index("ix_events_relayed_at_id", "relayed_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(sa.String(64))
    actor_kind: Mapped[ActorKind] = mapped_column(enum_type(ActorKind))
    actor_id: Mapped[int | None]
    contact_id: Mapped[int | None]
    facts: Mapped[dict[str, Any]]
    relayed_at: Mapped[datetime | None]
