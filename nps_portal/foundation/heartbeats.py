"""When each part of the clockwork was last seen alive."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from nps_portal.foundation.database import Model
from nps_portal.foundation.work import Work

WORKER_NAME = "worker"
EVERY_SECONDS = 10
MISSED_AFTER = timedelta(seconds=60)


class Heartbeat(Model):
    """The last sign of life of one part."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    at: Mapped[datetime]


def beat(work: Work, name: str) -> None:
    """Give a sign of life."""
    work.session.merge(Heartbeat(name=name, at=work.now))


def last_beat(session: Session, name: str) -> datetime | None:
    """Return when a part was last seen alive, None when never."""
    return session.scalar(sa.select(Heartbeat.at).where(Heartbeat.name == name))


def is_alive(session: Session, name: str, now: datetime) -> bool:
    """Tell whether a part gave a sign of life within the last minute."""
    at = last_beat(session, name)
    return at is not None and now - at < MISSED_AFTER
