"""The schedule of exports."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from nps_portal.foundation.database import Model, enum_type

THE_ONLY = 1


class Rhythm(enum.Enum):
    """How often an export is made."""

    DAILY = "daily"
    WEEKLY = "weekly"


class ExportSchedule(Model):
    """Where and when exports are made by themselves; there is one row or none.

    `weekday` is 0 for Monday and `hour` in the account's zone. Who makes one claims it until
    `claimed_until`; `fault` is why the last try failed, empty since one has succeeded.
    """

    __tablename__ = "export_schedules"

    id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(sa.String(500))
    rhythm: Mapped[Rhythm] = mapped_column(enum_type(Rhythm))
    weekday: Mapped[int]
    hour: Mapped[int]
    kept: Mapped[int]
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    last_file: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    failed_at: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
